import { boxesOr, checkBoxes, checkOverlap, keypointsOf, regionOf } from '@murmuration/orchestrator';
import { CROP_SIDE, Fault, JOINTS } from '@murmuration/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const good = { x: 10, y: 20, width: 30, height: 40 };
const refusal = (work: () => void): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return `${error.code} ${error.field}`;
    throw error;
  }
  return 'taken';
};

describe('boxes', () => {
  it.each([
    [{ ...good, x: Number.NaN }, 'BOX_INVALID boxes[1].x'],
    [{ ...good, y: Number.POSITIVE_INFINITY }, 'BOX_INVALID boxes[1].y'],
    [{ ...good, width: 0 }, 'BOX_INVALID boxes[1].width'],
    [{ ...good, height: -1 }, 'BOX_INVALID boxes[1].height'],
    [{ ...good, width: 1e30 }, 'BOX_INVALID boxes[1].width'],
  ])('refuses %o, naming the field', (box, wanted) => {
    expect(refusal(() => checkBoxes([good, box]))).toBe(wanted);
  });

  it('takes 16 boxes and refuses 17', () => {
    expect(refusal(() => checkBoxes(Array(16).fill(good)))).toBe('taken');
    expect(refusal(() => checkBoxes(Array(17).fill(good)))).toBe('TOO_MANY_PEOPLE boxes');
  });

  it('wants a pixel of the picture in each box', () => {
    expect(refusal(() => checkOverlap([{ ...good, x: -39 }], 100, 100))).toBe('BOX_INVALID boxes[0]');
    expect(refusal(() => checkOverlap([{ ...good, x: -29 }], 100, 100))).toBe('taken');
    expect(refusal(() => checkOverlap([good, { ...good, y: 100 }], 100, 100))).toBe('BOX_INVALID boxes[1]');
    expect(refusal(() => checkOverlap([{ ...good, x: 99.5, y: 99.5 }], 100, 100))).toBe('taken');
  });

  it('takes the whole picture where there is no box', () => {
    expect(boxesOr([], 64, 48)).toEqual([{ x: 0, y: 0, width: 64, height: 48 }]);
    expect(boxesOr([good], 64, 48)).toEqual([good]);
  });

  it('widens the longer side by 1.25 to a square about the middle', () => {
    expect(regionOf(good)).toEqual({ x: 0, y: 15, side: 50 });
    expect(regionOf({ x: 5, y: 5, width: 1e-6, height: 1e-6 }).side).toBe(1);
  });

  it('maps what lies in a crop back to where it lies in the picture', () => {
    const size = fc.float({ min: Math.fround(0.5), max: 8192, noNaN: true });
    const place = fc.float({ min: -8192, max: 8192, noNaN: true });
    fc.assert(
      fc.property(
        place,
        place,
        size,
        size,
        fc.float({ min: 0, max: 1, noNaN: true }),
        (x, y, width, height, at) => {
          const region = regionOf({ x, y, width, height });
          const packed = new Float32Array(JOINTS.length * 4);
          for (let i = 0; i < JOINTS.length; i++) packed.set([at * CROP_SIDE, 0, 0.5, 2], i * 4);
          // An offset, as bytes out of a message have one.
          const bytes = new Uint8Array(packed.byteLength + 3);
          bytes.set(new Uint8Array(packed.buffer), 3);
          const keypoints = keypointsOf(bytes.subarray(3), region, JOINTS.length);
          expect(keypoints).toHaveLength(17);
          for (const keypoint of keypoints) {
            expect(Math.abs(keypoint.x - (region.x + at * region.side))).toBeLessThanOrEqual(
              region.side * 1e-6,
            );
            expect(keypoint.y).toBe(region.y);
            expect(keypoint.spread).toBeCloseTo((2 * region.side) / CROP_SIDE, 6);
            expect(keypoint.confidence).toBe(0.5);
          }
        },
      ),
    );
  });
});

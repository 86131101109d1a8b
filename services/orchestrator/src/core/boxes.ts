import { BOX_MARGIN, type Box, CROP_SIDE, Fault, type Keypoint, MAX_PEOPLE } from '@murmuration/protocol';

/** A square of the picture, in its pixels; may reach over the picture's edges. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** A box this wide cannot come from a picture of 8192 pixels; its crop would show the picture as a dot. */
const MAX_BOX = 32_768;

/**
 * Checks what can be checked of boxes before the picture is decoded.
 * @throws Fault TOO_MANY_PEOPLE, BOX_INVALID
 */
export function checkBoxes(boxes: readonly Box[]): void {
  if (boxes.length > MAX_PEOPLE)
    throw new Fault('TOO_MANY_PEOPLE', `The frame has ${boxes.length} boxes.`, { field: 'boxes' });
  boxes.forEach((box, i) => {
    for (const side of ['x', 'y', 'width', 'height'] as const) {
      if (!Number.isFinite(box[side])) throw invalid(i, side, `is ${box[side]}`);
    }
    for (const side of ['width', 'height'] as const) {
      if (box[side] <= 0) throw invalid(i, side, `is ${box[side]}, not over 0`);
      if (box[side] > MAX_BOX) throw invalid(i, side, `is ${box[side]}, over ${MAX_BOX}`);
    }
  });
}

/** @throws Fault BOX_INVALID where a box has no pixel of the picture. */
export function checkOverlap(boxes: readonly Box[], width: number, height: number): void {
  boxes.forEach((box, i) => {
    const apart = box.x >= width || box.y >= height || box.x + box.width <= 0 || box.y + box.height <= 0;
    if (!apart) return;
    throw new Fault('BOX_INVALID', `boxes[${i}] lies outside of the picture of ${width} x ${height}.`, {
      field: `boxes[${i}]`,
    });
  });
}

function invalid(i: number, side: keyof Box, why: string): Fault {
  const field = `boxes[${i}].${side}`;
  return new Fault('BOX_INVALID', `${field} ${why}.`, { field });
}

/** The boxes to look at: the client's, or the whole picture as one. */
export function boxesOr(boxes: readonly Box[], width: number, height: number): readonly Box[] {
  return boxes.length > 0 ? boxes : [{ x: 0, y: 0, width, height }];
}

/** The square to look at: about the box's middle, its longer side widened by {@link BOX_MARGIN}, a pixel at least. */
export function regionOf(box: Box): Region {
  const side = Math.max(1, Math.max(box.width, box.height) * BOX_MARGIN);
  return { x: box.x + (box.width - side) / 2, y: box.y + (box.height - side) / 2, side };
}

/**
 * A pose in pixels of the picture.
 * @param packed 17 * (x, y, confidence, spread) as little-endian f32, in pixels of the crop
 * @throws RangeError where `packed` is shorter than that
 */
export function keypointsOf(packed: Uint8Array, region: Region, joints: number): Keypoint[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const scale = region.side / CROP_SIDE;
  const keypoints: Keypoint[] = [];
  for (let at = 0; at < joints * 16; at += 16) {
    keypoints.push({
      x: region.x + view.getFloat32(at, true) * scale,
      y: region.y + view.getFloat32(at + 4, true) * scale,
      confidence: view.getFloat32(at + 8, true),
      spread: view.getFloat32(at + 12, true) * scale,
    });
  }
  return keypoints;
}

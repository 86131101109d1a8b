import { describe, expect, it } from 'vitest';
import { readLogLine } from '../../cli/src/core/logline.js';
import { afterEnd, NO_RESTARTS } from '../../cli/src/core/restarts.js';
import { percentile, Tally } from '../../cli/src/core/summary.js';
import { drawPose, type Rgb } from '../../cli/src/media/draw.js';
import { takePpm } from '../../cli/src/media/video.js';

describe('percentiles', () => {
  it('are values that came up, by nearest rank', () => {
    const values = [5, 1, 4, 2, 3];
    expect(percentile(values, 0.5)).toBe(3);
    expect(percentile(values, 0.99)).toBe(5);
    expect(percentile(values, 0)).toBe(1);
    expect(percentile([], 0.5)).toBeNull();
  });
});

describe('the summary', () => {
  it('counts what was sent and answered', () => {
    const tally = new Tally();
    for (const latency of [4, 2, 3]) {
      tally.sent();
      tally.answered(latency, latency === 4);
    }
    tally.sent();
    expect(tally.summary(1500)).toEqual({ frames: 4, answered: 3, degraded: 1, fps: 2, p50Ms: 3, p99Ms: 4 });
  });

  it('has no latency without answers', () => {
    expect(new Tally().summary(0)).toMatchObject({ frames: 0, fps: 0, p50Ms: null, p99Ms: null });
  });
});

describe('restarts', () => {
  it('wait twice as long each time, up to five seconds', () => {
    let state = NO_RESTARTS;
    const delays = Array.from({ length: 9 }, () => {
      const next = afterEnd(state, 50);
      state = next.state;
      return next.delayMs;
    });
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    expect(state.inARow).toBe(9);
  });

  it('begin anew after a child that ran well', () => {
    expect(afterEnd({ inARow: 7 }, 10_000)).toEqual({ state: { inARow: 1 }, delayMs: 100 });
  });
});

describe('log lines', () => {
  it('show level, message and fields', () => {
    const line = JSON.stringify({
      level: 40,
      time: 1,
      service: 'agent-host',
      msg: 'behind',
      stream: 's',
      ms: 3,
    });
    expect(readLogLine(line)).toEqual({ level: 40, text: 'warn: behind (stream s, ms 3)' });
  });

  it('that are no JSON count as warnings, as they are', () => {
    expect(readLogLine('Segmentation fault')).toEqual({ level: 40, text: 'Segmentation fault' });
    expect(readLogLine('{"cut')).toEqual({ level: 40, text: '{"cut' });
  });
});

describe('drawing', () => {
  const blank = (): Rgb => ({ data: new Uint8Array(100 * 80 * 3), width: 100, height: 80 });
  const pixel = (picture: Rgb, x: number, y: number): number[] => [
    ...picture.data.subarray((y * picture.width + x) * 3, (y * picture.width + x) * 3 + 3),
  ];
  const keypoints = (points: Record<number, [number, number, number]>) =>
    Array.from({ length: 17 }, (_, joint) => {
      const [x, y, confidence] = points[joint] ?? [0, 0, 0];
      return { x, y, confidence, spread: 1 };
    });

  it('draws bones between the joints that are sure enough, left and right in other colours', () => {
    const picture = blank();
    drawPose(picture, keypoints({ 5: [20, 20, 0.9], 7: [20, 60, 0.9], 6: [80, 20, 0.9], 8: [80, 60, 0.05] }));
    const left = pixel(picture, 20, 40);
    expect(left).not.toEqual([0, 0, 0]);
    expect(pixel(picture, 80, 20)).not.toEqual(left);
    expect(pixel(picture, 80, 45)).toEqual([0, 0, 0]);
  });

  it('clips what lies outside', () => {
    const picture = blank();
    drawPose(picture, keypoints({ 5: [-500, 40, 1], 6: [900, 40, 1], 0: [Number.NaN, 3, 1] }));
    expect(pixel(picture, 50, 40)).not.toEqual([0, 0, 0]);
    expect(picture.data.length).toBe(100 * 80 * 3);
  });
});

describe('frames of a video', () => {
  const ppm = Buffer.concat([Buffer.from('P6\n2 1\n255\n'), Buffer.from([1, 2, 3, 4, 5, 6])]);

  it('are taken from the stream one by one', () => {
    const two = Buffer.concat([ppm, ppm]);
    const first = takePpm(two);
    expect(first).toEqual({
      picture: { data: new Uint8Array([1, 2, 3, 4, 5, 6]), width: 2, height: 1 },
      bytes: ppm.length,
    });
    expect(takePpm(two.subarray(first?.bytes))).toEqual(first);
  });

  it('wait until they are whole', () => {
    expect(takePpm(ppm.subarray(0, ppm.length - 1))).toBeNull();
    expect(takePpm(ppm.subarray(0, 4))).toBeNull();
    expect(takePpm(Buffer.alloc(0))).toBeNull();
  });
});

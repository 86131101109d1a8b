import { describe, expect, it } from 'vitest';
import { averagePrecision, type Found, oks, oksAp, Pck, torso } from '../../cli/src/core/accuracy.js';
import type { Label, Person } from '../../cli/src/core/coco.js';

const NOSE = 0;
const [LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_WRIST, LEFT_HIP, RIGHT_HIP] = [5, 6, 9, 11, 12] as const;

/** Somebody with these points labelled and no others. */
function person(points: Readonly<Record<number, readonly [number, number]>>, area = 10_000): Person {
  const labels = Array.from({ length: 17 }, (_, joint): Label => {
    const point = points[joint];
    return point === undefined ? { x: 0, y: 0, v: 0 } : { x: point[0], y: point[1], v: 2 };
  });
  return { box: [0, 0, 100, 100], area, labels, crowd: false };
}

/** A pose that lies on the labels, moved where `moved` says. */
function pose(of: Person, moved: Readonly<Record<number, readonly [number, number]>> = {}, score = 1): Found {
  return {
    score,
    points: of.labels.map((label, joint) => {
      const [dx, dy] = moved[joint] ?? [0, 0];
      return [label.x + dx, label.y + dy];
    }),
  };
}

/** Shoulders 60 apart, hips 80 below them: both diagonals are 100 long. */
const torsoPoints = {
  [LEFT_SHOULDER]: [60, 0],
  [RIGHT_SHOULDER]: [0, 0],
  [LEFT_HIP]: [60, 80],
  [RIGHT_HIP]: [0, 80],
} as const;

describe('the torso', () => {
  it('is the mean of the two diagonals', () => {
    expect(torso(person(torsoPoints))).toBe(100);
    // The diagonals are 100 and hypot(60, 60) long.
    expect(torso(person({ ...torsoPoints, [LEFT_HIP]: [60, 60] }))).toBeCloseTo(
      (100 + Math.hypot(60, 60)) / 2,
    );
  });

  it('is not there where a shoulder or hip is not labelled', () => {
    const { [LEFT_HIP]: _, ...three } = torsoPoints;
    expect(torso(person(three))).toBeNull();
  });
});

describe('PCK@0.2', () => {
  it('counts the limb joints within a fifth of the torso, the bound included', () => {
    const someone = person({ ...torsoPoints, [LEFT_WRIST]: [90, 40], [NOSE]: [30, -30] });
    const pck = new Pck();
    // 20 pixels is a fifth of 100; the nose is no limb joint, however far off it is.
    pck.add(someone, pose(someone, { [LEFT_WRIST]: [20, 0], [LEFT_HIP]: [0, 20.5], [NOSE]: [500, 500] }));
    expect(pck.people).toBe(1);
    expect(pck.share).toBeCloseTo(4 / 5);
    expect(pck.byJoint).toEqual({
      left_shoulder: 1,
      right_shoulder: 1,
      left_wrist: 1,
      left_hip: 0,
      right_hip: 1,
    });
  });

  it('misses every joint of somebody who got no pose, and leaves out who has no torso', () => {
    const pck = new Pck();
    pck.add(person(torsoPoints), null);
    pck.add(person({ [LEFT_WRIST]: [1, 1] }), null);
    expect(pck.people).toBe(1);
    expect(pck.share).toBe(0);
  });

  it('is null of nobody', () => {
    expect(new Pck().share).toBeNull();
  });
});

describe('OKS', () => {
  it('is 1 on the labels, whatever the unlabelled points are', () => {
    const someone = person({ [NOSE]: [10, 10] });
    expect(oks(someone, pose(someone, { [LEFT_WRIST]: [900, 900] }))).toBe(1);
  });

  it('is exp(-d^2 / (2 area (2 sigma)^2)) a joint, their mean over the labelled ones', () => {
    const someone = person({ [NOSE]: [10, 10], [LEFT_HIP]: [50, 50] });
    const nose = Math.exp(-(5 * 5) / (2 * 10_000 * 0.052 * 0.052));
    const hip = Math.exp(-(30 * 30) / (2 * 10_000 * 0.214 * 0.214));
    expect(oks(someone, pose(someone, { [NOSE]: [3, 4], [LEFT_HIP]: [0, 30] }))).toBeCloseTo(
      (nose + hip) / 2,
      10,
    );
  });
});

describe('average precision', () => {
  const first = person(torsoPoints);
  const second = person({ [LEFT_HIP]: [500, 500] });
  const far = { [LEFT_HIP]: [900, 900] } as const;

  it('is 1 where every person is found and nobody else', () => {
    const images = [{ ignored: [], people: [first, second], poses: [pose(second), pose(first)] }];
    expect(oksAp(images)).toBeCloseTo(1, 10);
  });

  it('reads precision at 101 recalls: half of the people found is 51 of them', () => {
    const images = [{ ignored: [], people: [first, second], poses: [pose(first)] }];
    expect(averagePrecision(images, 0.5)).toBeCloseTo(51 / 101, 10);
  });

  it('pays for a surer pose that is wrong', () => {
    // By score: wrong, right. Precision is 1/2 at recall 1, so at every recall.
    const images = [
      { ignored: [], people: [second], poses: [pose(second, far, 0.9), pose(second, {}, 0.5)] },
    ];
    expect(averagePrecision(images, 0.5)).toBeCloseTo(0.5, 10);
  });

  it('does not pay for a less sure one', () => {
    const images = [
      { ignored: [], people: [second], poses: [pose(second, far, 0.4), pose(second, {}, 0.5)] },
    ];
    expect(averagePrecision(images, 0.5)).toBeCloseTo(1, 10);
  });

  it('gives a person to one pose only', () => {
    // right, wrong (the same again), right: precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1.
    const again = pose(first, {}, 0.8);
    const images = [
      { ignored: [], people: [first, second], poses: [pose(first, {}, 0.9), again, pose(second, {}, 0.7)] },
    ];
    expect(averagePrecision(images, 0.5)).toBeCloseTo((51 + 50 * (2 / 3)) / 101, 10);
  });

  it('averages over the thresholds from 0.50 to 0.95', () => {
    // One hip, moved so that OKS is 0.72: found at 0.50, 0.55, 0.60, 0.65 and 0.70.
    const distance = Math.sqrt(-Math.log(0.72) * 2 * 10_000 * 0.214 * 0.214);
    const images = [{ ignored: [], people: [second], poses: [pose(second, { [LEFT_HIP]: [distance, 0] })] }];
    expect(oksAp(images)).toBeCloseTo(0.5, 10);
  });

  it('sorts poses of all pictures together', () => {
    const images = [
      { ignored: [], people: [first], poses: [pose(first, {}, 0.2)] },
      { ignored: [], people: [], poses: [pose(first, {}, 0.9)] },
    ];
    expect(averagePrecision(images, 0.5)).toBeCloseTo(0.5, 10);
  });

  it('leaves out poses on people who are not labelled, unless they fit somebody who is', () => {
    const crowd: Person = { ...person({}), box: [800, 800, 100, 100], crowd: true };
    const inBox: Found = { score: 0.9, points: second.labels.map(() => [850, 850]) };
    const images = [{ people: [second], ignored: [crowd], poses: [inBox, inBox, pose(second, {}, 0.5)] }];
    expect(averagePrecision(images, 0.5)).toBeCloseTo(1, 10);
    expect(
      averagePrecision([{ ...images[0], people: [second], ignored: [], poses: images[0]?.poses ?? [] }], 0.5),
    ).toBeCloseTo(1 / 3, 10);
  });

  it('is null of nobody', () => {
    expect(oksAp([{ ignored: [], people: [], poses: [] }])).toBeNull();
  });
});

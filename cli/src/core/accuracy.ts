import { JOINTS } from '@murmuration/protocol';
import type { Person } from './coco.js';

/** A pose that was answered: 17 points, and how sure it is. */
export interface Found {
  readonly score: number;
  readonly points: readonly (readonly [number, number])[];
}

const LEFT_SHOULDER = 5;
const RIGHT_SHOULDER = 6;
const LEFT_HIP = 11;
const RIGHT_HIP = 12;
/** Shoulders, elbows, wrists, hips, knees, ankles. */
export const LIMBS: readonly number[] = Array.from({ length: 12 }, (_, i) => i + 5);

/** COCO's per-joint constants: `kpt_oks_sigmas` of pycocotools' cocoeval.py. */
const SIGMAS = [
  0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087,
  0.089, 0.089,
];

/** Pixels: the mean of the two distances from a shoulder to the opposite hip; null where one is not labelled. */
export function torso(person: Person): number | null {
  const distance = (a: number, b: number): number | null => {
    const [from, to] = [person.labels[a], person.labels[b]];
    if (from === undefined || to === undefined || from.v === 0 || to.v === 0) return null;
    return Math.hypot(from.x - to.x, from.y - to.y);
  };
  const [one, other] = [distance(LEFT_SHOULDER, RIGHT_HIP), distance(RIGHT_SHOULDER, LEFT_HIP)];
  return one === null || other === null || one + other === 0 ? null : (one + other) / 2;
}

/** PCK@0.2, over all joints and by joint. */
export class Pck {
  readonly #near = new Map<number, number>();
  readonly #labelled = new Map<number, number>();
  people = 0;

  /** A person without a pose has all joints missed. */
  add(person: Person, pose: Found | null): void {
    const size = torso(person);
    if (size === null) return;
    this.people += 1;
    for (const joint of LIMBS) {
      const label = person.labels[joint];
      if (label === undefined || label.v === 0) continue;
      const [x, y] = pose?.points[joint] ?? [Number.NaN, Number.NaN];
      const near = Math.hypot(x - label.x, y - label.y) <= 0.2 * size;
      this.#labelled.set(joint, (this.#labelled.get(joint) ?? 0) + 1);
      this.#near.set(joint, (this.#near.get(joint) ?? 0) + (near ? 1 : 0));
    }
  }

  /** Share of the labelled joints, 0 to 1; null of none. */
  get share(): number | null {
    const sum = (counts: Map<number, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
    const labelled = sum(this.#labelled);
    return labelled === 0 ? null : sum(this.#near) / labelled;
  }

  get byJoint(): Record<string, number> {
    const shares = [...this.#labelled].map(([joint, labelled]) => [
      JOINTS[joint] ?? String(joint),
      (this.#near.get(joint) ?? 0) / labelled,
    ]);
    return Object.fromEntries(shares);
  }
}

/**
 * Object keypoint similarity as COCO defines it (https://cocodataset.org/#keypoints-eval): the mean over the labelled
 * joints of exp(-d^2 / (2 area k^2)), k = 2 sigma. 0 to 1. Of somebody without labelled joints, `d` of every joint is its
 * distance from the box widened by its size on each side.
 */
export function oks(person: Person, pose: Found): number {
  const labelled = person.labels.some((label) => label.v > 0);
  let sum = 0;
  let count = 0;
  for (const [joint, label] of person.labels.entries()) {
    if (labelled && label.v === 0) continue;
    const [x, y] = pose.points[joint] ?? [Number.NaN, Number.NaN];
    const [dx, dy] = labelled ? [x - label.x, y - label.y] : outside(person.box, x, y);
    const k = 2 * (SIGMAS[joint] ?? 0.1);
    const squared = dx * dx + dy * dy;
    sum += Number.isFinite(squared) ? Math.exp(-squared / (2 * k * k * (person.area + Number.EPSILON))) : 0;
    count += 1;
  }
  return sum / count;
}

function outside([left, top, width, height]: Person['box'], x: number, y: number): [number, number] {
  const beyond = (at: number, from: number, size: number): number =>
    Math.max(0, from - size - at) + Math.max(0, at - (from + 2 * size));
  return [beyond(x, left, width), beyond(y, top, height)];
}

/** One picture's labelled people and the poses found in it. */
export interface Judged {
  readonly people: readonly Person[];
  /** A pose that fits one of them and nobody else counts neither for nor against. */
  readonly ignored: readonly Person[];
  readonly poses: readonly Found[];
}

/** COCO counts at most so many poses a picture. */
const MAX_POSES = 20;

/**
 * Average precision at one OKS threshold, as pycocotools computes it: in each picture poses take, by falling score, the
 * free person that they fit best; precision is made to fall with recall and read at 101 recalls. Null without people.
 */
export function averagePrecision(images: readonly Judged[], threshold: number): number | null {
  const people = images.reduce((sum, image) => sum + image.people.length, 0);
  if (people === 0) return null;
  const hits = images.flatMap((image) => matches(image, threshold)).toSorted((a, b) => b.score - a.score);
  const curve: { recall: number; precision: number }[] = [];
  let right = 0;
  for (const [i, hit] of hits.entries()) {
    if (hit.right) right += 1;
    curve.push({ recall: right / people, precision: right / (i + 1) });
  }
  let best = 0;
  const envelope = curve.toReversed().map((point) => {
    best = Math.max(best, point.precision);
    return { recall: point.recall, precision: best };
  });
  envelope.reverse();
  let sum = 0;
  for (let i = 0; i <= 100; i++) sum += envelope.find((point) => point.recall >= i / 100)?.precision ?? 0;
  return sum / 101;
}

function matches(image: Judged, threshold: number): { score: number; right: boolean }[] {
  const people = new Set(image.people);
  const ignored = new Set(image.ignored);
  const poses = image.poses.toSorted((a, b) => b.score - a.score).slice(0, MAX_POSES);
  return poses.flatMap((pose): { score: number; right: boolean }[] => {
    if (take(people, pose, threshold)) return [{ score: pose.score, right: true }];
    return take(ignored, pose, threshold) ? [] : [{ score: pose.score, right: false }];
  });
}

/** Takes the person whom the pose fits best out of those who are free; false where it fits nobody well enough. */
function take(free: Set<Person>, pose: Found, threshold: number): boolean {
  let best: Person | null = null;
  let similarity = threshold;
  for (const person of free) {
    const value = oks(person, pose);
    if (value >= similarity) {
      best = person;
      similarity = value;
    }
  }
  if (best === null) return false;
  if (!best.crowd) free.delete(best); // a crowd has room for several
  return true;
}

/** The mean of the average precisions at OKS 0.50, 0.55 ... 0.95; null without people. */
export function oksAp(images: readonly Judged[]): number | null {
  let sum = 0;
  for (let i = 0; i < 10; i++) {
    const at = averagePrecision(images, 0.5 + 0.05 * i);
    if (at === null) return null;
    sum += at;
  }
  return sum / 10;
}

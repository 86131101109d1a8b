import { JOINTS, PEAKS, VOTE_VALUES } from '@murmuration/protocol/bus';

/** As in the kernel's fusing (native/kernel/src/fuse/tukey.rs), so that both call the same votes outliers. */
const CUT_OFF = 4.685;
const GAUSSIAN = 1.4826;
const FLOOR = 2;
/** Vote coordinates are in sixteenths of a pixel. */
const UNIT = 16;

/** One squad's vote on one person, for judging it. */
export interface Judged {
  /** u16 values: 17 joints * 3 peaks * (x, y, spread, weight). */
  readonly values: Uint16Array;
  /** Its share in saying what is usual; 0 for one that is only watched. */
  readonly say: number;
}

/**
 * How far squads stand apart from the decision: for each, the share of the joints in which none of its peaks lies near,
 * measured by how near the others' do. Honest squads look with different eyes, so it takes the distance of an outlier, in
 * crop pixels, not any difference.
 *
 * @param votes at least one with a say
 * @param joints 17 * (x, y, confidence, spread), crop pixels: the decision
 */
export function apartShares(votes: readonly Judged[], joints: Float32Array): number[] {
  const apart = votes.map(() => 0);
  const distances = new Float64Array(votes.length);
  for (let joint = 0; joint < JOINTS.length; joint++) {
    const x = joints[joint * 4] ?? 0;
    const y = joints[joint * 4 + 1] ?? 0;
    let farthest = 0;
    for (const [index, vote] of votes.entries()) {
      const distance = nearest(vote.values, joint, x, y);
      distances[index] = distance;
      if (distance > farthest) farthest = distance;
    }
    if (farthest <= CUT_OFF * FLOOR) continue; // nobody can be apart, which is how it mostly is
    const limit = CUT_OFF * Math.max(FLOOR, GAUSSIAN * usual(votes, distances));
    votes.forEach((_, index) => {
      if ((distances[index] ?? 0) > limit) apart[index] = (apart[index] ?? 0) + 1;
    });
  }
  return apart.map((count) => count / JOINTS.length);
}

/** Pixels from a point to the nearest peak of a squad; infinite where it has none, which no honest squad ever has. */
function nearest(values: Uint16Array, joint: number, x: number, y: number): number {
  let best = Number.POSITIVE_INFINITY;
  const start = (joint * VOTE_VALUES) / JOINTS.length;
  for (let peak = 0; peak < PEAKS; peak++) {
    const at = start + peak * 4;
    if ((values[at + 3] ?? 0) === 0) continue;
    const dx = (values[at] ?? 0) / UNIT - x;
    const dy = (values[at + 1] ?? 0) / UNIT - y;
    best = Math.min(best, dx * dx + dy * dy);
  }
  return Math.sqrt(best);
}

/** The weighted median of the distances of those that have a say, the lower one of two. */
function usual(votes: readonly Judged[], distances: Float64Array): number {
  const sorted = votes
    .map((vote, index) => ({ say: vote.say, distance: distances[index] ?? 0 }))
    .filter((one) => one.say > 0)
    .sort((a, b) => a.distance - b.distance);
  const half = sorted.reduce((sum, one) => sum + one.say, 0) / 2;
  let sum = 0;
  for (const { say, distance } of sorted) {
    sum += say;
    if (sum >= half - 1e-9) return distance;
  }
  return 0;
}

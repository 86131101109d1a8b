import type { Replicated } from './replicas.js';
import type { Verdict } from './reputation.js';

/** Votes of fewer hosts than this cannot tell who of them is wrong. */
export const MIN_JUDGES = 3;
/** Share of a person's joints in which a host must be overruled for its vote to count as overruled: honest squads differ in some. */
export const OVERRULED_SHARE = 0.5;

/**
 * The verdict on one squad's vote on one person. Null: nothing can be said of it.
 *
 * @param replicated how it compares with its squad's replicas
 * @param overruledJoints share of the joints in which its host was set apart as an outlier, 0 to 1
 * @param hosts hosts with weight whose votes were fused
 */
export function judge(replicated: Replicated, overruledJoints: number, hosts: number): Verdict | null {
  if (replicated === 'disproved') return 'disproved';
  if (hosts < MIN_JUDGES) return null;
  const apart = overruledJoints > OVERRULED_SHARE;
  if (replicated === 'vouched') return apart ? 'dissent' : 'agreed';
  if (apart) return 'overruled';
  return replicated === 'contested' ? 'contested' : 'agreed';
}

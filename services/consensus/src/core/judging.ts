import type { Replicated } from './replicas.js';
import type { Verdict } from './reputation.js';

/** Votes of fewer hosts than this cannot tell who of them is wrong. */
export const MIN_JUDGES = 3;
/** Share of a person's joints in which a squad must be an outlier to stand apart: honest squads differ in some. */
const APART_SHARE = 0.5;

/** Whether a squad that is an outlier in this share of the joints stands apart. */
export function standsApart(share: number): boolean {
  return share > APART_SHARE;
}

/**
 * The verdict on one squad's vote on one person.
 *
 * @param kind how it compares with its squad's replicas
 * @param apart whether it stands apart from the decision
 * @param rivalsApart whether all replicas that differ from it do
 */
export function judge(kind: Replicated['kind'], apart: boolean, rivalsApart: boolean): Verdict {
  switch (kind) {
    case 'alone':
      return apart ? 'overruled' : 'agreed';
    case 'vouched':
      return apart ? 'dissent' : 'agreed';
    case 'majority':
    case 'contested':
      // Where its rivals stand apart as well it is the squad that sees differently; the liar hides in that.
      if (apart) return rivalsApart ? 'dissent' : 'overruled';
      return 'agreed';
    case 'minority':
      // Liars may happen to be most of a squad's replicas: the decision, which rests on all hosts, has the last word.
      return rivalsApart && !apart ? 'agreed' : 'disproved';
  }
}

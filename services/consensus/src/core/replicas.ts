/** One squad's vote on one person, as a host sent it. */
export interface SquadVote {
  readonly host: string;
  readonly squad: string;
  /** 17 joints * 3 peaks * 4 values as u16. */
  readonly bytes: Uint8Array;
  /**
   * False for one that is evicted, or whose host was not given the squad: it is compared, but has no say in who is right.
   * Else liars could outnumber a squad's honest replicas by claiming to run it.
   */
  readonly counts: boolean;
}

/** How a vote compares with the votes of its squad's replicas on other hosts. */
export interface Replicated {
  /**
   * alone: nobody else that counts ran the squad. vouched: all that count gave the same bytes. majority, minority: most did, or most
   * gave others. contested: the replicas differ, and no side has both a majority and two members.
   */
  readonly kind: 'alone' | 'vouched' | 'majority' | 'minority' | 'contested';
  /** The votes that count and differ. */
  readonly rivals: readonly number[];
}

const ALONE: Replicated = { kind: 'alone', rivals: [] };

interface Camp {
  readonly bytes: Uint8Array;
  readonly members: number[];
  /** Members that count. */
  readonly say: number[];
}

/**
 * Compares replicas. Agents compute with integers, so that the same squad gives the same bytes for the same crop on every
 * host: any difference is a fault or a lie. The votes themselves are compared instead of the digests that come with
 * them: both are here, and a digest could be of something else.
 *
 * @returns one for each vote, in their order
 */
export function compareReplicas(votes: readonly SquadVote[]): Replicated[] {
  const squads = new Map<string, number[]>();
  for (const [index, { squad }] of votes.entries()) {
    const same = squads.get(squad);
    if (same === undefined) squads.set(squad, [index]);
    else same.push(index);
  }
  const result = votes.map(() => ALONE);
  for (const indices of squads.values()) {
    if (indices.length < 2) continue;
    const camps = campsOf(votes, indices);
    for (const camp of camps) {
      const one = standingOf(camp, camps);
      for (const index of camp.members) result[index] = one;
    }
  }
  return result;
}

function standingOf(camp: Camp, camps: readonly Camp[]): Replicated {
  const rivals = camps.filter((other) => other !== camp).flatMap((other) => other.say);
  if (rivals.length === 0) return camp.members.length > 1 ? { kind: 'vouched', rivals } : ALONE;
  const all = rivals.length + camp.say.length;
  const wins = (one: Camp): boolean => one.members.length >= 2 && one.say.length * 2 > all;
  if (wins(camp)) return { kind: 'majority', rivals };
  return { kind: camps.some(wins) ? 'minority' : 'contested', rivals };
}

/** Groups votes that are equal. */
function campsOf(votes: readonly SquadVote[], indices: readonly number[]): Camp[] {
  const camps: Camp[] = [];
  for (const index of indices) {
    const vote = votes[index];
    if (vote === undefined) continue;
    let camp = camps.find((one) => Buffer.compare(one.bytes, vote.bytes) === 0);
    if (camp === undefined) {
      camp = { bytes: vote.bytes, members: [], say: [] };
      camps.push(camp);
    }
    camp.members.push(index);
    if (vote.counts) camp.say.push(index);
  }
  return camps;
}

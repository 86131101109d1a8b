/** One squad's vote on one person, as a host sent it. */
export interface SquadVote {
  readonly host: string;
  readonly squad: string;
  /** 17 joints * 3 peaks * 4 values as u16. */
  readonly bytes: Uint8Array;
  /** False for one that is evicted: it is compared, but has no say in who is right. */
  readonly counts: boolean;
}

/** How a vote compares with the votes of its squad's replicas on other hosts. */
export type Replicated =
  /** Nobody else ran the squad. */
  | 'alone'
  /** Byte for byte what most of the replicas gave. */
  | 'vouched'
  /** Other than what most gave. */
  | 'disproved'
  /** The replicas differ, and no side has both a majority and two members. */
  | 'contested';

/**
 * Compares replicas. Agents compute with integers, so that the same squad gives the same bytes for the same crop on every
 * host: any difference is a fault or a lie, and with three replicas it is known whose. The votes themselves are compared
 * instead of the digests that come with them: both are here, and a digest could be of something else.
 *
 * @returns one for each vote, in their order
 */
export function compareReplicas(votes: readonly SquadVote[]): Replicated[] {
  const squads = new Map<string, number[]>();
  votes.forEach((vote, index) => {
    const same = squads.get(vote.squad);
    if (same === undefined) squads.set(vote.squad, [index]);
    else same.push(index);
  });
  const result: Replicated[] = votes.map(() => 'alone');
  for (const indices of squads.values()) {
    if (indices.length < 2) continue;
    const camps = campsOf(votes, indices);
    const say = camps.reduce((sum, camp) => sum + camp.say, 0);
    const right = camps.find((camp) => camp.members.length >= 2 && camp.say * 2 > say);
    for (const camp of camps) {
      const verdict = right === undefined ? 'contested' : camp === right ? 'vouched' : 'disproved';
      for (const index of camp.members) result[index] = verdict;
    }
  }
  return result;
}

interface Camp {
  readonly bytes: Uint8Array;
  readonly members: number[];
  /** Members that count. */
  say: number;
}

/** Groups votes that are equal. */
function campsOf(votes: readonly SquadVote[], indices: readonly number[]): Camp[] {
  const camps: Camp[] = [];
  for (const index of indices) {
    const vote = votes[index];
    if (vote === undefined) continue;
    let camp = camps.find((one) => Buffer.compare(one.bytes, vote.bytes) === 0);
    if (camp === undefined) {
      camp = { bytes: vote.bytes, members: [], say: 0 };
      camps.push(camp);
    }
    camp.members.push(index);
    if (vote.counts) camp.say += 1;
  }
  return camps;
}

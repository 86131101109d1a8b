import type { Vote } from '@murmuration/protocol/bus';
import type { Reputations } from './reputation.js';

/** A host that has a say in a round. */
export interface Voice {
  readonly vote: Vote;
  /** From 1/rhoMax to 1. */
  readonly weight: number;
  /** Its squads that have a say: where they stand in the vote, and their weight. */
  readonly squads: readonly { readonly at: number; readonly weight: number }[];
}

export interface Voices {
  readonly voices: readonly Voice[];
  /** All that voted are evicted: there is nobody else to go by, so all count alike and the decision is degraded. */
  readonly forlorn: boolean;
}

/**
 * Reputation as weight. A host weighs what its squads are worth on the mean, in relation to the best; evicted squads have
 * no say. The ratio of the largest to the least weight is capped by `rhoMax`, since the tolerance is f < n / (1 + 2 rho): a
 * few hosts with a fine past must not outvote the rest. A host on probation has the least weight.
 */
export function weigh(votes: readonly Vote[], reputations: Reputations, rhoMax: number): Voices {
  const raw = votes.map((vote) => standingOf(vote, reputations)).filter((one) => one.squads.length > 0);
  if (raw.length === 0) {
    const voices = votes.map((vote) => ({
      vote,
      weight: 1,
      squads: vote.squads.map((_, at) => ({ at, weight: 1 })),
    }));
    return { voices, forlorn: voices.length > 0 };
  }
  const most = Math.max(...raw.map((one) => one.weight));
  const least = 1 / rhoMax;
  const voices = raw.map(({ vote, squads, weight, probation }) => ({
    vote,
    squads,
    weight: probation ? least : Math.max(weight / most, least),
  }));
  return { voices, forlorn: false };
}

function standingOf(vote: Vote, reputations: Reputations): Voice & { readonly probation: boolean } {
  const squads: { at: number; weight: number }[] = [];
  let sum = 0;
  let probation = false;
  vote.squads.forEach((squad, at) => {
    const { value, standing } = reputations.of(vote.host, squad);
    if (standing === 'evicted') return;
    squads.push({ at, weight: value });
    sum += value;
    probation ||= standing === 'probation';
  });
  return { vote, squads, probation, weight: squads.length === 0 ? 0 : sum / squads.length };
}

import type { Decision, FusedPose, Vote } from '@murmuration/protocol/bus';
import { SQUAD_VOTE_BYTES } from './core/admission.js';
import { apartShares } from './core/apart.js';
import { judge, MIN_JUDGES, standsApart } from './core/judging.js';
import { compareReplicas, type Replicated, type SquadVote } from './core/replicas.js';
import type { Reputations, StandingChange } from './core/reputation.js';
import { quorumOf, type Roster } from './core/roster.js';
import type { Closed } from './core/rounds.js';
import { type Voice, weigh } from './core/weights.js';
import { type Fuser, valuesOf } from './fuser.js';

export interface PanelSettings {
  /** This process, as decisions name it. */
  readonly consensus: string;
  /** Cap of the ratio of two hosts' weights. */
  readonly rhoMax: number;
  readonly onChange: (change: StandingChange) => void;
  /** Hosts gave different bytes for the same squad and crop. */
  readonly onConflict: (votes: readonly SquadVote[], replicated: readonly Replicated[]) => void;
}

/** One squad's vote of a round. */
interface Part {
  readonly vote: Vote;
  readonly squad: string;
  /** Its place among the vote's squads. */
  readonly at: number;
  /** 0 where it is only watched. */
  readonly say: number;
  /** Its host was given the squad by the placement that the round goes by. */
  readonly placed: boolean;
}

/** What is made of a round's votes: the decision, and what the voters are worth from now on. */
export class Panel {
  readonly #fuser: Fuser;
  readonly #reputations: Reputations;
  readonly #settings: PanelSettings;

  constructor(fuser: Fuser, reputations: Reputations, settings: PanelSettings) {
    this.#fuser = fuser;
    this.#reputations = reputations;
    this.#settings = settings;
  }

  /** @throws Fault VOTE_INVALID, of the kernel */
  decide(closed: Closed<unknown>): Decision {
    const { round, votes, expected, roster, closedBy } = closed;
    const start = performance.now();
    const { voices, forlorn } = weigh(votes, this.#reputations, this.#settings.rhoMax);
    const parts = votes.flatMap((vote) => partsOf(vote, voices, roster));
    const poses: FusedPose[] = [];
    for (let person = 0; person < round.people && voices.length > 0; person++) {
      const { joints, tolerated, depth, overruled } = this.#fuser.person(voices, person);
      const keypoints = new Uint8Array(joints.slice().buffer);
      poses.push({ keypoints, tolerated, depth, overruled: [...overruled] });
      this.#judge(parts, voices.length, person, joints);
    }
    return {
      round,
      poses,
      degraded: forlorn || voices.length < quorumOf(expected.length),
      voted: voices.map((voice) => voice.vote.host),
      expected: [...expected],
      closedBy,
      fuseUs: Math.round((performance.now() - start) * 1000),
      consensus: this.#settings.consensus,
    };
  }

  #judge(parts: readonly Part[], hosts: number, person: number, joints: Float32Array): void {
    const squadVotes = parts.map(({ vote, squad, at, say, placed }) => {
      const part = person * vote.squads.length + at;
      const bytes = vote.votes.subarray(part * SQUAD_VOTE_BYTES, (part + 1) * SQUAD_VOTE_BYTES);
      const counts = say > 0 && placed;
      return { host: vote.host, squad, bytes, counts, values: valuesOf(vote.votes, part), say };
    });
    const replicated = compareReplicas(squadVotes);
    if (replicated.some((one) => one.rivals.length > 0)) this.#settings.onConflict(squadVotes, replicated);
    if (hosts < MIN_JUDGES) return;
    const apart = apartShares(squadVotes, joints).map(standsApart);
    for (const [index, { kind, rivals }] of replicated.entries()) {
      const one = squadVotes[index];
      if (one === undefined) continue;
      const rivalsApart = rivals.length > 0 && rivals.every((rival) => apart[rival]);
      const verdict = judge(kind, apart[index] === true, rivalsApart);
      const change = this.#reputations.judge(one.host, one.squad, verdict);
      if (change !== null) this.#settings.onChange(change);
    }
  }
}

/** The squads of a vote, each with its share in what its host says. */
function partsOf(vote: Vote, voices: readonly Voice[], roster: Roster): Part[] {
  const given = roster.hosts.get(vote.host)?.squads;
  const voice = voices.find((one) => one.vote === vote);
  const heard = new Set(voice?.squads.map((squad) => squad.at));
  return vote.squads.map((squad, at) => ({
    vote,
    squad,
    at,
    placed: given?.has(squad) === true,
    say: heard.has(at) ? (voice?.weight ?? 0) / heard.size : 0,
  }));
}

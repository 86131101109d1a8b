import { MAX_PEOPLE, type Round, VOTE_VALUES, type Vote } from '@murmuration/protocol/bus';
import type { Roster } from './roster.js';

/** Bytes of one squad's vote on one person, and of its digest. */
export const SQUAD_VOTE_BYTES: number = VOTE_VALUES * 2;
export const DIGEST_BYTES = 8;
/** Squads that one vote may hold: as many as a bundle may. */
export const MAX_SQUADS = 16;

/** Why a vote is not taken. */
export type Refusal =
  /** Published under another host's token. */
  | 'impostor'
  /** Not of the placement, or another process with the same host id. */
  | 'stranger'
  /** Cast under an older placement than the round's. */
  | 'stale'
  | 'bundle'
  /** Names squads that are unknown, twice, or not the host's. */
  | 'squads'
  | 'size'
  | 'duplicate'
  /** For a round that is not open; or there was no room left to keep it. */
  | 'unopened'
  | 'overflow';

/** Checks of the vote alone. Null: nothing is wrong with it. */
export function refuseShape(vote: Vote, publisher: string | null): Refusal | null {
  if (vote.host !== publisher) return 'impostor';
  if (vote.squads.length === 0 || vote.squads.length > MAX_SQUADS) return 'size';
  const people = vote.votes.length / (vote.squads.length * SQUAD_VOTE_BYTES);
  if (!Number.isInteger(people) || people < 1 || people > MAX_PEOPLE) return 'size';
  if (vote.digests.length !== people * vote.squads.length * DIGEST_BYTES) return 'size';
  return new Set(vote.squads).size === vote.squads.length ? null : 'squads';
}

/** Checks of a vote whose round is not known yet, done before it may take up memory. */
export function refuseEarly(vote: Vote, roster: Roster): Refusal | null {
  // While a new placement is on its way here its hosts are strangers still: the round decides.
  return vote.epoch > roster.epoch ? null : refuseMember(vote, roster);
}

/** Checks against the round that a vote is for, and the placement that the round goes by. */
export function refuseForRound(vote: Vote, round: Round, roster: Roster): Refusal | null {
  if (vote.epoch < round.epoch) return 'stale';
  if (vote.votes.length !== round.people * vote.squads.length * SQUAD_VOTE_BYTES) return 'size';
  return refuseMember(vote, roster);
}

function refuseMember(vote: Vote, roster: Roster): Refusal | null {
  const member = roster.hosts.get(vote.host);
  if (member === undefined || member.incarnation !== vote.incarnation) return 'stranger';
  if (vote.bundle !== roster.bundle) return 'bundle';
  // A host that is ahead of this placement may have been given other squads since.
  const may = vote.epoch === roster.epoch ? member.squads : roster.squads;
  return vote.squads.every((squad) => may.has(squad)) ? null : 'squads';
}

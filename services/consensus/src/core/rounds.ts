import type { Round, Vote } from '@murmuration/protocol/bus';
import { type Refusal, refuseEarly, refuseForRound, refuseShape } from './admission.js';
import { EarlyVotes } from './early.js';
import { Liveness } from './liveness.js';
import { NO_ROSTER, quorumOf, type Roster, toleratedBy } from './roster.js';

/** Rounds that may be open at once; further ones are refused. An orchestrator keeps at most 128 frames in flight. */
export const MAX_OPEN = 1024;
/** Closed rounds that late votes are told by. */
export const MAX_CLOSED = 1024;
/** Bytes of votes that open rounds may hold. */
export const MAX_HELD_BYTES: number = 64 * 1024 * 1024;
/** The longest that a round is kept open, whatever it asks for. */
export const MAX_ROUND_MS = 10_000;

/** `T` is handed through from the opening to the closing: the trace that the round belongs to. */
export type RoundEvent<T> =
  | { readonly type: 'opened'; readonly round: Round; readonly tag: T }
  /** `publisher`: the host that the subject names. */
  | { readonly type: 'vote'; readonly vote: Vote; readonly publisher: string | null }
  /** `anew`: the first since the bus was lost, so that the store may have been emptied and epochs begun again. */
  | { readonly type: 'placement'; readonly roster: Roster; readonly anew: boolean }
  | { readonly type: 'tick' }
  /** The process ends: close what is open with the votes there are. */
  | { readonly type: 'end' };

/**
 * complete: all that are waited for have voted. patience: a host took far longer than it usually does, and the rest tolerate
 * as many liars without it. deadline: the time was over.
 */
export type ClosedBy = 'complete' | 'patience' | 'deadline';

export interface Closed<T> {
  readonly type: 'close';
  readonly round: Round;
  readonly tag: T;
  /** At most one a host, all of the placement, ordered by host so that fusing does not depend on who came first. */
  readonly votes: readonly Vote[];
  readonly expected: readonly string[];
  /** The placement that it went by. */
  readonly roster: Roster;
  readonly closedBy: ClosedBy;
  /** Fewer votes than the quorum. */
  readonly degraded: boolean;
}

export type RoundEffect<T> =
  | Closed<T>
  /** Came in time for its round, which was closed without waiting for it; or after the deadline. Not fused. */
  | { readonly type: 'late'; readonly host: string; readonly inTime: boolean }
  | { readonly type: 'refused'; readonly host: string; readonly why: Refusal }
  /** No room for a further round. */
  | { readonly type: 'overflow'; readonly round: Round }
  /** No round waits for the host from now on; or all do again. */
  | { readonly type: 'behind' | 'caught-up'; readonly host: string };

interface Open<T> {
  readonly key: string;
  readonly round: Round;
  readonly tag: T;
  readonly due: number;
  /** The placement that it goes by. */
  roster: Roster;
  readonly votes: Map<string, Vote>;
  /** When the first vote came. */
  firstAt: number;
}

interface Past {
  readonly due: number;
  readonly epoch: bigint;
  readonly roster: Roster;
  readonly voted: Set<string>;
  readonly firstAt: number;
}

/**
 * The rounds of one consensus process. {@link stepRounds} changes it in place, so that a frame does not cost a copy of
 * all that is open; it is otherwise a pure function's state, and nothing else writes to it.
 */
export interface Rounds<T> {
  roster: Roster;
  readonly open: Map<string, Open<T>>;
  readonly closed: Map<string, Past>;
  readonly early: EarlyVotes;
  readonly liveness: Liveness;
  heldBytes: number;
}

export function noRounds<T>(): Rounds<T> {
  return {
    roster: NO_ROSTER,
    open: new Map(),
    closed: new Map(),
    early: new EarlyVotes(),
    liveness: new Liveness(),
    heldBytes: 0,
  };
}

type RoundName = Pick<Round, 'stream' | 'sequence' | 'look'>;

export function roundKey(round: RoundName): string {
  return `${round.stream}/${round.sequence}/${round.look}`;
}

/** Whether anything waits for time to pass. */
export function needsTicks<T>(state: Rounds<T>): boolean {
  return state.open.size > 0 || state.early.size > 0;
}

/** Takes one event at `now` (milliseconds of any clock that does not go backwards) and says what is to be done. */
export function stepRounds<T>(state: Rounds<T>, event: RoundEvent<T>, now: number): RoundEffect<T>[] {
  const effects: RoundEffect<T>[] = [];
  switch (event.type) {
    case 'opened':
      openRound(state, event.round, event.tag, now, effects);
      break;
    case 'vote':
      takeVote(state, event.vote, event.publisher, now, effects);
      break;
    case 'placement':
      // Seen out of order: the newest stays.
      if (event.anew || event.roster.epoch >= state.roster.epoch)
        followPlacement(state, event.roster, now, effects);
      break;
    case 'tick':
      state.early.expire(now);
      closeDue(state, now, effects);
      closeImpatiently(state, now, effects);
      break;
    case 'end':
      for (const open of [...state.open.values()]) close(state, open, 'deadline', effects);
      break;
  }
  return effects;
}

function openRound<T>(state: Rounds<T>, round: Round, tag: T, now: number, effects: RoundEffect<T>[]): void {
  const key = roundKey(round);
  if (state.open.has(key) || state.closed.has(key)) return; // said twice
  if (state.open.size >= MAX_OPEN) {
    effects.push({ type: 'overflow', round });
    return;
  }
  // By the length of the round and this process's clock: the orchestrator's clock need not agree with ours.
  const due = now + Math.min(Math.max(0, round.deadlineMs - round.openedMs), MAX_ROUND_MS);
  const open: Open<T> = { key, round, tag, due, roster: state.roster, votes: new Map(), firstAt: now };
  state.open.set(key, open);
  for (const vote of state.early.take(key)) admit(state, open, vote, now, effects);
  closeIfComplete(state, open, effects);
}

function takeVote<T>(
  state: Rounds<T>,
  vote: Vote,
  publisher: string | null,
  now: number,
  effects: RoundEffect<T>[],
): void {
  const malformed = refuseShape(vote, publisher);
  if (malformed !== null) {
    effects.push({ type: 'refused', host: publisher ?? '', why: malformed });
    return;
  }
  const key = roundKey(vote);
  const open = state.open.get(key);
  const past = state.closed.get(key);
  if (open !== undefined) {
    admit(state, open, vote, now, effects);
    closeIfComplete(state, open, effects);
  } else if (past !== undefined) {
    takeLate(state, past, vote, now, effects);
  } else {
    const why = refuseEarly(vote, state.roster) ?? (state.early.keep(key, vote, now) ? null : 'unopened');
    if (why !== null) effects.push({ type: 'refused', host: vote.host, why });
  }
}

/** Puts a vote to an open round, or says why not. */
function admit<T>(state: Rounds<T>, open: Open<T>, vote: Vote, now: number, effects: RoundEffect<T>[]): void {
  const { host } = vote;
  if (behindPlacement(open) && vote.epoch > open.roster.epoch) {
    // Its host may be new in the placement that is on its way here.
    if (!state.early.keep(open.key, vote, now)) effects.push({ type: 'refused', host, why: 'overflow' });
    return;
  }
  const why = refuseHere(state, open, vote);
  if (why !== null) {
    effects.push({ type: 'refused', host, why });
    return;
  }
  if (open.votes.size === 0) open.firstAt = now;
  open.votes.set(host, vote);
  state.liveness.lagged(host, now - open.firstAt);
  state.heldBytes += vote.votes.length;
  if (state.liveness.answered(host)) effects.push({ type: 'caught-up', host });
}

function refuseHere<T>(state: Rounds<T>, open: Open<T>, vote: Vote): Refusal | null {
  const refusal = refuseForRound(vote, open.round, open.roster);
  if (refusal !== null) return refusal;
  if (open.votes.has(vote.host)) return 'duplicate';
  return state.heldBytes + vote.votes.length > MAX_HELD_BYTES ? 'overflow' : null;
}

function takeLate<T>(state: Rounds<T>, past: Past, vote: Vote, now: number, effects: RoundEffect<T>[]): void {
  const member = past.roster.hosts.get(vote.host);
  const why: Refusal | null = past.voted.has(vote.host)
    ? 'duplicate'
    : member?.incarnation !== vote.incarnation
      ? 'stranger'
      : vote.epoch < past.epoch
        ? 'stale'
        : null;
  if (why !== null) {
    effects.push({ type: 'refused', host: vote.host, why });
    return;
  }
  past.voted.add(vote.host);
  const inTime = now <= past.due;
  effects.push({ type: 'late', host: vote.host, inTime });
  if (!inTime) return;
  if (past.voted.size > 1) state.liveness.lagged(vote.host, now - past.firstAt);
  if (state.liveness.answered(vote.host)) effects.push({ type: 'caught-up', host: vote.host });
}

function followPlacement<T>(state: Rounds<T>, roster: Roster, now: number, effects: RoundEffect<T>[]): void {
  state.roster = roster;
  state.liveness.keep(new Set(roster.hosts.keys()));
  for (const open of [...state.open.values()]) {
    if (behindPlacement(open)) {
      open.roster = roster;
      for (const vote of [...open.votes.values()]) {
        if (refuseForRound(vote, open.round, roster) === null) continue;
        open.votes.delete(vote.host);
        state.heldBytes -= vote.votes.length;
      }
      for (const vote of state.early.take(open.key)) admit(state, open, vote, now, effects);
    }
    closeIfComplete(state, open, effects);
  }
}

/** The orchestrator opened the round under a placement that has not arrived here yet. */
function behindPlacement<T>(open: Open<T>): boolean {
  return open.roster.epoch < open.round.epoch;
}

/** The hosts that a round still waits for. */
function missing<T>(state: Rounds<T>, open: Open<T>): string[] {
  const hosts: string[] = [];
  for (const [host, { incarnation }] of open.roster.hosts) {
    // A host that the newest placement has dropped is dead or gone.
    if (open.votes.has(host) || state.roster.hosts.get(host)?.incarnation !== incarnation) continue;
    if (state.liveness.awaited(host)) hosts.push(host);
  }
  return hosts;
}

function closeIfComplete<T>(state: Rounds<T>, open: Open<T>, effects: RoundEffect<T>[]): void {
  if (open.votes.size === 0 || behindPlacement(open) || missing(state, open).length > 0) return;
  // Where nobody is waited for, as after all of them stumbled, one vote is not enough to go by.
  const anybody = [...open.votes.keys()].some((host) => state.liveness.awaited(host));
  if (anybody || open.votes.size >= quorumOf(open.roster.hosts.size)) close(state, open, 'complete', effects);
}

function closeDue<T>(state: Rounds<T>, now: number, effects: RoundEffect<T>[]): void {
  const due = [...state.open.values()].filter((open) => open.due <= now).sort((a, b) => a.due - b.due);
  for (const open of due) {
    if (!state.open.has(open.key)) continue; // closed with one before it
    const silent = [...open.roster.hosts.keys()].filter((host) => !open.votes.has(host));
    close(state, open, 'deadline', effects);
    countMisses(state, silent, effects);
  }
}

function closeImpatiently<T>(state: Rounds<T>, now: number, effects: RoundEffect<T>[]): void {
  for (const open of [...state.open.values()]) {
    const hosts = open.roster.hosts.size;
    if (!state.open.has(open.key) || behindPlacement(open) || open.votes.size < quorumOf(hosts)) continue;
    // No safety is given up for speed: of four hosts all are waited for, since three would tolerate no liar.
    if (toleratedBy(open.votes.size) < toleratedBy(hosts)) continue;
    const slow = missing(state, open);
    if (slow.some((host) => now - open.firstAt < state.liveness.patience(host))) continue;
    close(state, open, 'patience', effects);
    countMisses(state, slow, effects);
  }
}

function countMisses<T>(state: Rounds<T>, hosts: readonly string[], effects: RoundEffect<T>[]): void {
  const fallen = hosts.filter((host) => state.liveness.missed(host));
  for (const host of fallen) effects.push({ type: 'behind', host });
  // Rounds that wait for the same host need not wait for their own deadlines.
  if (fallen.length > 0) for (const open of [...state.open.values()]) closeIfComplete(state, open, effects);
}

function close<T>(state: Rounds<T>, open: Open<T>, closedBy: ClosedBy, effects: RoundEffect<T>[]): void {
  state.open.delete(open.key);
  const votes = [...open.votes.values()].sort((a, b) => (a.host < b.host ? -1 : 1));
  for (const vote of votes) state.heldBytes -= vote.votes.length;
  const { round, tag, roster, due, firstAt } = open;
  effects.push({
    type: 'close',
    round,
    tag,
    votes,
    expected: [...roster.hosts.keys()].sort(),
    roster,
    closedBy,
    degraded: votes.length < quorumOf(roster.hosts.size),
  });
  const past = { due, epoch: round.epoch, roster, voted: new Set(open.votes.keys()), firstAt };
  state.closed.set(open.key, past);
  if (state.closed.size <= MAX_CLOSED) return;
  for (const oldest of state.closed.keys()) {
    state.closed.delete(oldest);
    break;
  }
}

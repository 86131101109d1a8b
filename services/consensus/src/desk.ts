import { type Bus, type Received, type Subscribed, watchBucket } from '@murmuration/bus';
import {
  buckets,
  hostOf,
  isToken,
  keys,
  MAX_PEOPLE,
  Placement,
  partitionOf,
  type Round,
  RoundOpened,
  subjects,
  Vote,
} from '@murmuration/protocol/bus';
import type { Context, Logger, SparingLog } from '@murmuration/telemetry';
import { rosterOf } from './core/roster.js';
import {
  type Closed,
  needsTicks,
  noRounds,
  type RoundEffect,
  type RoundEvent,
  type Rounds,
  stepRounds,
} from './core/rounds.js';
import { aligned } from './fuser.js';

/** One timer for all rounds, none a round, and none while nothing is open. */
const TICK_MS = 5;
/** A partition's votes are taken in for so long after its rounds: as long as a round usually lasts, and more. */
const LINGER_MS = 1000;

/** What came to the desk since the start. */
export interface DeskCounts {
  complete: number;
  patience: number;
  deadline: number;
  late: number;
  refused: number;
  unreadable: number;
}

/** Where rounds and votes come in: reads them, lets the core keep the rounds, hands closed ones on. */
export class Desk {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #sparing: SparingLog;
  readonly #onClosed: (closed: Closed<Context>) => void;
  readonly #rounds: Rounds<Context> = noRounds();
  readonly #watch: Subscribed;
  readonly #lingering = new Map<number, Subscribed>();
  readonly #states: Subscribed;
  #anew = true;
  #timer: NodeJS.Timeout | null = null;
  readonly counts: DeskCounts = { complete: 0, patience: 0, deadline: 0, late: 0, refused: 0, unreadable: 0 };

  constructor(bus: Bus, log: Logger, sparing: SparingLog, onClosed: (closed: Closed<Context>) => void) {
    this.#bus = bus;
    this.#log = log;
    this.#sparing = sparing;
    this.#onClosed = onClosed;
    this.#states = bus.onState((state) => {
      if (state === 'restored') this.#anew = true;
    });
    this.#watch = watchBucket(bus, {
      bucket: buckets.placement,
      key: keys.placement,
      onChange: ({ value }) => {
        if (value === null) return;
        const roster = rosterOf(Placement.decode(value));
        this.#step({ type: 'placement', roster, anew: this.#anew });
        this.#anew = false;
        this.#log.info({ epoch: Number(roster.epoch), hosts: [...roster.hosts.keys()] }, 'placement');
      },
      onError: (error) =>
        this.#log.warn({ error: String(error) }, 'the watch of the placement is begun again'),
    });
  }

  /** Rounds that are open now. */
  get open(): number {
    return this.#rounds.open.size;
  }

  /** Takes in the rounds and votes of a partition. */
  serve(partition: number): Subscribed {
    const rounds = this.#subscribe(subjects.rounds(partition), (message) => this.#onRound(message));
    const votes = this.#subscribe(subjects.votes(partition), (message) => this.#onVote(message));
    this.#lingering.get(partition)?.close();
    return {
      close: () => {
        rounds.close();
        this.#linger(partition, votes);
      },
    };
  }

  /** Rounds that are open still want their votes. */
  #linger(partition: number, votes: Subscribed): void {
    const close = (): void => {
      clearTimeout(timer);
      votes.close();
      this.#lingering.delete(partition);
    };
    const timer = setTimeout(close, LINGER_MS);
    this.#lingering.set(partition, { close });
  }

  /** Closes what is open with the votes there are. */
  close(): void {
    this.#step({ type: 'end' });
    this.#watch.close();
    this.#states.close();
    for (const votes of [...this.#lingering.values()]) votes.close();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #subscribe(subject: string, handler: (message: Received) => void): Subscribed {
    return this.#bus.subscribe(subject, handler, (error) => this.#unreadable(subject, String(error)));
  }

  #unreadable(subject: string, wrong: string): void {
    this.counts.unreadable += 1;
    this.#sparing.warn('MESSAGE_INVALID', 'a message could not be read', () => ({ subject, wrong }));
  }

  #onRound(message: Received): void {
    const { round } = RoundOpened.decode(message.data);
    const wrong = round === undefined ? 'no round' : whatIsWrongWith(round, message.subject);
    if (round === undefined || wrong !== null) this.#unreadable(message.subject, wrong ?? '');
    else this.#step({ type: 'opened', round, tag: message.context });
  }

  #onVote(message: Received): void {
    const vote = Vote.decode(message.data);
    vote.votes = aligned(vote.votes);
    this.#step({ type: 'vote', vote, publisher: hostOf(message.subject) });
  }

  #step(event: RoundEvent<Context>): void {
    for (const effect of stepRounds(this.#rounds, event, performance.now())) this.#do(effect);
    if (this.#timer === null && needsTicks(this.#rounds)) {
      // A tick waits for the messages that came while the process could not read them: else whoever voted while this
      // process was held up would have missed its rounds.
      this.#timer = setInterval(() => setImmediate(() => this.#tick()), TICK_MS);
    }
  }

  #tick(): void {
    if (this.#timer === null) return;
    this.#step({ type: 'tick' });
    if (needsTicks(this.#rounds)) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #do(effect: RoundEffect<Context>): void {
    switch (effect.type) {
      case 'close':
        this.counts[effect.closedBy] += 1;
        this.#onClosed(effect);
        return;
      case 'late':
        this.counts.late += 1;
        return;
      case 'refused':
        this.counts.refused += 1;
        this.#sparing.warn(`VOTE_INVALID.${effect.why}`, 'a vote was not counted', () => ({
          host: effect.host,
        }));
        return;
      case 'overflow':
        this.#sparing.warn('TOO_MANY_IN_FLIGHT', 'too many rounds are open; a round was not opened');
        return;
      case 'behind':
        this.#log.warn({ host: effect.host }, 'rounds no longer wait for the host: it missed two');
        return;
      case 'caught-up':
        this.#log.info({ host: effect.host }, 'rounds wait for the host again');
    }
  }
}

function whatIsWrongWith(round: Round, subject: string): string | null {
  if (!isToken(round.stream)) return 'a stream that is no token';
  if (round.partition !== partitionOf(round.stream)) return `partition ${round.partition}`;
  if (subject !== subjects.round(round.partition, round.stream)) return 'another subject than the round';
  if (round.people < 1 || round.people > MAX_PEOPLE) return `${round.people} people`;
  return Number.isFinite(round.deadlineMs - round.openedMs) ? null : 'no deadline';
}

import type { Bus, Subscribed } from '@murmuration/bus';
import { Crop, Decision, Fault, partitionOf, type Round, RoundOpened, subjects } from '@murmuration/protocol';
import type { Context, SparingLog } from '@murmuration/telemetry';
import { unixNow } from './clock.js';
import type { Deadlines } from './core/deadline.js';
import { Rounds } from './core/rounds.js';

/** What one round asks of the swarm. */
export interface Question {
  readonly sequence: bigint;
  readonly epoch: bigint;
  readonly people: number;
  /** people * 128 * 128 * 3 bytes; free to be overwritten when {@link Channel.ask} returns. */
  readonly pixels: Uint8Array;
  readonly deadlines: Deadlines;
  /** The trace that hosts and consensus go on with. */
  readonly context: Context | undefined;
}

/** Called once, with what the swarm decided or why there is no decision. */
export type Decided = (outcome: Decision | Fault) => void;

/** How finely overdue rounds are found: one timer for all of them, none a frame. */
const TICK_MS = 20;
/** A tick this late says that the process stood still. */
const STALL_MS = 3 * TICK_MS;

/** Asks the swarm: opens rounds on the bus and brings their decisions back. */
export class Looker {
  readonly #bus: Bus;
  readonly #log: SparingLog;
  readonly #channels = new Set<Channel>();
  readonly #state: Subscribed;
  #timer: NodeJS.Timeout | null = null;

  constructor(bus: Bus, log: SparingLog) {
    this.#bus = bus;
    this.#log = log;
    this.#state = bus.onState((state) => {
      if (state === 'restored') return;
      for (const channel of this.#channels) channel.fail(busLost());
    });
  }

  /** A channel for one stream's rounds, under a token that no other channel on the bus has. */
  channel(token: string): Channel {
    const channel = new Channel(
      this.#bus,
      token,
      (error) =>
        this.#log.warn('MESSAGE_INVALID', 'a decision could not be read', () => ({ error: String(error) })),
      () => this.#watch(),
      () => this.#channels.delete(channel),
    );
    this.#channels.add(channel);
    return channel;
  }

  /** Rounds that are open now. */
  get open(): number {
    let open = 0;
    for (const channel of this.#channels) open += channel.open;
    return open;
  }

  close(): void {
    this.#state.close();
    for (const channel of this.#channels) channel.close();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #watch(): void {
    if (this.#timer !== null) return;
    let ticked = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const stalled = now - ticked > STALL_MS;
      ticked = now;
      // Decisions may be waiting unread behind what held us up, such as a very large picture: read them first.
      if (stalled) return;
      const unix = unixNow();
      for (const channel of this.#channels) channel.expire(unix);
      if (this.open > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    }, TICK_MS);
  }
}

interface Waiting {
  readonly decided: Decided;
  readonly deadlines: Deadlines;
}

/** One stream's rounds. */
export class Channel {
  readonly #bus: Bus;
  readonly #token: string;
  readonly #partition: number;
  readonly #rounds = new Rounds<Waiting>();
  readonly #decisions: Subscribed;
  readonly #opened: () => void;
  readonly #closed: () => void;

  constructor(
    bus: Bus,
    token: string,
    onError: (error: unknown) => void,
    opened: () => void,
    closed: () => void,
  ) {
    this.#bus = bus;
    this.#token = token;
    this.#partition = partitionOf(token);
    this.#opened = opened;
    this.#closed = closed;
    this.#decisions = bus.subscribe(
      subjects.decisions(token),
      ({ data }) => {
        const decision = Decision.decode(data);
        const { round } = decision;
        if (round === undefined || round.stream !== token || round.look !== 0) return;
        this.#rounds.close(round.sequence)?.decided(decision);
      },
      onError,
    );
  }

  get open(): number {
    return this.#rounds.size;
  }

  /** Opens a round. `decided` is called once, perhaps before this returns, unless the round is given up. */
  ask(question: Question, decided: Decided): void {
    const { sequence, epoch, people, pixels, deadlines, context } = question;
    const round: Round = {
      stream: this.#token,
      sequence,
      look: 0,
      partition: this.#partition,
      epoch,
      people,
      openedMs: unixNow(),
      deadlineMs: deadlines.round,
    };
    this.#rounds.open(sequence, { decided, deadlines }, deadlines.overdue);
    this.#opened();
    // The terms go first: consensus need not hold votes for a round that it has not heard of.
    const sent =
      this.#bus.publish(
        subjects.round(this.#partition, this.#token),
        RoundOpened.encode({ round }).finish(),
        context,
      ) && this.#bus.publish(subjects.crop(this.#token), Crop.encode({ round, pixels }).finish(), context);
    if (!sent) this.#rounds.close(sequence)?.decided(busLost());
  }

  /** Nobody waits for the decision any more. */
  giveUp(sequence: bigint): void {
    this.#rounds.close(sequence)?.decided(gone());
  }

  expire(now: number): void {
    if (this.#rounds.size === 0) return;
    for (const { decided, deadlines } of this.#rounds.overdue(now)) {
      decided(
        deadlines.clientFirst
          ? new Fault('DEADLINE_PASSED', 'The swarm had not decided when the time was over.')
          : new Fault('NO_VOTES', 'No decision came: the consensus service did not answer in time.'),
      );
    }
  }

  fail(fault: Fault): void {
    for (const { decided } of this.#rounds.all()) decided(fault);
  }

  close(): void {
    this.#decisions.close();
    this.fail(gone());
    this.#closed();
  }
}

function busLost(): Fault {
  return new Fault('BUS_UNREACHABLE', 'The connection to NATS is lost; it is being tried again.');
}

function gone(): Fault {
  return new Fault('CANCELLED', 'The caller went away.');
}

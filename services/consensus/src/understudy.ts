import type { Bus, Subscribed } from '@murmuration/bus';
import { Decision, subjects } from '@murmuration/protocol/bus';
import type { Context, SparingLog } from '@murmuration/telemetry';
import { type Closed, roundKey } from './core/rounds.js';
import { Standby } from './core/standby.js';

const TICK_MS = 10;

/** Stands by for the keepers of other partitions: listens to what they decide, and decides what they do not. */
export class Understudy {
  readonly #bus: Bus;
  readonly #log: SparingLog;
  readonly #self: string;
  readonly #decide: (closed: Closed<Context>) => void;
  readonly #standby = new Standby<Closed<Context>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(bus: Bus, log: SparingLog, self: string, decide: (closed: Closed<Context>) => void) {
    this.#bus = bus;
    this.#log = log;
    this.#self = self;
    this.#decide = decide;
  }

  /** Rounds that wait for their keeper. */
  get waiting(): number {
    return this.#standby.waiting;
  }

  /** Follows a partition's decisions. */
  follow(partition: number): Subscribed {
    return this.#bus.subscribe(
      subjects.decisionsIn(partition),
      ({ data }) => {
        const { round, consensus } = Decision.decode(data);
        if (round !== undefined && consensus !== this.#self)
          this.#standby.decided(roundKey(round), partition);
      },
      (error) =>
        this.#log.warn('MESSAGE_INVALID', 'a decision could not be read', () => ({ error: String(error) })),
    );
  }

  /** A round was closed here that another is to decide. */
  take(closed: Closed<Context>): void {
    const { round } = closed;
    if (this.#standby.closed(roundKey(round), round.partition, closed, performance.now()))
      this.#decide(closed);
    else if (this.#standby.waiting > 0)
      this.#timer ??= setInterval(() => setImmediate(() => this.#tick()), TICK_MS);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    for (const closed of this.#standby.overdue(performance.now())) {
      this.#log.warn('KEEPER_SILENT', "a round was decided in its keeper's place", () => ({
        partition: closed.round.partition,
      }));
      this.#decide(closed);
    }
    if (this.#standby.waiting === 0) this.close();
  }
}

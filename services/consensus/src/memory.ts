import { type Bus, type KV, type Subscribed, watchBucket } from '@murmuration/bus';
import { buckets, Event, keys, ReputationRecord, subjects } from '@murmuration/protocol/bus';
import type { Logger } from '@murmuration/telemetry';
import type { Reputation, Reputations, Standing, StandingChange } from './core/reputation.js';

const SAVE_MS = 2000;

/** Keeps reputations in the store: the process's own are saved, those of the others are learnt. */
export class Memory {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #reputations: Reputations;
  readonly #kv: KV;
  readonly #own = new Map<string, number>();
  readonly #watch: Subscribed;
  readonly #timer: NodeJS.Timeout;
  #saving: Promise<void> | null = null;

  private constructor(bus: Bus, log: Logger, kv: KV, reputations: Reputations) {
    this.#bus = bus;
    this.#log = log;
    this.#kv = kv;
    this.#reputations = reputations;
    this.#watch = watchBucket(bus, {
      bucket: buckets.reputation,
      key: '>',
      onChange: ({ key, value, revision }) => {
        if (value !== null && (this.#own.get(key) ?? 0) < revision) this.#learn(value);
      },
      onError: (error) => log.warn({ error: String(error) }, 'the watch of reputations is begun again'),
    });
    this.#timer = setInterval(() => void this.save(), SAVE_MS);
  }

  /** @throws Fault BUS_UNREACHABLE */
  static async open(bus: Bus, log: Logger, reputations: Reputations): Promise<Memory> {
    return new Memory(bus, log, await bus.bucket(buckets.reputation), reputations);
  }

  /** Writes what has changed, one after the other: the store is in no hurry, and frames are. */
  async save(): Promise<void> {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = null;
    });
    await this.#saving;
  }

  /** Tells everybody that a host's squad has come to another standing. */
  tell(change: StandingChange): void {
    const { host, squad, from, to, value } = change;
    this.#log.warn({ host, squad, from, to, value }, 'standing');
    const event: Event = {
      kind: to === 'evicted' ? 'evicted' : 'recovered',
      subject: `${host}/${squad}`,
      reason: `reputation ${value.toFixed(2)}: ${to}`,
      atMs: Date.now(),
      epoch: 0n,
    };
    this.#bus.publish(subjects.event(event.kind), Event.encode(event).finish());
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#watch.close();
    if (this.#bus.connected) await this.save();
  }

  #learn(value: Uint8Array): void {
    const record = ReputationRecord.decode(value);
    if (!isStanding(record.standing)) return;
    const change = this.#reputations.learn({ ...record, standing: record.standing });
    if (change !== null) this.#log.info({ ...change }, 'standing learnt');
  }

  async #save(): Promise<void> {
    for (const one of [...this.#reputations.values()]) {
      if (!one.unsaved) continue;
      one.unsaved = false;
      try {
        await this.#write(one);
      } catch (error) {
        one.unsaved = true;
        this.#log.debug({ error: String(error) }, 'a reputation could not be saved; later again');
        return;
      }
    }
  }

  async #write(one: Reputation): Promise<void> {
    const { host, squad, value, standing } = one;
    const key = keys.reputation(host, squad);
    const record: ReputationRecord = { host, squad, value, standing, rounds: BigInt(one.rounds) };
    // Until the store says which revision this is, the watch must not take it for somebody else's.
    this.#own.set(key, Number.POSITIVE_INFINITY);
    try {
      this.#own.set(key, await this.#kv.put(key, ReputationRecord.encode(record).finish()));
    } catch (error) {
      this.#own.delete(key);
      throw error;
    }
  }
}

function isStanding(text: string): text is Standing {
  return text === 'free' || text === 'evicted' || text === 'probation';
}

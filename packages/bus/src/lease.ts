import { Lease } from '@murmuration/protocol/bus';
import type { KV } from './bus.js';

/** What a holder saw of a lease. */
interface Seen {
  readonly revision: number;
  readonly lease: Lease;
  /** When this process first saw that revision, by its own clock. */
  readonly at: number;
}

/**
 * One key of the bucket `leases`, held by compare-and-set. A lease is over when its revision has not changed for its
 * duration *by the observer's own clock*, so clocks need not agree (as Kubernetes' leader election does it). The term
 * grows with each new holder: a deposed one is told apart by it.
 */
export class LeaseKey {
  readonly #kv: KV;
  readonly #key: string;
  readonly #holder: string;
  readonly #durationMs: number;
  #seen: Seen | null = null;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #term = 0n;

  constructor(kv: KV, key: string, holder: string, durationMs: number) {
    this.#kv = kv;
    this.#key = key;
    this.#holder = holder;
    this.#durationMs = durationMs;
  }

  /** Held at `now`: a margin of a quarter keeps a slow holder from acting on a lease that others think is over. */
  held(now: number): boolean {
    return this.#term > 0n && now - this.#renewedAt < this.#durationMs * 0.75;
  }

  /** The term under which it is held, 0 where it is not. */
  get term(): bigint {
    return this.#term;
  }

  /** Who holds it, as last seen; "" while nobody does. */
  get holder(): string {
    return this.#seen?.lease.holder ?? '';
  }

  /**
   * Takes note of a change that a watch saw at `now`. With it a lease's time runs from when it was last renewed, not from
   * when this process first looked, so that it is taken over as soon as it is over. `value` is null for a deleted key.
   */
  observe(value: Uint8Array | null, revision: number, now: number): void {
    if (revision === this.#seen?.revision) return;
    this.#seen = value === null ? null : { revision, lease: Lease.decode(value), at: now };
  }

  /** Renews it where held, takes it where nobody holds it. Call every third of its duration. Never throws. */
  async tend(now: () => number): Promise<boolean> {
    const start = now();
    try {
      await this.#look(start);
      const seen = this.#seen;
      const mine = seen !== null && seen.lease.holder === this.#holder && this.#term === seen.lease.term;
      const over =
        seen === null ||
        seen.lease.holder === '' ||
        start - seen.at >= (seen.lease.durationMs || this.#durationMs);
      if (!mine && !over) {
        this.#term = 0n;
        return false;
      }
      const lease: Lease = {
        holder: this.#holder,
        term: mine ? seen.lease.term : (seen?.lease.term ?? 0n) + 1n,
        durationMs: this.#durationMs,
        renewals: (seen?.lease.renewals ?? 0n) + 1n,
      };
      const revision = await this.#write(lease, seen);
      this.#seen = { revision, lease, at: start };
      this.#term = lease.term;
      this.#renewedAt = start;
      return true;
    } catch {
      // Lost the race, or the bus is away: the lease runs out by itself if that lasts.
      return this.held(now());
    }
  }

  /** Gives it up at once, so that another need not wait for its end. */
  async release(): Promise<void> {
    if (this.#term === 0n || this.#seen === null) return;
    const { lease, revision } = this.#seen;
    this.#term = 0n;
    await this.#kv
      .update(this.#key, Lease.encode({ ...lease, holder: '' }).finish(), revision)
      .catch(() => {}); // somebody else has it already, or the bus is gone: it runs out
  }

  async #look(now: number): Promise<void> {
    const entry = await this.#kv.get(this.#key);
    if (entry === null || entry.operation !== 'PUT') this.#seen = null;
    else if (entry.revision !== this.#seen?.revision) {
      this.#seen = { revision: entry.revision, lease: Lease.decode(entry.value), at: now };
    }
  }

  #write(lease: Lease, seen: Seen | null): Promise<number> {
    const data = Lease.encode(lease).finish();
    return seen === null ? this.#kv.create(this.#key, data) : this.#kv.update(this.#key, data, seen.revision);
  }
}

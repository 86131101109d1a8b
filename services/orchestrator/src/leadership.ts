import { type Bus, LeaseKey, type Subscribed } from '@murmuration/bus';
import { buckets, keys } from '@murmuration/protocol';

/** Held for so long without renewal: a dead leader is replaced within this. */
const LEASE_MS = 1500;
const TEND_MS = 500;
/** How soon a lease that ran out is noticed. */
const CHECK_MS = 100;

/** Keeps trying to lead. One orchestrator leads at a time, by a lease in the bucket `leases`. */
export class Leadership {
  readonly #bus: Bus;
  readonly #lease: LeaseKey;
  readonly #onChange: (leading: boolean) => void;
  #timers: NodeJS.Timeout[] = [];
  #state: Subscribed | null = null;
  #tending = false;
  #leading = false;

  private constructor(bus: Bus, lease: LeaseKey, onChange: (leading: boolean) => void) {
    this.#bus = bus;
    this.#lease = lease;
    this.#onChange = onChange;
  }

  /** @throws Fault BUS_UNREACHABLE */
  static async make(bus: Bus, id: string, onChange: (leading: boolean) => void): Promise<Leadership> {
    const kv = await bus.bucket(buckets.leases);
    return new Leadership(bus, new LeaseKey(kv, keys.leader, id, LEASE_MS), onChange);
  }

  begin(): void {
    this.#timers = [
      setInterval(() => void this.#tend(), TEND_MS),
      setInterval(() => this.#check(), CHECK_MS),
    ];
    this.#state = this.#bus.onState((state) => {
      if (state !== 'restored') return;
      // The server may have come back without its store; and what was asked before it went is never answered.
      this.#tending = false;
      this.#bus.bucket(buckets.leases).then(
        () => this.#tend(),
        () => {}, // tried again by the timer
      );
    });
    void this.#tend();
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** Who leads, as last seen; "" while nobody does. */
  get leader(): string {
    return this.#lease.holder;
  }

  /** Gives leadership up, so that another has it at once. */
  async end(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#state?.close();
    await this.#lease.release();
    this.#check();
  }

  async #tend(): Promise<void> {
    if (this.#tending) return;
    this.#tending = true;
    await this.#lease.tend(() => performance.now());
    this.#tending = false;
    this.#check();
  }

  #check(): void {
    const leading = this.#lease.held(performance.now());
    if (leading === this.#leading) return;
    this.#leading = leading;
    this.#onChange(leading);
  }
}

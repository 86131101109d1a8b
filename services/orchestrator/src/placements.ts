import { type Bus, type KV, type Subscribed, watchBucket } from '@murmuration/bus';
import {
  buckets,
  Fault,
  type HostSquads,
  keys,
  Order,
  OrderReply,
  Placement,
  subjects,
} from '@murmuration/protocol';
import type { Logger } from '@murmuration/telemetry';
import type { Member } from './core/membership.js';
import {
  covers,
  newPlacer,
  type Placer,
  type PlacerEffect,
  type PlacerEvent,
  type PlacerSettings,
  type Stored,
  stepPlacer,
} from './core/placer.js';

const TICK_MS = 20;
const ORDER_MS = 2000;

/** Follows the placement, and makes it while this process leads. */
export class Placements {
  readonly #bus: Bus;
  readonly #kv: KV;
  readonly #settings: PlacerSettings;
  readonly #log: Logger;
  readonly #members: () => Member[];
  readonly #onPlacement: (placement: Placement) => void;
  readonly #watch: Subscribed;
  readonly #timer: NodeJS.Timeout;
  readonly #bussed: Subscribed;
  #state: Placer = newPlacer();
  /** Whether this process is to lead; it does once it has read what is stored. */
  #wanted = false;

  private constructor(
    bus: Bus,
    kv: KV,
    settings: PlacerSettings,
    log: Logger,
    members: () => Member[],
    onPlacement: (placement: Placement) => void,
  ) {
    this.#bus = bus;
    this.#kv = kv;
    this.#settings = settings;
    this.#log = log;
    this.#members = members;
    this.#onPlacement = onPlacement;
    this.#watch = watchBucket(bus, {
      bucket: buckets.placement,
      key: keys.placement,
      onChange: ({ value, revision }) => {
        if (value !== null) this.#step({ kind: 'watched', stored: storedIn(value, revision) });
      },
      onError: (error) => log.warn({ error: String(error) }, 'the watch of the placement is begun again'),
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    // The server may have come back with an empty store: the leader looks, and writes what it knows.
    this.#bussed = bus.onState((state) => {
      if (state === 'restored' && this.#state.leading) void this.#read();
    });
  }

  /** @throws Fault BUS_UNREACHABLE */
  static async begin(
    bus: Bus,
    settings: PlacerSettings,
    log: Logger,
    members: () => Member[],
    onPlacement: (placement: Placement) => void,
  ): Promise<Placements> {
    const kv = await bus.bucket(buckets.placement);
    return new Placements(bus, kv, settings, log, members, onPlacement);
  }

  /** The placement in force, as far as this process knows. */
  get current(): Placement | null {
    return this.#state.stored?.placement ?? null;
  }

  /** Whether every squad runs on a host that lives. */
  get complete(): boolean {
    return covers(this.current, this.#settings.squads, this.#living());
  }

  /** Whether any host of the placement lives. */
  get any(): boolean {
    const living = this.#living();
    return this.current?.hosts.some((host) => living.has(host.incarnation)) ?? false;
  }

  /** Begins or ends to make placements. */
  lead(wanted: boolean): void {
    this.#wanted = wanted;
    if (!wanted) this.#step({ kind: 'leading', leading: false });
    else void this.#read();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watch.close();
    this.#bussed.close();
  }

  #living(): Set<string> {
    return new Set(this.#members().map((member) => member.incarnation));
  }

  #tick(): void {
    if (!this.#bus.connected) return;
    this.#step({ kind: 'tick', members: this.#members() });
  }

  #step(event: PlacerEvent): void {
    const before = this.current;
    const { state, effects } = stepPlacer(this.#state, event, performance.now(), this.#settings);
    this.#state = state;
    if (this.current !== null && this.current !== before) this.#onPlacement(this.current);
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: PlacerEffect): void {
    switch (effect.kind) {
      case 'assign':
        void this.#order(effect.epoch, effect.bundle, effect.order);
        return;
      case 'commit':
        void this.#commit(effect.placement, effect.revision);
        return;
      case 'read':
        void this.#read();
        return;
      case 'left-out':
        this.#log.warn({ host: effect.host, code: effect.code }, 'host left out: it did not take its squads');
        return;
      case 'unplaced':
        this.#log.warn(
          { squads: effect.squads },
          'squads without a host: the hosts have too little capacity',
        );
    }
  }

  async #order(epoch: bigint, bundle: string, { host, incarnation, squads }: HostSquads): Promise<void> {
    const order = Order.encode({
      incarnation,
      order: { $case: 'assign', value: { epoch, bundle, squads } },
    }).finish();
    let code: string;
    let hostEpoch = 0n;
    try {
      const reply = OrderReply.decode(await this.#bus.request(subjects.order(host), order, ORDER_MS));
      code = reply.code;
      hostEpoch = reply.epoch;
    } catch (error) {
      code = Fault.from(error).code;
    }
    this.#step({ kind: 'reply', epoch, host, incarnation, code, hostEpoch });
  }

  async #commit(placement: Placement, revision: number): Promise<void> {
    const { epoch } = placement;
    const value = Placement.encode(placement).finish();
    try {
      const written =
        revision === 0
          ? await this.#kv.create(keys.placement, value)
          : await this.#kv.update(keys.placement, value, revision);
      this.#log.info({ epoch: Number(epoch), hosts: summary(placement) }, 'placement');
      this.#step({ kind: 'committed', epoch, revision: written });
    } catch (error) {
      this.#log.warn({ epoch: Number(epoch), error: String(error) }, 'placement not written; reading again');
      this.#step({ kind: 'committed', epoch, revision: null });
    }
  }

  /** Reads what is stored; then leads, where that is wanted. Tried again by itself while the bus is away. */
  async #read(): Promise<void> {
    try {
      await this.#bus.bucket(buckets.placement);
      const entry = await this.#kv.get(keys.placement);
      const stored = entry?.operation === 'PUT' ? storedIn(entry.value, entry.revision) : null;
      this.#step({ kind: 'read', stored });
      if (this.#wanted && !this.#state.leading) this.#step({ kind: 'leading', leading: true });
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'the placement could not be read; trying again');
      if (this.#wanted) setTimeout(() => void this.#read(), 500).unref();
    }
  }
}

function storedIn(value: Uint8Array, revision: number): Stored {
  return { placement: Placement.decode(value), revision };
}

function summary(placement: Placement): Record<string, string> {
  return Object.fromEntries(placement.hosts.map(({ host, squads }) => [host, squads.join(' ')]));
}

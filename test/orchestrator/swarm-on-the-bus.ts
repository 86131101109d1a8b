import { Bus, type Subscribed } from '@murmuration/bus';
import {
  Beat,
  Crop,
  Decision,
  HostPhase,
  JOINTS,
  Order,
  OrderReply,
  partitionOf,
  type Round,
  RoundOpened,
  subjects,
} from '@murmuration/protocol';

/**
 * The other side of the orchestrator's wire, for tests of the orchestrator alone: hosts that beat and take orders, and
 * a consensus that decides what the test says. They speak the protocol over a real nats-server and compute nothing.
 */
export class SwarmOnTheBus {
  readonly bus: Bus;
  readonly hosts = new Map<string, BusHost>();
  /** Rounds and crops, as they came in. */
  readonly rounds: Round[] = [];
  readonly crops: Crop[] = [];
  readonly events: string[] = [];
  /** What becomes of a round. */
  decide: (crop: Crop) => Partial<Decision> | null = () => ({});
  /** Milliseconds before a decision is sent. */
  delay: (round: Round) => number = () => 0;

  private constructor(bus: Bus) {
    this.bus = bus;
    const fail = (error: unknown): void => console.error(error);
    bus.subscribe(
      subjects.rounds(0).replace('.0.', '.*.'),
      ({ data }) => {
        const { round } = RoundOpened.decode(data);
        if (round !== undefined) this.rounds.push(round);
      },
      fail,
    );
    bus.subscribe(subjects.crops, ({ data }) => this.#answer(Crop.decode(data)), fail);
    bus.subscribe(subjects.events, ({ subject }) => this.events.push(subject), fail);
  }

  static async join(url: string): Promise<SwarmOnTheBus> {
    return new SwarmOnTheBus(await Bus.connect({ url, name: 'test-swarm' }));
  }

  host(name: string): BusHost {
    const host = new BusHost(this.bus, name);
    this.hosts.set(name, host);
    return host;
  }

  async leave(): Promise<void> {
    for (const host of this.hosts.values()) host.die();
    await this.bus.close();
  }

  #answer(crop: Crop): void {
    this.crops.push({ ...crop, pixels: crop.pixels.slice() });
    const { round } = crop;
    const decided = this.decide(crop);
    if (round === undefined || decided === null) return;
    const names = [...this.hosts.keys()];
    const decision = Decision.encode(
      Decision.fromPartial({
        round,
        poses: Array.from({ length: round.people }, () => ({ keypoints: middle(), tolerated: 1, depth: 2 })),
        voted: names,
        expected: names,
        closedBy: 'complete',
        ...decided,
      }),
    ).finish();
    const subject = subjects.decision(partitionOf(round.stream), round.stream);
    setTimeout(() => this.bus.publish(subject, decision), this.delay(round));
  }
}

/** All joints in the middle of the crop, sure of it, with a spread of 2 crop pixels. */
export function middle(): Uint8Array {
  const values = Float32Array.from({ length: JOINTS.length * 4 }, (_, i) => [64, 64, 0.5, 2][i % 4] ?? 0);
  return new Uint8Array(values.buffer);
}

let started = 0;

/** A host as the orchestrator sees it. */
export class BusHost {
  readonly name: string;
  readonly incarnation: string;
  /** What it was assigned, oldest first. */
  readonly orders: { readonly epoch: bigint; readonly squads: readonly string[] }[] = [];
  /** The code of its replies; null for none at all. */
  code: string | null = '';
  readonly #bus: Bus;
  readonly #timer: NodeJS.Timeout;
  readonly #orders: Subscribed;
  #phase = HostPhase.HOST_PHASE_IDLE;

  constructor(bus: Bus, name: string) {
    this.#bus = bus;
    this.name = name;
    started += 1;
    this.incarnation = `${Date.now()}-${started}`;
    this.#orders = bus.subscribe(
      subjects.order(name),
      ({ data, respond }) => {
        const { order, incarnation } = Order.decode(data);
        if (order?.$case !== 'assign' || this.code === null) return;
        const { epoch, squads } = order.value;
        const code = incarnation === this.incarnation ? this.code : 'ORDER_NOT_MINE';
        if (code === '') {
          this.orders.push({ epoch, squads });
          this.#phase = HostPhase.HOST_PHASE_WORKING;
        }
        respond(OrderReply.encode({ code, message: code, epoch: this.epoch }).finish());
        this.beat();
      },
      (error) => console.error(error),
    );
    this.#timer = setInterval(() => this.beat(), 100);
    this.beat();
  }

  get epoch(): bigint {
    return this.orders.at(-1)?.epoch ?? 0n;
  }

  get squads(): readonly string[] {
    return this.orders.at(-1)?.squads ?? [];
  }

  beat(): void {
    const beat = Beat.fromPartial({
      host: this.name,
      pid: 4711,
      address: 'test',
      incarnation: this.incarnation,
      phase: this.#phase,
      epoch: this.epoch,
      squads: [...this.squads],
      load: 0.25,
    });
    this.#bus.publish(subjects.beat(this.name), Beat.encode(beat).finish());
  }

  /** Falls silent, as one that was killed. */
  die(): void {
    clearInterval(this.#timer);
    this.#orders.close();
  }

  /** Ends in an orderly way. */
  leave(): void {
    this.#phase = HostPhase.HOST_PHASE_GONE;
    this.beat();
    this.die();
  }
}

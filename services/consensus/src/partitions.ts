import { type Bus, type KV, LeaseKey, type Subscribed, type Watched, watchBucket } from '@murmuration/bus';
import { buckets, keys, Lease, MEMBER_TTL_MS, PARTITIONS } from '@murmuration/protocol/bus';
import type { Logger } from '@murmuration/telemetry';
import { type Part, partOf } from './core/dealing.js';
import { Members } from './core/members.js';

/** A keeper that has not renewed for so long has lost its partition. */
const LEASE_MS = 1500;
const TEND_MS = 400;
/** A process that ends keeps what it handed over for so long, unless the new keepers are seen before. */
const HAND_OVER_MS = 1000;

interface Partition {
  readonly number: number;
  readonly lease: LeaseKey;
  /** What this process is to do for it, as the members are now. */
  part: Part;
  /** Its rounds and votes are taken in. */
  serving: Subscribed | null;
  /** This process decides its rounds. */
  keeping: boolean;
  /** Its lease was released for another to take. */
  offered: boolean;
  tending: boolean;
}

const clock = (): number => performance.now();

/**
 * The partitions that this process keeps or stands by for. Members write their records, everybody deals the partitions out
 * to the members in the same way, and each takes the leases of those that are dealt to it.
 *
 * A partition is kept until *another's* lease is seen, not only while one's own is fresh: two that decide the same round
 * do no harm, since the orchestrator takes the first decision, but a round that nobody decides is a lost frame.
 */
export class Partitions {
  readonly #self: string;
  readonly #log: Logger;
  readonly #members: Members;
  readonly #memberKv: KV;
  readonly #serve: (partition: number) => Subscribed;
  readonly #partitions: readonly Partition[];
  readonly #watches: readonly Subscribed[];
  readonly #timer: NodeJS.Timeout;
  #ending = false;

  private constructor(
    bus: Bus,
    log: Logger,
    self: string,
    memberKv: KV,
    leaseKv: KV,
    serve: (partition: number) => Subscribed,
  ) {
    this.#self = self;
    this.#log = log;
    this.#members = new Members(self);
    this.#memberKv = memberKv;
    this.#serve = serve;
    this.#partitions = Array.from({ length: PARTITIONS }, (_, number) => ({
      number,
      lease: new LeaseKey(leaseKv, keys.partition(number), self, LEASE_MS),
      part: 'none',
      serving: null,
      keeping: false,
      offered: false,
      tending: false,
    }));
    const onError = (error: unknown): void =>
      log.warn({ error: String(error) }, 'the watch of members and leases is begun again');
    this.#watches = [
      watchBucket(bus, {
        bucket: buckets.members,
        key: keys.members,
        ttlMs: MEMBER_TTL_MS,
        onChange: (change) => this.#onMember(change),
        onError,
      }),
      watchBucket(bus, {
        bucket: buckets.leases,
        key: keys.partitions,
        onChange: (change) => this.#onLease(change),
        onError,
      }),
    ];
    this.#timer = setInterval(() => void this.#tend(), TEND_MS);
  }

  /** Joins the other consensus processes. `serve` takes in a partition's messages. @throws Fault BUS_UNREACHABLE */
  static async join(
    bus: Bus,
    log: Logger,
    self: string,
    serve: (partition: number) => Subscribed,
  ): Promise<Partitions> {
    const memberKv = await bus.bucket(buckets.members, { ttlMs: MEMBER_TTL_MS });
    const leaseKv = await bus.bucket(buckets.leases);
    const partitions = new Partitions(bus, log, self, memberKv, leaseKv, serve);
    // Whoever is there already is to be known before the first deal, or this process would deal all to itself.
    for await (const key of await memberKv.keys()) partitions.#members.heard(memberOf(key), clock());
    await partitions.#tend();
    return partitions;
  }

  /** Whether this process decides the rounds of a partition. */
  keeps(partition: number): boolean {
    return this.#partitions[partition]?.keeping === true;
  }

  /** The partitions whose rounds this process decides. */
  get kept(): number[] {
    return this.#partitions.filter((one) => one.keeping).map((one) => one.number);
  }

  /** Hands all partitions over, and goes on with each until its new keeper is seen, or for a while. */
  async leave(): Promise<void> {
    this.#ending = true;
    clearInterval(this.#timer);
    const others = this.#members.alive(clock()).size > 1;
    await this.#memberKv.delete(keys.member(this.#self)).catch(() => {}); // it vanishes by itself
    await Promise.all(this.#partitions.map((one) => one.lease.release()));
    const end = clock() + HAND_OVER_MS;
    while (others && this.kept.length > 0 && clock() < end) await new Promise((done) => setTimeout(done, 10));
    for (const watch of this.#watches) watch.close();
    for (const one of this.#partitions) this.#stop(one);
  }

  async #tend(): Promise<void> {
    if (this.#ending) return;
    const record: Lease = { holder: this.#self, term: 0n, durationMs: MEMBER_TTL_MS, renewals: 0n };
    // The others notice its absence; there is nobody else to tell.
    await this.#memberKv.put(keys.member(this.#self), Lease.encode(record).finish()).catch(() => {});
    await Promise.all(this.#partitions.map((one) => this.#settle(one)));
  }

  /** Does for a partition what the members, as they are now, want of this process. */
  async #settle(one: Partition): Promise<void> {
    if (one.tending || this.#ending) return;
    one.tending = true;
    try {
      const alive = this.#members.alive(clock());
      one.part = partOf(this.#self, one.number, alive);
      if (one.part !== 'none') one.serving ??= this.#serve(one.number);
      if (one.part === 'keep') {
        one.offered = false;
        const taken = await one.lease.tend(clock);
        // Who has the lease may be gone, or this process's own predecessor: then it is only a matter of its time.
        if (taken || !this.#isOther(one.lease.holder)) this.#keep(one);
      } else if (one.keeping && !one.offered) {
        // Kept until the new keeper's lease is seen; where none comes, it will be dealt to this process again.
        one.offered = true;
        await one.lease.release();
      } else if (one.part === 'none' && !one.keeping) {
        this.#stop(one);
      }
    } finally {
      one.tending = false;
    }
  }

  #isOther(holder: string): boolean {
    return holder !== '' && holder !== this.#self && this.#members.alive(clock()).has(holder);
  }

  #keep(one: Partition): void {
    if (one.keeping || this.#ending || one.serving === null) return;
    one.keeping = true;
    this.#log.info({ partition: one.number }, 'partition taken');
  }

  #stop(one: Partition): void {
    if (one.keeping) this.#log.info({ partition: one.number }, 'partition given up');
    one.keeping = false;
    one.offered = false;
    one.serving?.close();
    one.serving = null;
  }

  #onMember({ key, value }: Watched): void {
    const before = this.#members.alive(clock()).size;
    if (value === null) this.#members.left(memberOf(key));
    else this.#members.heard(memberOf(key), clock());
    if (this.#members.alive(clock()).size !== before) void this.#tend();
  }

  #onLease({ key, value, revision }: Watched): void {
    const one = this.#partitions.find(({ number }) => keys.partition(number) === key);
    if (one === undefined) return;
    one.lease.observe(value, revision, clock());
    if (this.#isOther(one.lease.holder)) {
      if (one.keeping)
        this.#log.info({ partition: one.number, to: one.lease.holder }, 'partition handed over');
      one.keeping = false;
      one.offered = false;
      if (one.part !== 'stand-by' || this.#ending) this.#stop(one);
    } else if (one.lease.holder === '') {
      void this.#settle(one); // whoever it is dealt to takes it at once
    }
  }
}

function memberOf(key: string): string {
  return key.slice(key.indexOf('.') + 1);
}

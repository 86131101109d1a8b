import { type Bus, type KV, LeaseKey, type Subscribed, type Watched, watchBucket } from '@murmuration/bus';
import { buckets, keys, Lease, MEMBER_TTL_MS, PARTITIONS } from '@murmuration/protocol';
import type { Logger } from '@murmuration/telemetry';
import { dealtTo } from './core/dealing.js';
import { Members } from './core/members.js';

/** A keeper that has not renewed for so long has lost its partition. */
const LEASE_MS = 1500;
const TEND_MS = 400;
/** A process that ends serves what it handed over for so long, unless the new keepers are seen before. */
const HAND_OVER_MS = 1000;

interface Partition {
  readonly number: number;
  readonly lease: LeaseKey;
  serving: Subscribed | null;
  /** It was released for another to take. */
  offered: boolean;
  tending: boolean;
}

const clock = (): number => performance.now();

/**
 * The partitions that this process keeps. Members write their records, everybody deals the partitions out to the members in
 * the same way, and each takes the leases of those that are dealt to it.
 *
 * A partition is served from its lease on until *another's* lease is seen, not only while one's own is fresh: two that
 * decide the same round do no harm, since the orchestrator takes the first decision, but a round that nobody decides is a
 * lost frame.
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
      serving: null,
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

  /** Joins the other consensus processes. @throws Fault BUS_UNREACHABLE */
  static async join(
    bus: Bus,
    log: Logger,
    self: string,
    serve: (partition: number) => Subscribed,
  ): Promise<Partitions> {
    const memberKv = await bus.bucket(buckets.members, { ttlMs: MEMBER_TTL_MS });
    const leaseKv = await bus.bucket(buckets.leases);
    const partitions = new Partitions(bus, log, self, memberKv, leaseKv, serve);
    await partitions.#tend();
    return partitions;
  }

  /** The partitions that are served here. */
  get served(): number[] {
    return this.#partitions.filter((one) => one.serving !== null).map((one) => one.number);
  }

  /** Hands all partitions over, and goes on serving each until its new keeper is seen, or for a while. */
  async leave(): Promise<void> {
    this.#ending = true;
    clearInterval(this.#timer);
    await this.#memberKv.delete(keys.member(this.#self)).catch(() => {}); // it vanishes by itself
    await Promise.all(this.#partitions.map((one) => one.lease.release()));
    const end = clock() + HAND_OVER_MS;
    const others = this.#members.alive(clock()).size > 1;
    while (others && this.served.length > 0 && clock() < end)
      await new Promise((done) => setTimeout(done, 10));
    for (const watch of this.#watches) watch.close();
    for (const one of this.#partitions) this.#stop(one);
  }

  async #tend(): Promise<void> {
    await this.#writeMember();
    const mine = new Set(dealtTo(this.#self, this.#members.alive(clock())));
    await Promise.all(this.#partitions.map((one) => this.#settle(one, mine.has(one.number))));
  }

  async #writeMember(): Promise<void> {
    if (this.#ending) return;
    const record: Lease = { holder: this.#self, term: 0n, durationMs: MEMBER_TTL_MS, renewals: 0n };
    // The others notice its absence; there is nobody else to tell.
    await this.#memberKv.put(keys.member(this.#self), Lease.encode(record).finish()).catch(() => {});
  }

  async #settle(one: Partition, mine: boolean): Promise<void> {
    if (one.tending || this.#ending) return;
    one.tending = true;
    try {
      if (mine) {
        one.offered = false;
        if (await one.lease.tend(clock)) this.#start(one);
      } else if (one.serving !== null && !one.offered) {
        // It is served until the new keeper's lease is seen; where none comes, it will be dealt to this process again.
        one.offered = true;
        await one.lease.release();
      }
    } finally {
      one.tending = false;
    }
  }

  #start(one: Partition): void {
    if (one.serving !== null || this.#ending) return;
    one.serving = this.#serve(one.number);
    this.#log.info({ partition: one.number, term: Number(one.lease.term) }, 'partition taken');
  }

  #stop(one: Partition): void {
    if (one.serving === null) return;
    one.serving.close();
    one.serving = null;
    one.offered = false;
    this.#log.info({ partition: one.number }, 'partition given up');
  }

  #onMember({ key, value }: Watched): void {
    const member = value === null ? key.slice(key.indexOf('.') + 1) : Lease.decode(value).holder;
    const before = this.#members.alive(clock()).size;
    if (value === null) this.#members.left(member);
    else this.#members.heard(member, clock());
    if (this.#members.alive(clock()).size !== before) void this.#tend();
  }

  #onLease({ key, value, revision }: Watched): void {
    const one = this.#partitions.find(({ number }) => keys.partition(number) === key);
    if (one === undefined) return;
    one.lease.observe(value, revision, clock());
    const { holder } = one.lease;
    if (holder !== '' && holder !== this.#self) this.#stop(one);
    else if (holder === '') void this.#settleNow(one);
  }

  /** Somebody has just given it up: whoever it is dealt to takes it at once. */
  async #settleNow(one: Partition): Promise<void> {
    const mine = dealtTo(this.#self, this.#members.alive(clock())).includes(one.number);
    if (mine) await this.#settle(one, true);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, type Received, type Subscribed, watchBucket } from '@murmuration/bus';
import {
  Beat,
  buckets,
  Fault,
  keys,
  Order,
  OrderReply,
  Placement,
  subjects,
} from '@murmuration/protocol/bus';
import type { Logger, SparingLog } from '@murmuration/telemetry';
import { type BeatSettings, Beats } from './beats.js';
import { Canary } from './canary.js';
import { mustYield } from './core/clash.js';
import { type Duty, type DutyEffect, type DutyEvent, newDuty, stepDuty, type Task } from './core/duty.js';
import { type Kernel, Looker } from './look.js';

/** Beats of another with the same id are listened for, for so many intervals, before the first own one. */
const LISTEN_BEATS = 3;
/** The longest that a draining host goes on voting for a placement that still counts on it. */
const RELIEF_MS = 1500;
/** After its relief it votes on for the rounds that were opened before. */
const LAST_ROUNDS_MS = 100;

/** Makes the kernel that runs a task's squads, in their order. */
export type LoadKernel = (task: Task) => Promise<Kernel>;

export interface HostSettings extends BeatSettings {
  readonly incarnation: string;
}

/** An order that waits for its reply. */
type Waiting = (reply: Uint8Array) => void;

/** One agent-host on the bus: it carries out what its core decides. */
export class Host {
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #sparing: SparingLog;
  readonly #settings: HostSettings;
  readonly #loadKernel: LoadKernel;
  readonly #looker: Looker;
  readonly #canary = new Canary();
  readonly #beats: Beats;
  readonly #subscriptions: Subscribed[] = [];
  #duty: Duty<Waiting>;
  #listening = true;
  /** What was loaded last, until the core says that it is to be used. */
  #loaded: { readonly load: number; readonly kernel: Kernel; readonly task: Task } | null = null;
  #fail: (fault: Fault) => void = () => {};
  /** Resolves when another process turns out to have this host's id. */
  readonly failure: Promise<Fault>;

  private constructor(
    bus: Bus,
    log: Logger,
    sparing: SparingLog,
    settings: HostSettings,
    loadKernel: LoadKernel,
  ) {
    this.#bus = bus;
    this.#log = log;
    this.#sparing = sparing;
    this.#settings = settings;
    this.#loadKernel = loadKernel;
    this.#duty = newDuty(settings.incarnation);
    this.#looker = new Looker(bus, sparing, settings.host, settings.incarnation);
    this.#beats = new Beats(
      bus,
      settings,
      () => this.#duty,
      () => this.#looker.counts.voted,
      this.#canary,
    );
    this.failure = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  /** Joins the swarm. @throws Fault HOST_ID_TAKEN */
  static async join(
    bus: Bus,
    log: Logger,
    sparing: SparingLog,
    settings: HostSettings,
    loadKernel: LoadKernel,
  ): Promise<Host> {
    const host = new Host(bus, log, sparing, settings, loadKernel);
    await host.#join();
    return host;
  }

  async #join(): Promise<void> {
    const { host, beatMs } = this.#settings;
    this.#subscribe(subjects.beat(host), (message) => this.#onOwnBeat(message));
    const taken = await Promise.race([this.failure, sleep(LISTEN_BEATS * beatMs, null)]);
    if (taken !== null) {
      this.#close();
      throw taken;
    }
    this.#listening = false;
    this.#subscribe(subjects.order(host), (message) => this.#onOrder(message));
    this.#subscribe(subjects.crops, this.#looker.onCrop);
    this.#subscriptions.push(
      this.#bus.onState((state) => {
        this.#log.info({ state }, 'bus');
        if (state === 'restored') this.#beats.now();
      }),
    );
    await this.#bus.flush(); // whoever hears the first beat may send an order at once
    this.#beats.begin();
  }

  #subscribe(subject: string, handler: (message: Received) => void): void {
    const onError = (error: unknown): void =>
      this.#sparing.warn('MESSAGE_INVALID', 'a message could not be handled', () => ({
        subject,
        error: String(error),
      }));
    this.#subscriptions.push(this.#bus.subscribe(subject, handler, onError));
  }

  #onOwnBeat(message: Received): void {
    const beat = Beat.decode(message.data);
    if (!mustYield(this.#settings.incarnation, beat, this.#listening)) return;
    const { host } = this.#settings;
    this.#fail(new Fault('HOST_ID_TAKEN', `The host id ${host} is that of process ${beat.address}.`));
  }

  #onOrder(message: Received): void {
    const { incarnation, order } = Order.decode(message.data);
    const respond: Waiting = (reply) => message.respond(reply);
    if (order?.$case === 'assign')
      this.#step({ type: 'assign', incarnation, assign: order.value, order: respond });
    else if (order?.$case === 'drain') this.#step({ type: 'give-up', incarnation, order: respond });
    else this.#reply(respond, 'MESSAGE_INVALID', 'The order holds none.', this.#duty.task.epoch);
  }

  #step(event: DutyEvent<Waiting>): void {
    const before = this.#duty.task;
    const { state, effects } = stepDuty(this.#duty, event);
    this.#duty = state;
    if (state.task !== before) {
      this.#looker.renew(state.task);
      this.#log.info({ epoch: Number(state.task.epoch), squads: state.task.squads }, 'placement taken up');
    }
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: DutyEffect<Waiting>): void {
    switch (effect.type) {
      case 'reply':
        this.#reply(effect.order, effect.code, effect.message, effect.epoch);
        return;
      case 'load':
        void this.#load(effect.load, effect.task);
        return;
      case 'use':
        if (this.#loaded?.load === effect.load) {
          this.#looker.use(this.#loaded.kernel, this.#duty.task);
          this.#canary.use(this.#loaded.kernel, this.#loaded.task.squads.length);
        }
        this.#loaded = null;
        return;
      case 'rest':
        this.#looker.rest();
        this.#canary.rest();
        return;
      case 'beat':
        this.#beats.now();
    }
  }

  #reply(respond: Waiting, code: string, message: string, epoch: bigint): void {
    if (code !== '') this.#log.warn({ code, epoch: Number(epoch) }, `order refused: ${message}`);
    respond(OrderReply.encode({ code, message, epoch }).finish());
  }

  async #load(load: number, task: Task): Promise<void> {
    try {
      const kernel = await this.#loadKernel(task);
      if (this.#duty.loading?.load === load) this.#loaded = { load, kernel, task };
      this.#step({ type: 'loaded', load });
    } catch (thrown) {
      const fault = Fault.from(thrown);
      this.#step({ type: 'failed', load, code: fault.code, message: fault.message });
    }
  }

  /** Leaves the swarm: goes on voting until the placement does without it, then says that it is gone. */
  async drain(): Promise<void> {
    this.#step({ type: 'drain' });
    if (this.#duty.task.squads.length > 0) await this.#relief();
    this.#step({ type: 'relieved' });
    await Promise.race([this.#bus.flush().catch(() => {}), sleep(500)]);
    this.#log.info({ ...this.#looker.counts }, 'crops');
    this.#close();
  }

  async #relief(): Promise<void> {
    const { host, incarnation } = this.#settings;
    let watch: Subscribed | null = null;
    const relieved = new Promise<void>((resolve) => {
      watch = watchBucket(this.#bus, {
        bucket: buckets.placement,
        key: keys.placement,
        onChange: ({ value }) => {
          const hosts = value === null ? [] : Placement.decode(value).hosts;
          if (!hosts.some((one) => one.host === host && one.incarnation === incarnation)) resolve();
        },
        onError: () => {}, // the time below is the bound
      });
    });
    await Promise.race([relieved.then(() => sleep(LAST_ROUNDS_MS)), sleep(RELIEF_MS)]);
    (watch as Subscribed | null)?.close();
  }

  #close(): void {
    this.#beats.close();
    for (const subscription of this.#subscriptions) subscription.close();
  }
}

import { hostname } from 'node:os';
import type { Bus } from '@murmuration/bus';
import { Beat, subjects } from '@murmuration/protocol/bus';
import { VERSION } from '@murmuration/service';
import type { Canary } from './canary.js';
import { type Duty, phaseOf } from './core/duty.js';
import { Meters } from './meters.js';

export interface BeatSettings {
  readonly host: string;
  readonly beatMs: number;
  /** Multiply-adds a look, 0 for no limit. */
  readonly capacity: bigint;
}

/** A host's heartbeat: every `beatMs`, and at once when {@link Beats.now} is called. */
export class Beats {
  readonly #bus: Bus;
  readonly #settings: BeatSettings;
  readonly #duty: () => Duty<unknown>;
  readonly #rounds: () => number;
  readonly #canary: Canary;
  readonly #meters = new Meters();
  #timer: NodeJS.Timeout | null = null;

  constructor(
    bus: Bus,
    settings: BeatSettings,
    duty: () => Duty<unknown>,
    rounds: () => number,
    canary: Canary,
  ) {
    this.#bus = bus;
    this.#settings = settings;
    this.#duty = duty;
    this.#rounds = rounds;
    this.#canary = canary;
  }

  begin(): void {
    this.#timer ??= setInterval(() => this.now(), this.#settings.beatMs);
    this.now();
  }

  /** Does nothing before {@link begin}: a host that still listens for another with its id is silent. */
  now(): void {
    if (this.#timer === null) return;
    const { host, capacity } = this.#settings;
    const duty = this.#duty();
    const { load, delayMs, memory } = this.#meters.read();
    const beat = Beat.encode({
      host,
      pid: process.pid,
      address: `${hostname()}/${process.pid}`,
      incarnation: duty.incarnation,
      phase: phaseOf(duty),
      epoch: duty.task.epoch,
      bundle: duty.task.bundle,
      squads: [...duty.task.squads],
      rounds: BigInt(this.#rounds()),
      canary: this.#canary.digest(performance.now()),
      load,
      delayMs,
      memory: BigInt(memory),
      capacity,
      version: VERSION,
    }).finish();
    this.#bus.publish(subjects.beat(host), beat);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#meters.close();
  }
}

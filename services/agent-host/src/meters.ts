import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;

/** How a process fares, over the time since it was last asked. */
export interface Reading {
  /** Share of one core, all threads. */
  readonly load: number;
  /** 99th percentile of how late the event loop came to its timers, milliseconds. */
  readonly delayMs: number;
  /** Bytes of resident memory. */
  readonly memory: number;
}

export class Meters {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #cpu = process.cpuUsage();
  #at = performance.now();
  #load = 0;

  constructor() {
    this.#delay.enable();
  }

  read(): Reading {
    const now = performance.now();
    const elapsed = now - this.#at;
    // Two beats in one moment, as at a change of phase, would give a share of next to no time.
    if (elapsed >= RESOLUTION_MS) {
      const used = process.cpuUsage(this.#cpu);
      this.#load = (used.user + used.system) / 1000 / elapsed;
      this.#cpu = process.cpuUsage();
      this.#at = now;
    }
    // The histogram holds the times between two ticks of its timer, so the timer's own period is taken off.
    const p99 = this.#delay.count > 0 ? this.#delay.percentile(99) / 1e6 - RESOLUTION_MS : 0;
    this.#delay.reset();
    return { load: this.#load, delayMs: Math.max(0, p99), memory: process.memoryUsage.rss() };
  }

  close(): void {
    this.#delay.disable();
  }
}

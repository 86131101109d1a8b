import { note } from '../output.js';
import type { LocalSwarm } from './swarm.js';

/** A second Ctrl-C counts from here on: npm passes on the first one once more. */
const SECOND_MS = 700;

/**
 * Ctrl-C, SIGTERM and the terminal's end drain the swarm; another one after that ends it by force. `stopped` is aborted
 * by the first.
 */
export class Foreground {
  readonly #stopped = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #swarm: LocalSwarm | null = null;
  #first = 0;
  #stopping: Promise<void> | null = null;

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#signal());
  }

  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  /** Resolves once the first signal has come and the swarm has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  hold(swarm: LocalSwarm): void {
    this.#swarm = swarm;
  }

  /** Drains the swarm; once, however often it is called. */
  async stop(): Promise<void> {
    this.#stopping ??= (this.#swarm?.stop() ?? Promise.resolve()).finally(() => this.#ended.resolve());
    await this.#stopping;
  }

  #signal(): void {
    const now = performance.now();
    if (!this.#stopped.signal.aborted) {
      this.#first = now;
      note('draining; once more to end at once');
      this.#stopped.abort();
      void this.stop();
    } else if (now - this.#first > SECOND_MS) {
      void (this.#swarm?.kill() ?? Promise.resolve()).finally(() => process.exit(1));
    }
  }
}

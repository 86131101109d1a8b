import type { Logger } from './log.js';

/**
 * Logs what may happen hundreds of times a second: the first of its kind at once, then at most one line every `everyMs`
 * with the number of those that were held back. Kinds are few and known: they are codes, never what came from outside.
 */
export class SparingLog {
  readonly #log: Logger;
  readonly #everyMs: number;
  readonly #kinds = new Map<string, { saidAt: number; held: number; total: number }>();

  constructor(log: Logger, everyMs = 5000) {
    this.#log = log;
    this.#everyMs = everyMs;
  }

  /** `details` is called only for a line that is written. */
  warn(
    kind: string,
    message: string,
    details: () => object = () => ({}),
    now: number = performance.now(),
  ): void {
    let seen = this.#kinds.get(kind);
    if (seen === undefined) {
      seen = { saidAt: Number.NEGATIVE_INFINITY, held: 0, total: 0 };
      this.#kinds.set(kind, seen);
    }
    seen.total += 1;
    if (now - seen.saidAt < this.#everyMs) {
      seen.held += 1;
      return;
    }
    this.#log.warn({ code: kind, held: seen.held, total: seen.total, ...details() }, message);
    seen.saidAt = now;
    seen.held = 0;
  }

  /** How often `kind` has happened. */
  count(kind: string): number {
    return this.#kinds.get(kind)?.total ?? 0;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds; 30 s unless told. Generous on purpose: it bounds a failure, not a pass. */
  readonly timeout?: number;
  /** What is waited for, for the message. */
  readonly name: string;
  /** Milliseconds between two looks. */
  readonly every?: number;
}

/**
 * Polls until `check` gives something other than false, null or undefined, and returns that. What `check` throws counts
 * as "not yet" and is shown when time runs out.
 */
export async function until<T>(
  check: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const { timeout = 30_000, every = 25, name } = options;
  const end = performance.now() + timeout;
  let last: unknown = null;
  for (;;) {
    try {
      const value = await check();
      if (value !== false && value !== null && value !== undefined) {
        return value as Exclude<T, false | null | undefined>;
      }
      last = null;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      const why = last === null ? '' : `: ${last instanceof Error ? last.message : String(last)}`;
      throw new Error(`not within ${timeout} ms: ${name}${why}`, { cause: last });
    }
    await sleep(every);
  }
}

/** Rounds that a host may miss in a row before no round waits for it. */
export const MISSES = 2;
/** Votes in time in a row that bring it back: a host that answers every other round would hold up every other round. */
export const RETURN_VOTES = 4;

/** The least that is waited for a host after the first vote: what a busy machine may hold a process up by. */
export const PATIENCE_MS = 50;
/** Before it has shown how quick it is, a host is waited for as long as most rounds last. */
const FIRST_DEVIATION_MS = 40;

interface Record {
  misses: number;
  /** How long after the first vote its own comes, and how that varies: moving averages, milliseconds. */
  lag: number;
  deviation: number;
  /** Votes in time since it was given up. */
  answers: number;
  behind: boolean;
}

/**
 * Which hosts a round waits for. A host that dies is known as dead to the orchestrator only after its window; until then
 * every round would last its full deadline. So whoever misses {@link MISSES} rounds in a row is not waited for, though
 * its votes count when they come in time.
 */
export class Liveness {
  readonly #hosts = new Map<string, Record>();

  awaited(host: string): boolean {
    return this.#hosts.get(host)?.behind !== true;
  }

  /** Its vote came `ms` after the first of its round. */
  lagged(host: string, ms: number): void {
    const record = this.#of(host);
    record.deviation += (Math.abs(ms - record.lag) - record.deviation) / 4;
    record.lag += (ms - record.lag) / 8;
  }

  /**
   * How long after the first vote a host is waited for where the round could do without it: well beyond what it usually
   * takes, by the estimate that TCP waits for an acknowledgement by (Jacobson, 1988).
   */
  patience(host: string): number {
    const { lag, deviation } = this.#of(host);
    return Math.max(PATIENCE_MS, 2 * lag + 8 * deviation);
  }

  /** A vote came before its round's deadline. True where the host is waited for again from now on. */
  answered(host: string): boolean {
    const record = this.#of(host);
    record.misses = 0;
    if (!record.behind) return false;
    record.answers += 1;
    if (record.answers < RETURN_VOTES) return false;
    record.behind = false;
    return true;
  }

  /** A deadline passed without its vote. True where the host is not waited for from now on. */
  missed(host: string): boolean {
    const record = this.#of(host);
    record.answers = 0;
    record.misses += 1;
    if (record.behind || record.misses < MISSES) return false;
    record.behind = true;
    return true;
  }

  /** Forgets all hosts but these. */
  keep(hosts: ReadonlySet<string>): void {
    for (const host of this.#hosts.keys()) if (!hosts.has(host)) this.#hosts.delete(host);
  }

  get size(): number {
    return this.#hosts.size;
  }

  #of(host: string): Record {
    let record = this.#hosts.get(host);
    if (record === undefined) {
      record = { misses: 0, lag: 0, deviation: FIRST_DEVIATION_MS, answers: 0, behind: false };
      this.#hosts.set(host, record);
    }
    return record;
  }
}

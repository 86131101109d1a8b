/** Rounds that a host may miss in a row before no round waits for it. */
export const MISSES = 2;
/** Votes in time in a row that bring it back: a host that answers every other round would hold up every other round. */
export const RETURN_VOTES = 4;

interface Record {
  misses: number;
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
      record = { misses: 0, answers: 0, behind: false };
      this.#hosts.set(host, record);
    }
    return record;
  }
}

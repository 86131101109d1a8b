/** A closed round waits for its keeper's decision for so long. */
export const GRACE_MS = 40;
/** Rounds that a keeper may leave undecided before it is no longer waited for. */
export const SILENT_ROUNDS = 2;
/** Closed rounds and decisions that are remembered. */
const MOST = 1024;

interface Held<T> {
  readonly partition: number;
  readonly value: T;
  readonly due: number;
}

/**
 * What the one who stands by for a partition's keeper does with the rounds that it closes itself: nothing, while the
 * keeper decides them. A round that the keeper leaves undecided it decides in its place, and from the second one on at once,
 * until the keeper is heard again. So the death of a consensus process costs no frame, long before its lease is over.
 * Should both decide, the orchestrator takes the first.
 */
export class Standby<T> {
  readonly #held = new Map<string, Held<T>>();
  /** Decided by the keeper before they were closed here. */
  readonly #decided = new Set<string>();
  readonly #silent = new Map<number, number>();

  /** Rounds that wait for their keeper. */
  get waiting(): number {
    return this.#held.size;
  }

  /** A round was closed here. True where it is to be decided at once. */
  closed(key: string, partition: number, value: T, now: number): boolean {
    if (this.#decided.delete(key)) return false;
    if ((this.#silent.get(partition) ?? 0) >= SILENT_ROUNDS) return true;
    if (this.#held.size < MOST) this.#held.set(key, { partition, value, due: now + GRACE_MS });
    return false;
  }

  /** The keeper decided a round. */
  decided(key: string, partition: number): void {
    this.#silent.delete(partition);
    if (this.#held.delete(key)) return;
    this.#decided.add(key);
    if (this.#decided.size <= MOST) return;
    for (const oldest of this.#decided) {
      this.#decided.delete(oldest);
      break;
    }
  }

  /** The rounds that are to be decided in the keeper's place. */
  overdue(now: number): T[] {
    const taken: T[] = [];
    const silent = new Set<number>();
    for (const [key, { partition, value, due }] of this.#held) {
      if (due > now && !silent.has(partition)) continue;
      this.#held.delete(key);
      taken.push(value);
      const count = (this.#silent.get(partition) ?? 0) + 1;
      this.#silent.set(partition, count);
      if (count >= SILENT_ROUNDS) silent.add(partition);
    }
    return taken;
  }
}

/**
 * The ingest's view of its open rounds: opened, then decided, given up or overdue, each exactly once. One a stream's
 * token, so that a decision finds its round by number. Holds no clock: times are handed in.
 */
export class Rounds<T> {
  readonly #open = new Map<bigint, { readonly value: T; readonly overdueAt: number }>();

  get size(): number {
    return this.#open.size;
  }

  /** `overdueAt`: from then on {@link overdue} gives it up. */
  open(sequence: bigint, value: T, overdueAt: number): void {
    if (this.#open.has(sequence)) throw new RangeError(`round ${sequence} is open already`);
    this.#open.set(sequence, { value, overdueAt });
  }

  /** Closes a round and hands it back; null where it is not open: decided before, or given up. */
  close(sequence: bigint): T | null {
    const round = this.#open.get(sequence);
    if (round === undefined) return null;
    this.#open.delete(sequence);
    return round.value;
  }

  /** Closes the rounds whose time is over at `now`, oldest first. */
  overdue(now: number): T[] {
    return this.#take((round) => round.overdueAt <= now);
  }

  /** Closes all. */
  all(): T[] {
    return this.#take(() => true);
  }

  #take(wanted: (round: { readonly overdueAt: number }) => boolean): T[] {
    const taken: T[] = [];
    for (const [sequence, round] of this.#open) {
      if (!wanted(round)) continue;
      this.#open.delete(sequence);
      taken.push(round.value);
    }
    return taken;
  }
}

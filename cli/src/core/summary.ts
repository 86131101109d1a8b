/** What became of the frames that were sent. */
export interface Summary {
  readonly frames: number;
  readonly answered: number;
  readonly degraded: number;
  /** Answers a second, from the first frame sent to the last answer. */
  readonly fps: number;
  /** Milliseconds from a frame's sending to its answer, as the client saw it; null without answers. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** The value that a share of the sorted values does not exceed (nearest rank); null of none. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** Two decimals, which is what a clock of microseconds over a network is worth. */
export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Gathers answers into a {@link Summary}. Latencies of at most a million frames are kept, the latest. */
export class Tally {
  #frames = 0;
  #degraded = 0;
  #answered = 0;
  readonly #latencies: number[] = [];

  sent(): void {
    this.#frames += 1;
  }

  answered(latencyMs: number, degraded: boolean): void {
    this.#latencies[this.#answered % 1_000_000] = latencyMs;
    this.#answered += 1;
    if (degraded) this.#degraded += 1;
  }

  summary(elapsedMs: number): Summary {
    const at = (share: number): number | null => {
      const value = percentile(this.#latencies, share);
      return value === null ? null : round2(value);
    };
    return {
      frames: this.#frames,
      answered: this.#answered,
      degraded: this.#degraded,
      fps: elapsedMs > 0 ? round2((this.#answered * 1000) / elapsedMs) : 0,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    };
  }
}

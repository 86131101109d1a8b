/** Quantiles of a list of numbers, by the nearest rank. NaN of an empty one. */
export class Spread {
  readonly #sorted: Float64Array;

  constructor(values: readonly number[]) {
    this.#sorted = Float64Array.from(values).sort();
  }

  get count(): number {
    return this.#sorted.length;
  }

  at(quantile: number): number {
    const rank = Math.ceil(quantile * this.#sorted.length) - 1;
    return this.#sorted[Math.max(0, rank)] ?? Number.NaN;
  }

  get p50(): number {
    return this.at(0.5);
  }

  get p99(): number {
    return this.at(0.99);
  }
}

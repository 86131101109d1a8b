/** A consensus process that has not been heard of for this long is taken to be gone. */
export const MEMBER_GONE_MS = 1500;

/**
 * The consensus processes that live, as one of them sees it: whoever has written its record within
 * {@link MEMBER_GONE_MS} by the observer's own clock, so that clocks need not agree.
 */
export class Members {
  readonly #self: string;
  readonly #seen = new Map<string, number>();

  constructor(self: string) {
    this.#self = self;
  }

  heard(member: string, now: number): void {
    this.#seen.set(member, now);
  }

  left(member: string): void {
    this.#seen.delete(member);
  }

  /** Always with oneself: whoever asks is alive. */
  alive(now: number): ReadonlySet<string> {
    for (const [member, at] of this.#seen) if (now - at >= MEMBER_GONE_MS) this.#seen.delete(member);
    return new Set([this.#self, ...this.#seen.keys()]);
  }
}

import { createHash } from 'node:crypto';
import { VOTE_VALUES } from '@murmuration/protocol/bus';
import { canaryCrop } from './core/canary.js';
import { DIGEST_BYTES } from './core/layout.js';
import type { Kernel } from './look.js';

/** How often it is computed anew: often enough to find memory that went bad, too seldom to cost anything. */
const EVERY_MS = 5000;

/** The digest of a host's votes on the canary crop, kept fresh. */
export class Canary {
  readonly #crop = canaryCrop();
  #kernel: Kernel | null = null;
  #votes = new Uint16Array(0);
  #digest: Uint8Array = new Uint8Array(0);
  #at = Number.NEGATIVE_INFINITY;

  /** Looks at once, so that a kernel's first look, the slowest, is not at somebody's frame. */
  use(kernel: Kernel, squads: number): void {
    this.#kernel = kernel;
    this.#votes = new Uint16Array(squads * VOTE_VALUES);
    this.#at = Number.NEGATIVE_INFINITY;
    this.digest(performance.now());
  }

  rest(): void {
    this.#kernel = null;
    this.#digest = new Uint8Array(0);
  }

  /** Empty while there are no squads. */
  digest(now: number): Uint8Array {
    if (this.#kernel !== null && now - this.#at >= EVERY_MS) {
      this.#kernel.look(this.#crop, this.#votes);
      const bytes = new Uint8Array(this.#votes.buffer);
      this.#digest = createHash('sha256').update(bytes).digest().subarray(0, DIGEST_BYTES);
      this.#at = now;
    }
    return this.#digest;
  }
}

/** A frame that came in on a stream, and what became of it. */
interface Slot<F, A> {
  readonly sequence: bigint;
  /** Null once its work has begun or will not. */
  frame: F | null;
  answer: A | null;
}

export interface LaneLimits {
  /** What the client was told: frames that it may have in flight. */
  readonly granted: number;
  /** Frames that may be under way or waiting. */
  readonly capacity: number;
  /** Of these, frames under way at once; the others wait, unread. */
  readonly running: number;
  /** A frame beyond the capacity takes the place of the oldest that waits, instead of being refused. */
  readonly latestWins: boolean;
}

/** What to do with a frame that came in. */
export type Admitted<F> =
  | { readonly kind: 'start'; readonly frame: F }
  | { readonly kind: 'wait' }
  /** The frame waits in the place of `dropped`, which is to be answered. */
  | { readonly kind: 'replace'; readonly dropped: bigint }
  | { readonly kind: 'refuse' };

/**
 * One stream's frames: how many may be under way, which wait, and answers in the order in which the frames came, whatever
 * order their rounds end in. Holds no clock and does no work: it says what to start and what to send.
 */
export class Lane<F, A> {
  readonly #limits: LaneLimits;
  /** In the order of arrival; answered ones leave from the front. */
  readonly #slots: Slot<F, A>[] = [];
  #running = 0;
  #waiting = 0;
  #last: bigint | null = null;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  /** Frames whose answers have not been taken yet. */
  get open(): number {
    return this.#slots.length;
  }

  /** Frames under way or waiting. */
  get busy(): number {
    return this.#running + this.#waiting;
  }

  /** Whether a number goes on where the stream is; remembers it. A number that does not is no reason to stop. */
  follows(sequence: bigint): boolean {
    if (this.#last !== null && sequence <= this.#last) return false;
    this.#last = sequence;
    return true;
  }

  /** Takes a frame in. A refused one has a place in the order as well: answer it. */
  admit(sequence: bigint, frame: F): Admitted<F> {
    const slot: Slot<F, A> = { sequence, frame: null, answer: null };
    this.#slots.push(slot);
    const full = this.#running + this.#waiting >= this.#limits.capacity;
    if (!full && this.#running < this.#limits.running) {
      this.#running += 1;
      return { kind: 'start', frame };
    }
    if (!full) {
      this.#waiting += 1;
      slot.frame = frame;
      return { kind: 'wait' };
    }
    if (!this.#limits.latestWins) return { kind: 'refuse' };
    const oldest = this.#slots.find((other) => other.frame !== null);
    if (oldest === undefined) return { kind: 'refuse' };
    oldest.frame = null;
    slot.frame = frame;
    return { kind: 'replace', dropped: oldest.sequence };
  }

  /** Takes the place of a frame that is answered without work. */
  reject(sequence: bigint, answer: A): void {
    this.#slots.push({ sequence, frame: null, answer });
  }

  /** The answer of a frame that was under way. */
  finish(sequence: bigint, answer: A): void {
    if (this.#settle(sequence, answer)) this.#running -= 1;
  }

  /** The answer of a frame that was refused or dropped. */
  settle(sequence: bigint, answer: A): void {
    this.#settle(sequence, answer);
  }

  /** The oldest frame that waits, where there is room to begin with it. */
  next(): { readonly sequence: bigint; readonly frame: F } | null {
    if (this.#waiting === 0 || this.#running >= this.#limits.running) return null;
    for (const slot of this.#slots) {
      const { frame, sequence } = slot;
      if (frame === null) continue;
      slot.frame = null;
      this.#waiting -= 1;
      this.#running += 1;
      return { sequence, frame };
    }
    return null;
  }

  /** The next answer in order, or null while its frame is still under way. */
  take(): A | null {
    const first = this.#slots[0];
    if (first === undefined || first.answer === null) return null;
    this.#slots.shift();
    return first.answer;
  }

  #settle(sequence: bigint, answer: A): boolean {
    const slot = this.#slots.find((other) => other.sequence === sequence && other.answer === null);
    if (slot === undefined) return false;
    slot.answer = answer;
    return true;
  }
}

/**
 * How many frames a stream is granted, and how many of them are worked on at once.
 * @param asked 0 for the server's default
 */
export function limitsFor(asked: number, most: number, latestWins: boolean): LaneLimits {
  const granted = asked === 0 ? most : Math.min(asked, most);
  if (!latestWins) return { granted, capacity: granted, running: granted, latestWins };
  // Frames under way cannot be dropped, so few are: one whose round is open while the next is decoded. One at least
  // waits, or there would be nothing to drop.
  const running = granted > 2 ? 2 : 1;
  return { granted, capacity: Math.max(granted, running + 1), running, latestWins };
}

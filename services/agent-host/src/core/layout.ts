import { CROP_BYTES, MAX_PEOPLE, VOTE_VALUES } from '@murmuration/protocol/bus';

/** Bytes of one squad's vote on one person, and of its digest. */
export const SQUAD_VOTE_BYTES: number = VOTE_VALUES * 2;
export const DIGEST_BYTES = 8;

/**
 * The arrays that a host's votes are written into, made once for its squads and used for every frame: person after person,
 * squad after squad, little-endian u16 as this machine has them (it is checked at the start).
 */
export class VoteArrays {
  readonly squads: number;
  readonly #values: Uint16Array;
  readonly #bytes: Uint8Array;
  readonly #digests: Uint8Array;
  readonly #people: readonly Uint16Array[];
  readonly #parts: readonly Uint8Array[];

  constructor(squads: number) {
    this.squads = squads;
    this.#values = new Uint16Array(MAX_PEOPLE * squads * VOTE_VALUES);
    this.#bytes = new Uint8Array(this.#values.buffer);
    this.#digests = new Uint8Array(MAX_PEOPLE * squads * DIGEST_BYTES);
    this.#people = Array.from({ length: MAX_PEOPLE }, (_, person) =>
      this.#values.subarray(person * squads * VOTE_VALUES, (person + 1) * squads * VOTE_VALUES),
    );
    this.#parts = Array.from({ length: MAX_PEOPLE * squads }, (_, part) =>
      this.#bytes.subarray(part * SQUAD_VOTE_BYTES, (part + 1) * SQUAD_VOTE_BYTES),
    );
  }

  /** Where the kernel writes all squads' votes on a person. */
  person(index: number): Uint16Array {
    const values = this.#people[index];
    if (values === undefined) throw new RangeError(`person ${index} of at most ${MAX_PEOPLE}`);
    return values;
  }

  /** Writes the digests of the first `people`. `digest`: SHA-256. */
  seal(people: number, digest: (bytes: Uint8Array) => Uint8Array): void {
    for (let part = 0; part < people * this.squads; part++) {
      const bytes = this.#parts[part];
      if (bytes === undefined) break;
      this.#digests.set(digest(bytes).subarray(0, DIGEST_BYTES), part * DIGEST_BYTES);
    }
  }

  /** As `Vote.votes`; valid until the next look. */
  votes(people: number): Uint8Array {
    return this.#bytes.subarray(0, people * this.squads * SQUAD_VOTE_BYTES);
  }

  /** As `Vote.digests`; valid until the next look. */
  digests(people: number): Uint8Array {
    return this.#digests.subarray(0, people * this.squads * DIGEST_BYTES);
  }
}

/** The crop of one person within `Crop.pixels`. */
export function cropOf(pixels: Uint8Array, person: number): Uint8Array {
  return pixels.subarray(person * CROP_BYTES, (person + 1) * CROP_BYTES);
}

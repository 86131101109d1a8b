import { JOINTS, VOTE_VALUES } from '@murmuration/protocol';
import { SQUAD_VOTE_BYTES } from './core/admission.js';
import type { Voice } from './core/weights.js';

/** `packages/native`'s fuse: votes in, one pose out, all arrays the caller's. Returns how many liars are tolerated. */
export type Fuse = (
  weights: Float64Array,
  counts: Uint32Array,
  squadWeights: Float64Array,
  votes: Uint16Array,
  rhoMax: number,
  joints: Float32Array,
  depths: Uint32Array,
  distances: Float32Array,
  overruled: Uint8Array,
) => number;

/** One person as the hosts agree on it. Its arrays are used again for the next person. */
export interface Fused {
  /** 17 * (x, y, confidence, spread), crop pixels. */
  readonly joints: Float32Array;
  readonly tolerated: number;
  /** Least over the joints. */
  readonly depth: number;
  /** Hosts that were set apart in at least one joint. */
  readonly overruled: readonly string[];
}

/** Calls the kernel's fuse with arrays that it keeps from round to round. */
export class Fuser {
  readonly #fuse: Fuse;
  readonly #rhoMax: number;
  readonly #joints = new Float32Array(JOINTS.length * 4);
  readonly #depths = new Uint32Array(JOINTS.length);
  #votes = new Uint16Array(0);

  constructor(fuse: Fuse, rhoMax: number) {
    this.#fuse = fuse;
    this.#rhoMax = rhoMax;
  }

  /** @param voices at least one */
  person(voices: readonly Voice[], person: number): Fused {
    const hosts = voices.length;
    const weights = Float64Array.from(voices, (voice) => voice.weight);
    const counts = Uint32Array.from(voices, (voice) => voice.squads.length);
    const squads = counts.reduce((sum, count) => sum + count, 0);
    const squadWeights = new Float64Array(squads);
    const values = this.#room(squads);
    let at = 0;
    for (const { vote, squads: own } of voices) {
      for (const squad of own) {
        squadWeights[at] = squad.weight;
        values.set(valuesOf(vote.votes, person * vote.squads.length + squad.at), at * VOTE_VALUES);
        at += 1;
      }
    }
    const distances = new Float32Array(hosts * JOINTS.length);
    const overruled = new Uint8Array(hosts * JOINTS.length);
    const tolerated = this.#fuse(
      weights,
      counts,
      squadWeights,
      values,
      this.#rhoMax,
      this.#joints,
      this.#depths,
      distances,
      overruled,
    );
    const set = voices.filter((_, host) =>
      overruled.subarray(host * JOINTS.length, (host + 1) * JOINTS.length).includes(1),
    );
    return {
      joints: this.#joints,
      tolerated,
      depth: Math.min(...this.#depths),
      overruled: set.map((voice) => voice.vote.host),
    };
  }

  #room(squads: number): Uint16Array<ArrayBuffer> {
    const wanted = squads * VOTE_VALUES;
    if (this.#votes.length < wanted) this.#votes = new Uint16Array(wanted);
    return this.#votes.subarray(0, wanted);
  }
}

/** The values of the `part`th squad's vote. The bytes must begin at an even address: {@link aligned}. */
export function valuesOf(votes: Uint8Array, part: number): Uint16Array {
  return new Uint16Array(votes.buffer, votes.byteOffset + part * SQUAD_VOTE_BYTES, VOTE_VALUES);
}

/** A copy that outlives its message and can be read as u16. */
export function aligned(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

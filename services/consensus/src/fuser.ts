import type { fuse } from '@murmuration/native';
import { JOINTS, VOTE_VALUES } from '@murmuration/protocol/bus';
import { SQUAD_VOTE_BYTES } from './core/admission.js';
import type { Voice } from './core/weights.js';

/** The kernel's fuse, handed in so that whoever only wants the types need not have the kernel built. */
export type Fuse = typeof fuse;

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

/** What goes in and comes out for so many hosts and squads. */
interface Arrays {
  readonly weights: Float64Array;
  readonly counts: Uint32Array;
  readonly squadWeights: Float64Array;
  readonly votes: Uint16Array;
  readonly distances: Float32Array;
  readonly overruled: Uint8Array;
}

/**
 * Calls the kernel's fuse with arrays that it keeps: rounds have the same hosts and squads for minutes, and an array that
 * the kernel has not seen before costs more to hand over than to fill.
 */
export class Fuser {
  readonly #fuse: Fuse;
  readonly #rhoMax: number;
  readonly #joints = new Float32Array(JOINTS.length * 4);
  readonly #depths = new Uint32Array(JOINTS.length);
  #arrays: Arrays = arraysFor(0, 0);

  constructor(fuse: Fuse, rhoMax: number) {
    this.#fuse = fuse;
    this.#rhoMax = rhoMax;
  }

  /** @param voices at least one */
  person(voices: readonly Voice[], person: number): Fused {
    const arrays = this.#arraysOf(voices);
    let at = 0;
    for (const [host, { vote, weight, squads }] of voices.entries()) {
      arrays.weights[host] = weight;
      arrays.counts[host] = squads.length;
      for (const squad of squads) {
        arrays.squadWeights[at] = squad.weight;
        arrays.votes.set(valuesOf(vote.votes, person * vote.squads.length + squad.at), at * VOTE_VALUES);
        at += 1;
      }
    }
    const tolerated = this.#fuse(
      arrays.weights,
      arrays.counts,
      arrays.squadWeights,
      arrays.votes,
      this.#rhoMax,
      this.#joints,
      this.#depths,
      arrays.distances,
      arrays.overruled,
    );
    const overruled = voices.filter((_, host) =>
      arrays.overruled.subarray(host * JOINTS.length, (host + 1) * JOINTS.length).includes(1),
    );
    return {
      joints: this.#joints,
      tolerated,
      depth: Math.min(...this.#depths),
      overruled: overruled.map((voice) => voice.vote.host),
    };
  }

  #arraysOf(voices: readonly Voice[]): Arrays {
    const squads = voices.reduce((sum, voice) => sum + voice.squads.length, 0);
    const { weights, squadWeights } = this.#arrays;
    if (weights.length !== voices.length || squadWeights.length !== squads)
      this.#arrays = arraysFor(voices.length, squads);
    return this.#arrays;
  }
}

function arraysFor(hosts: number, squads: number): Arrays {
  return {
    weights: new Float64Array(hosts),
    counts: new Uint32Array(hosts),
    squadWeights: new Float64Array(squads),
    votes: new Uint16Array(squads * VOTE_VALUES),
    distances: new Float32Array(hosts * JOINTS.length),
    overruled: new Uint8Array(hosts * JOINTS.length),
  };
}

/** The values of the `part`th squad's vote. The bytes must begin at an even address: {@link aligned}. */
export function valuesOf(votes: Uint8Array, part: number): Uint16Array {
  return new Uint16Array(votes.buffer, votes.byteOffset + part * SQUAD_VOTE_BYTES, VOTE_VALUES);
}

/** A copy that outlives its message and can be read as u16. */
export function aligned(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

import { type Roster, rosterOf } from '@murmuration/consensus';
import { JOINTS, PEAKS, partitionOf, type Round, VOTE_VALUES, type Vote } from '@murmuration/protocol';

export const BUNDLE: string = 'b'.repeat(64);

/** A placement of these hosts and squads; incarnations are made of the host's name. */
export function roster(epoch: number, hosts: Readonly<Record<string, readonly string[]>>): Roster {
  return rosterOf({
    epoch: BigInt(epoch),
    bundle: BUNDLE,
    leader: 'leader',
    hosts: Object.entries(hosts).map(([host, squads]) => ({
      host,
      incarnation: incarnation(host),
      squads: [...squads],
    })),
  });
}

export function incarnation(host: string): string {
  return `1-${host}`;
}

export function round(sequence: number, over: Partial<Round> = {}): Round {
  const stream = over.stream ?? 's';
  return {
    stream,
    sequence: BigInt(sequence),
    look: 0,
    partition: partitionOf(stream),
    epoch: 1n,
    people: 1,
    openedMs: 1_000_000,
    deadlineMs: 1_000_250,
    ...over,
  };
}

export function vote(host: string, squads: readonly string[], of: Round, over: Partial<Vote> = {}): Vote {
  return {
    stream: of.stream,
    sequence: of.sequence,
    look: of.look,
    epoch: of.epoch,
    host,
    incarnation: incarnation(host),
    bundle: BUNDLE,
    squads: [...squads],
    votes: new Uint8Array(of.people * squads.length * VOTE_VALUES * 2),
    digests: new Uint8Array(of.people * squads.length * 8),
    lookUs: 100,
    ...over,
  };
}

/** A pseudo-random number from 0 up to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One squad's vote bytes: a single peak a joint, at these points in crop pixels. */
export function peaksAt(points: readonly (readonly [number, number])[], spread = 2): Uint8Array {
  const values = new Uint16Array(VOTE_VALUES);
  JOINTS.forEach((_, joint) => {
    const [x, y] = points[joint] ?? [64, 64];
    const clamp = (value: number): number => Math.round(Math.min(127, Math.max(0, value)) * 16);
    values.set([clamp(x), clamp(y), spread * 16, 60_000], joint * PEAKS * 4);
  });
  return new Uint8Array(values.buffer);
}

import type { Floors } from './floors.js';

/** One scenario's line of `--json`. Times in milliseconds, shares of one core, memory in MiB. */
export interface Result {
  readonly name: string;
  readonly seconds: number;
  readonly fps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly dropped: number;
  readonly cpu: Readonly<Record<string, number>>;
  /** All processes but the client, milliseconds of one core: says the same on a busy machine as on a quiet one. */
  readonly cpuMsPerFrame: number;
  readonly memoryMib: Readonly<Record<string, number>>;
  /** Published by the swarm, with what it publishes when idle taken off; null where nothing counts them. */
  readonly messagesPerFrame: number | null;
  /** The same, as the server handed them to readers. */
  readonly deliveriesPerFrame: number | null;
  readonly floors: Floors;
  /** p50 as a multiple of a floor; `both` is their sum, what a frame must cross at least. */
  readonly ratios: { readonly bus: number; readonly grpc: number; readonly both: number };
}

export function ratiosOf(p50Ms: number, floors: Floors): Result['ratios'] {
  return {
    bus: p50Ms / floors.busP50Ms,
    grpc: p50Ms / floors.grpcP50Ms,
    both: p50Ms / (floors.busP50Ms + floors.grpcP50Ms),
  };
}

/** Rounds every number in it to three places: more is noise. */
export function rounded<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, part) => (typeof part === 'number' ? Math.round(part * 1000) / 1000 : part)),
  );
}

import { fileURLToPath } from 'node:url';
import { Fault, isToken } from '@murmuration/protocol';
import type { Setting } from '@murmuration/service';

/** What the environment sets: docs/reference/configuration.md. */
export interface Settings {
  readonly id: string;
  readonly natsUrl: string;
  readonly grpcAddress: string;
  /** A folder. */
  readonly bundle: string;
  readonly replicas: number;
  readonly suspectMs: number;
  readonly deadMs: number;
  readonly roundMs: number;
  readonly maxInFlight: number;
  readonly maxStreams: number;
  readonly streamCredits: number;
}

/** The repository's root, or the folder that a container has the services in. */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));

const MINUTE = 60_000;

/** @throws Fault CONFIG_INVALID */
export function readSettings({ config, id }: Setting): Settings {
  const whole = (name: string, fallback: number, bounds: { min: number; max: number }): number => {
    const value = config.number(name, fallback, bounds);
    if (Number.isInteger(value)) return value;
    throw new Fault('CONFIG_INVALID', `${name} is ${value}, not a whole number.`, { field: name });
  };
  const suspectMs = config.number('SUSPECT_MS', 450, { min: 50, max: MINUTE });
  return {
    id: config.matching('ORCHESTRATOR_ID', id, isToken, 'an id: 1 to 64 of A-Z a-z 0-9 _ -'),
    natsUrl: config.text('NATS_URL', 'nats://127.0.0.1:4222'),
    grpcAddress: config.matching('GRPC_ADDRESS', '0.0.0.0:50051', isAddress, 'host:port'),
    bundle: config.text('BUNDLE', `${ROOT}models/flock`),
    replicas: whole('REPLICAS', 2, { min: 1, max: 16 }),
    suspectMs,
    // Dead before suspected makes no sense.
    deadMs: config.number('DEAD_MS', Math.max(800, suspectMs), {
      min: Math.max(100, suspectMs),
      max: 2 * MINUTE,
    }),
    roundMs: config.number('ROUND_DEADLINE_MS', 250, { min: 10, max: 10_000 }),
    maxInFlight: whole('MAX_IN_FLIGHT', 128, { min: 1, max: 4096 }),
    maxStreams: whole('MAX_STREAMS', 256, { min: 1, max: 4096 }),
    streamCredits: whole('STREAM_CREDITS', 16, { min: 1, max: 256 }),
  };
}

function isAddress(text: string): boolean {
  const port = Number(/:(\d{1,5})$/.exec(text)?.[1] ?? Number.NaN);
  return port >= 0 && port <= 65_535;
}

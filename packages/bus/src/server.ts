import { Fault } from '@murmuration/protocol/bus';
import type { ServerInfo } from '@nats-io/transport-node';

/** Per-key expiry in key-value buckets came with this version; an older server ignores it without a word. */
export const MIN_SERVER: readonly [number, number] = [2, 11];

/** Whether a nats-server's version has what the swarm needs. */
export function serverIsNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > MIN_SERVER[0] || (major === MIN_SERVER[0] && minor >= MIN_SERVER[1]);
}

/** Refuses a server that would fail us later and silently. */
export function checkServer(info: ServerInfo | undefined): void {
  const version = info?.version ?? 'unknown';
  if (!serverIsNewEnough(version)) throw new Fault('BUS_TOO_OLD', `The nats-server is ${version}.`);
  if (info?.jetstream !== true) throw new Fault('BUS_NO_JETSTREAM', 'The nats-server has no JetStream.');
}

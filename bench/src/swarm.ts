import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from '@murmuration/client';
import { NatsServer, obtain } from '@murmuration/nats-server';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

const HOSTS = 2;
const READY_MS = 60_000;
/** Services drain within 8 s. */
const STOP_MS = 10_000;

/** A swarm of real processes on this machine: one orchestrator, one consensus, two hosts, one nats-server. */
export interface LocalSwarm {
  readonly address: string;
  readonly natsUrl: string;
  /** The server's monitoring page. */
  readonly monitor: string;
  /** Process ids by name. */
  readonly pids: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Starts it and waits until every squad runs. @throws Error with the processes' last lines where it does not get ready */
export async function startSwarm(): Promise<LocalSwarm> {
  const folder = await mkdtemp(join(tmpdir(), 'murmuration-bench-'));
  const { path: binary } = await obtain();
  const monitorPort = await freePort();
  const nats = await NatsServer.start({ binary, store: folder, monitorPort });
  const address = `127.0.0.1:${await freePort()}`;
  const children = new Map<string, ChildProcess>();
  const lines: string[] = [];

  const start = (service: string, name: string, env: Record<string, string>): void => {
    const child = spawn(
      process.execPath,
      ['--max-semi-space-size=2', join(ROOT, 'services', service, 'dist', 'main.js')],
      {
        env: { ...process.env, MURMURATION_LOG: 'warn', NATS_URL: nats.url, ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    child.stderr?.on('data', (chunk: Buffer) => {
      lines.push(...chunk.toString().trim().split('\n'));
      lines.splice(0, lines.length - 50);
    });
    children.set(name, child);
  };
  start('consensus', 'consensus', { CONSENSUS_ID: 'consensus' });
  start('orchestrator', 'orchestrator', { ORCHESTRATOR_ID: 'orchestrator', GRPC_ADDRESS: address });
  for (let i = 1; i <= HOSTS; i++) start('agent-host', `host-${i}`, { HOST_ID: `host-${i}` });

  // For an end without `stop`, such as Ctrl-C; nats-server ends with its parent by itself.
  const abandon = (): void => {
    for (const child of children.values()) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  const stop = async (): Promise<void> => {
    await Promise.all([...children.values()].map(ended));
    await nats.stop();
    await rm(folder, { recursive: true, force: true });
    process.off('exit', abandon);
  };

  const pids = new Map([
    ['nats', nats.pid],
    ...[...children].map(([name, { pid }]) => [name, pid ?? 0] as const),
  ]);
  try {
    await ready(address);
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}\n${lines.join('\n')}`, { cause: error });
  }
  return { address, natsUrl: nats.url, monitor: `http://127.0.0.1:${monitorPort}`, pids, stop };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await Promise.race([exit, sleep(STOP_MS, null, { ref: false })]);
  child.kill('SIGKILL');
}

/** Waits until all hosts are alive and have squads. */
async function ready(address: string): Promise<void> {
  const client = connect(address);
  const working = async (): Promise<number> => {
    const hosts = await client.hosts({ timeoutMs: 1000 }).catch(() => []); // not up yet
    return hosts.filter((host) => host.state === 'alive' && host.squads.length > 0).length;
  };
  try {
    const end = performance.now() + READY_MS;
    while ((await working()) < HOSTS) {
      if (performance.now() > end) throw new Error(`The swarm was not ready after ${READY_MS / 1000} s.`);
      await sleep(100);
    }
  } finally {
    client.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

import { NatsServer, obtain } from '@murmuration/nats-server';
import { atEnd } from './leftovers.js';
import { tempDir } from './temp.js';

/** A real nats-server: `url`, `stop()`, `kill()`, and `again()` for one with the same port and store. */
export type NatsFixture = NatsServer;

let binary: Promise<string> | null = null;

/** The binary that the tests run: found, or fetched once. */
export function natsBinary(): Promise<string> {
  binary ??= obtain().then((located) => located.path);
  return binary;
}

/** A real nats-server as the swarm runs it, on a free port, with JetStream in a folder of its own. */
export async function startNats(options: { port?: number } = {}): Promise<NatsFixture> {
  const store = tempDir('nats');
  const server = await NatsServer.start({ binary: await natsBinary(), store, port: options.port ?? 0 });
  atEnd(() => server.signal('SIGKILL'));
  return server;
}

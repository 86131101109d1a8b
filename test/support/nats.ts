import { NatsServer, obtain } from '@murmuration/nats-server';
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
  return await NatsServer.start({
    binary: await natsBinary(),
    store: tempDir('nats'),
    port: options.port ?? 0,
  });
}

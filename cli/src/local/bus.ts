import { setTimeout as sleep } from 'node:timers/promises';
import { NatsServer, obtain } from '@murmuration/nats-server';
import { afterEnd, NO_RESTARTS } from '../core/restarts.js';

/** The bus of a local swarm. */
export interface LocalBus {
  readonly url: string;
  stop(): Promise<void>;
  kill(): void;
}

/** A nats-server of our own, started again on the same port and store when it ends. */
export async function startBus(
  options: { port: number; store: string },
  onLine: (line: string) => void,
): Promise<LocalBus> {
  const { path } = await obtain(process.env, onLine);
  let server = await NatsServer.start({ binary: path, store: options.store, port: options.port });
  let stopping = false;
  const watch = async (): Promise<void> => {
    let restarts = NO_RESTARTS;
    while (!stopping) {
      const began = performance.now();
      const how = await server.exited;
      if (stopping) return;
      const { state, delayMs } = afterEnd(restarts, performance.now() - began);
      restarts = state;
      onLine(`nats-server ended (${how}); starting it again in ${delayMs / 1000} s`);
      await sleep(delayMs);
      if (!stopping) server = await server.again().catch(() => server); // still ended: the loop waits longer
    }
  };
  void watch();
  return {
    url: server.url,
    stop: async () => {
      stopping = true;
      await server.stop();
    },
    kill: () => {
      stopping = true;
      server.signal('SIGKILL');
    },
  };
}

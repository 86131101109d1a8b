import { createServer } from 'node:net';
import { Fault } from '@murmuration/protocol';

/** The port, if it can be listened on; of 0 a free one. @throws Fault PORT_TAKEN, naming the flag to change it by */
export async function claimPort(port: number, flag: string): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((listening, failed) => {
      server.once('error', failed);
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
        const bound = server.address();
        listening(typeof bound === 'object' && bound !== null ? bound.port : port);
      });
    });
  } catch (cause) {
    throw new Fault(
      'PORT_TAKEN',
      `Port ${port} (${flag}) cannot be listened on: ${(cause as Error).message}.`,
      { cause },
    );
  } finally {
    server.close();
  }
}

/** The port where it is free, else a free one. */
export async function claimPortOrFree(port: number): Promise<number> {
  return await claimPort(port, '').catch(() => claimPort(0, ''));
}

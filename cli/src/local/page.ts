import { createServer, type Server } from 'node:http';
import type { Client } from '@murmuration/client';
import { Fault } from '@murmuration/protocol';
import { hostLine } from '../commands/state.js';

/** Serves the swarm's state as JSON on 127.0.0.1, at every path. @throws Fault PORT_TAKEN */
export async function servePage(port: number, client: Client): Promise<Server> {
  const server = createServer((_request, response) => {
    void state(client).then(({ code, body }) => {
      response
        .writeHead(code, { 'content-type': 'application/json' })
        .end(`${JSON.stringify(body, null, 2)}\n`);
    });
  });
  server.requestTimeout = 5000;
  await new Promise<void>((listening, failed) => {
    server.once('error', (cause) =>
      failed(new Fault('PORT_TAKEN', `Port ${port} (--http-port) cannot be listened on.`, { cause })),
    );
    server.listen(port, '127.0.0.1', () => listening());
  });
  return server;
}

async function state(client: Client): Promise<{ code: number; body: unknown }> {
  try {
    const [status, hosts] = await Promise.all([client.status(), client.hosts()]);
    const { orchestrator, leader, epoch, bundle, bundleName, ready, streams } = status;
    const frames = {
      answered: Number(status.framesAnswered),
      degraded: Number(status.framesDegraded),
      refused: Number(status.framesRefused),
    };
    const body = { ready, orchestrator, leader, epoch: Number(epoch), bundle, bundleName, frames, streams };
    return { code: 200, body: { ...body, hosts: hosts.map(hostLine) } };
  } catch (error) {
    const fault = Fault.from(error);
    return { code: 503, body: { code: fault.code, message: fault.said } };
  }
}

import { createServer, type Server } from 'node:http';
import { Fault } from '@murmuration/protocol/bus';

export interface Health {
  close(): void;
}

/**
 * Answers `GET /healthz` with 200 while `well()` returns null, else 503 and the reason: for containers' and
 * Kubernetes' probes. @throws Fault PORT_TAKEN
 */
export async function serveHealth(port: number, well: () => string | null): Promise<Health> {
  const server: Server = createServer((request, response) => {
    if (request.url !== '/healthz') {
      response.writeHead(404).end();
      return;
    }
    const reason = well();
    response.writeHead(reason === null ? 200 : 503, { 'content-type': 'text/plain' }).end(reason ?? 'ok');
  });
  server.headersTimeout = 2000;
  server.requestTimeout = 2000;
  await new Promise<void>((listening, failed) => {
    server.once('error', (cause) =>
      failed(new Fault('PORT_TAKEN', `Health port ${port} cannot be opened.`, { cause })),
    );
    server.listen(port, () => listening());
  });
  server.unref();
  return { close: () => void server.close() };
}

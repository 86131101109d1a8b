import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import {
  Fault,
  type IngestServer,
  IngestService,
  type SwarmServer,
  SwarmService,
} from '@murmuration/protocol';
import { HealthImplementation } from 'grpc-health-check';
import { ROOT } from './settings.js';

/** A picture of 32 MiB, and what goes with it. */
const MAX_MESSAGE = 34 * 1024 * 1024;
/** Clients may ping as often as this; more often is taken for abuse. */
const MIN_PING_MS = 5000;
/** The longest that calls are waited for when the server ends. */
const END_MS = 1000;

const SERVICES = ['', 'murmuration.v1.Ingest', 'murmuration.v1.Swarm'] as const;

/** The gRPC server, with health and reflection beside the services. */
export class GrpcServer {
  readonly #server: Server;
  readonly #health: HealthImplementation;
  /** Where it listens; another port than was asked for where that was 0. */
  readonly port: number;
  #serving = false;

  private constructor(server: Server, health: HealthImplementation, port: number) {
    this.#server = server;
    this.#health = health;
    this.port = port;
  }

  /** Listens, without serving yet as far as health goes. @throws Fault PORT_TAKEN */
  static async listen(address: string, ingest: IngestServer, swarm: SwarmServer): Promise<GrpcServer> {
    const server = new Server({
      'grpc.max_receive_message_length': MAX_MESSAGE,
      'grpc.max_send_message_length': MAX_MESSAGE,
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.http2.min_ping_interval_without_data_ms': MIN_PING_MS,
      'grpc.keepalive_permit_without_calls': 1,
    });
    server.addService(IngestService, ingest);
    server.addService(SwarmService, swarm);
    // The state of the swarm is told by every orchestrator at any time: only its ingest has to become ready.
    const health = new HealthImplementation({
      '': 'NOT_SERVING',
      'murmuration.v1.Ingest': 'NOT_SERVING',
      'murmuration.v1.Swarm': 'SERVING',
    });
    health.addToServer(server);
    new ReflectionService(
      loadSync(['murmuration/v1/ingest.proto', 'murmuration/v1/swarm.proto'], {
        includeDirs: [`${ROOT}proto`],
      }),
    ).addToServer(server);
    return new GrpcServer(server, health, await bind(server, address));
  }

  /** What health says of the ingest. */
  set serving(serving: boolean) {
    if (serving === this.#serving) return;
    this.#serving = serving;
    const status = serving ? 'SERVING' : 'NOT_SERVING';
    this.#health.setStatus('', status);
    this.#health.setStatus('murmuration.v1.Ingest', status);
  }

  /** Waits for open calls for a moment, then cuts them off: a dead client must not hold the process. */
  async close(): Promise<void> {
    for (const service of SERVICES) this.#health.setStatus(service, 'NOT_SERVING');
    await new Promise<void>((closed) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        closed();
      }, END_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        closed();
      });
    });
  }
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((bound, failed) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (cause, port) => {
      if (cause === null) bound(port);
      else failed(new Fault('PORT_TAKEN', `gRPC cannot listen at ${address}.`, { cause }));
    });
  });
}

import {
  type ClientOptions,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  type AgentInfo,
  type Box,
  type DetectResponse,
  Fault,
  faultOf,
  type GetStatusResponse,
  type HostInfo,
  IngestClient,
  SwarmClient,
} from '@murmuration/protocol';
import { imageOf, type Picture } from './image.js';
import { FrameStream, type StreamOptions } from './stream.js';

/** No call waits for ever: what a call gets that names no time of its own, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 5000;

const MAX_MESSAGE = 34 * 1024 * 1024;
const OPTIONS: ClientOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE,
  'grpc.max_send_message_length': MAX_MESSAGE,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
};

export interface CallOptions {
  readonly timeoutMs?: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
  /** gRPC metadata, such as a `traceparent`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface DetectOptions extends CallOptions {
  /** Without boxes the whole picture is taken as one person. */
  readonly boxes?: readonly Box[];
}

/** Connects to an orchestrator at `host:port`. Returns at once: the first call connects; {@link Client.ready} waits. */
export function connect(address: string): Client {
  return new Client(address);
}

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: { deadline: number },
  done: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** The gRPC interface of the swarm. Whatever fails throws a {@link Fault}. */
export class Client {
  readonly address: string;
  readonly #ingest: IngestClient;
  readonly #swarm: SwarmClient;

  constructor(address: string) {
    this.address = address;
    this.#ingest = new IngestClient(address, credentials.createInsecure(), OPTIONS);
    this.#swarm = new SwarmClient(address, credentials.createInsecure(), OPTIONS);
  }

  /** The poses in one picture, in the order of the boxes. @throws Fault */
  async detect(picture: Picture, options: DetectOptions = {}): Promise<DetectResponse> {
    const request = { image: imageOf(picture), boxes: [...(options.boxes ?? [])] };
    return await unary(this.#ingest.detect.bind(this.#ingest), request, options);
  }

  /** Opens a stream of frames. @throws Fault where the server refuses it */
  async stream(options: StreamOptions): Promise<FrameStream> {
    return await FrameStream.open(this.#ingest.stream(metadataOf(options.metadata)), options);
  }

  /** @throws Fault */
  async status(options: CallOptions = {}): Promise<GetStatusResponse> {
    return await unary(this.#swarm.getStatus.bind(this.#swarm), {}, options);
  }

  /** @throws Fault */
  async hosts(options: CallOptions = {}): Promise<HostInfo[]> {
    return (await unary(this.#swarm.listHosts.bind(this.#swarm), {}, options)).hosts;
  }

  /** @throws Fault */
  async agents(options: CallOptions = {}): Promise<AgentInfo[]> {
    return (await unary(this.#swarm.listAgents.bind(this.#swarm), {}, options)).agents;
  }

  /** Waits until every squad of the swarm runs. @throws Fault SWARM_NOT_READY, or why the server cannot be reached */
  async ready(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<GetStatusResponse> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      let why: Fault;
      try {
        const status = await this.status({ timeoutMs: Math.max(1, until - performance.now()) });
        if (status.ready) return status;
        why = new Fault('SWARM_NOT_READY', `The swarm at ${this.address} is not ready.`);
      } catch (error) {
        why = Fault.from(error);
      }
      if (performance.now() >= until) throw why;
      await new Promise((soon) => setTimeout(soon, 50));
    }
  }

  close(): void {
    this.#ingest.close();
    this.#swarm.close();
  }
}

function unary<Request, Response>(
  method: Unary<Request, Response>,
  request: Request,
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal, metadata }: CallOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(new Fault('CANCELLED', 'The caller gave up.'));
    const call = method(
      request,
      metadataOf(metadata),
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        signal?.removeEventListener('abort', abort);
        if (error === null) resolve(response);
        else reject(faultOf(error));
      },
    );
    const abort = (): void => call.cancel();
    signal?.addEventListener('abort', abort, { once: true });
  });
}

function metadataOf(entries: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return metadata;
}

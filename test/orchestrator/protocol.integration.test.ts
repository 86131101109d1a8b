import {
  type ClientDuplexStream,
  credentials,
  Metadata,
  makeClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import {
  Encoding,
  fromGrpc,
  IngestClient,
  type StreamRequest,
  type StreamResponse,
} from '@murmuration/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  freePort,
  type NatsFixture,
  startNats,
  startProcess,
  type TestProcess,
  until,
} from '../support/index.js';
import { SwarmOnTheBus } from './swarm-on-the-bus.js';

/** The protocol itself, spoken without the client that keeps to it. */
let nats: NatsFixture;
let swarm: SwarmOnTheBus;
let orchestrator: TestProcess;
let address: string;
let ingest: IngestClient;

beforeAll(async () => {
  nats = await startNats();
  address = `127.0.0.1:${await freePort()}`;
  orchestrator = startProcess('orchestrator', {
    NATS_URL: nats.url,
    GRPC_ADDRESS: address,
    ROUND_DEADLINE_MS: '2000',
    STREAM_CREDITS: '3',
  });
  swarm = await SwarmOnTheBus.join(nats.url);
  ingest = new IngestClient(address, credentials.createInsecure());
  await until(async () => (await health('')) === 'NOT_SERVING', { name: 'the server is there, not ready' });
  swarm.host('only');
  await until(async () => (await health('')) === 'SERVING', { name: 'the swarm is ready' });
});
afterAll(async () => {
  ingest.close();
  await swarm.leave();
  await orchestrator.stop();
  await nats.stop();
});

/** The whole of a stream's answers, and how it ended. */
interface Ending {
  readonly messages: StreamResponse[];
  readonly error: ServiceError | null;
}

function talk(speak: (call: ClientDuplexStream<StreamRequest, StreamResponse>) => void): Promise<Ending> {
  return new Promise((ended) => {
    const call = ingest.stream({ deadline: Date.now() + 20_000 });
    const messages: StreamResponse[] = [];
    call.on('data', (message: StreamResponse) => messages.push(message));
    call.on('error', (error: ServiceError) => ended({ messages, error }));
    call.on('end', () => ended({ messages, error: null }));
    speak(call);
  });
}

const open = (stream: string, credits = 0): StreamRequest => ({
  message: { $case: 'open', value: { stream, credits, latestWins: false } },
});
const frame = (sequence: bigint): StreamRequest => ({
  message: {
    $case: 'frame',
    value: {
      sequence,
      image: { encoding: Encoding.ENCODING_GRAY8, data: new Uint8Array(64 * 64), width: 64, height: 64 },
      boxes: [],
      timeout: undefined,
    },
  },
});

/** grpc.health.v1 and reflection as any client knows them, without their generated code. */
const raw = (bytes: Buffer): Buffer => bytes;
const Raw = makeClientConstructor(
  {
    check: {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    },
    detect: {
      path: '/murmuration.v1.Ingest/Detect',
      requestStream: false,
      responseStream: false,
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    },
    reflect: {
      path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      requestStream: true,
      responseStream: true,
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    },
  },
  'Raw',
);

function unary(path: string, request: Buffer): Promise<Buffer> {
  const client = new Raw(address, credentials.createInsecure());
  return new Promise<Buffer>((answered, failed) => {
    client.makeUnaryRequest(
      path,
      raw,
      raw,
      request,
      new Metadata(),
      { deadline: Date.now() + 5000 },
      (error, response) => (error === null ? answered(response as Buffer) : failed(error)),
    );
  }).finally(() => client.close());
}

async function health(service: string): Promise<string> {
  const name = Buffer.from(service);
  const request = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const response = await unary('/grpc.health.v1.Health/Check', request);
  return ['UNKNOWN', 'SERVING', 'NOT_SERVING'][response[1] ?? 0] ?? '';
}

describe('the stream protocol', () => {
  it.each<[string, StreamRequest[], string, status]>([
    ['a frame before it is open', [frame(1n)], 'STREAM_NOT_OPEN', status.FAILED_PRECONDITION],
    ['a second open', [open('twice'), open('twice')], 'STREAM_NOT_OPEN', status.FAILED_PRECONDITION],
    ['an empty message', [open('empty'), { message: undefined }], 'MESSAGE_EMPTY', status.INVALID_ARGUMENT],
    ['a bad name', [open('a b')], 'STREAM_NAME_INVALID', status.INVALID_ARGUMENT],
  ])('ends the call at %s', async (_name, messages, code, grpc) => {
    const { error } = await talk((call) => {
      for (const message of messages) call.write(message);
    });
    expect([error === null ? null : fromGrpc(error).code, error?.code]).toEqual([code, grpc]);
  });

  it('ends well where nothing is sent, and where nothing but open is', async () => {
    expect(await talk((call) => call.end())).toEqual({ messages: [], error: null });
    const { messages, error } = await talk((call) => {
      call.write(open('quiet', 2));
      call.end();
    });
    expect(error).toBeNull();
    expect(messages).toEqual([{ message: { $case: 'opened', value: { credits: 2 } } }]);
  });

  it('grants no more credits than it has', async () => {
    const { messages } = await talk((call) => {
      call.write(open('greedy', 1_000_000));
      call.end();
    });
    expect(messages[0]?.message).toEqual({ $case: 'opened', value: { credits: 3 } });
  });

  it('answers frames beyond the credits with an error, in their order', async () => {
    swarm.delay = () => 300;
    const { messages, error } = await talk((call) => {
      call.write(open('beyond'));
      for (let i = 1n; i <= 5n; i++) call.write(frame(i));
      call.end();
    });
    swarm.delay = () => 0;
    expect(error).toBeNull();
    const answers = messages.flatMap(({ message }) => (message?.$case === 'answer' ? [message.value] : []));
    expect(answers.map((answer) => [Number(answer.sequence), answer.error?.code])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, undefined],
      [4, 'TOO_MANY_IN_FLIGHT'],
      [5, 'TOO_MANY_IN_FLIGHT'],
    ]);
  });

  it('does not drown in frames and answers that a client piles up', async () => {
    const sent = 3000;
    const { messages, error } = await talk((call) => {
      call.pause();
      call.write(open('flood'));
      for (let i = 1; i <= sent; i++) call.write(frame(BigInt(i)));
      call.end();
      setTimeout(() => call.resume(), 500);
    });
    expect(error).toBeNull();
    expect(messages).toHaveLength(sent + 1);
  });
});

describe('the server', () => {
  it('survives bytes that are no message', async () => {
    const refused = await unary('/murmuration.v1.Ingest/Detect', Buffer.from([0xff, 0xff, 0xff, 0xff])).catch(
      (error: ServiceError) => error.code,
    );
    expect(refused).toBe(status.INTERNAL);
    expect(await health('murmuration.v1.Ingest')).toBe('SERVING');
  });

  it('ends a stream of bytes that are no messages, and that one only', async () => {
    const client = new Raw(address, credentials.createInsecure());
    const code = await new Promise<status>((ended) => {
      const path = '/murmuration.v1.Ingest/Stream';
      const call = client.makeBidiStreamRequest(path, raw, raw, new Metadata(), {
        deadline: Date.now() + 5000,
      });
      call.on('data', () => {});
      call.on('error', (error: ServiceError) => ended(error.code));
      call.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    }).finally(() => client.close());
    expect(code).toBe(status.INTERNAL);
    expect(await health('murmuration.v1.Ingest')).toBe('SERVING');
  });

  it('refuses a message over 34 MiB without reading it', async () => {
    const refused = await unary('/murmuration.v1.Ingest/Detect', Buffer.alloc(35 * 1024 * 1024)).catch(
      (error: ServiceError) => error.code,
    );
    expect(refused).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('tells its services by reflection', async () => {
    const client = new Raw(address, credentials.createInsecure());
    const listed = await new Promise<string>((answered, failed) => {
      const call = client.makeBidiStreamRequest(
        '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
        raw,
        raw,
        new Metadata(),
        { deadline: Date.now() + 5000 },
      );
      call.on('data', (data: Buffer) => answered(data.toString('latin1')));
      call.on('error', failed);
      call.write(Buffer.from([0x3a, 0x01, 0x2a])); // list_services: "*"
    }).finally(() => client.close());
    for (const name of ['murmuration.v1.Ingest', 'murmuration.v1.Swarm']) expect(listed).toContain(name);
  });
});

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ClientDuplexStream, credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { Bus } from '@murmuration/bus';
import { CROP_BYTES } from '@murmuration/protocol';
import { ECHO, REQUEST_SUBJECT } from './floor-terms.js';
import { Spread } from './spread.js';

/** What a frame cannot be faster than, measured with nothing but the transport. Milliseconds. */
export interface Floors {
  /** A crop to another process over NATS, and a vote-sized reply back. */
  readonly busP50Ms: number;
  readonly busP99Ms: number;
  /** The frame to another process over a gRPC stream, and an answer-sized message back. */
  readonly grpcP50Ms: number;
  readonly grpcP99Ms: number;
}

/** Round trips that come before those that are counted. */
const WARM_UP = 200;

/** Measures both floors against a peer process, for about `seconds` each. */
export async function measureFloors(natsUrl: string, frameBytes: number, seconds: number): Promise<Floors> {
  const peer = fork(fileURLToPath(new URL('peer.js', import.meta.url)), {
    env: { ...process.env, NATS_URL: natsUrl },
  });
  try {
    const port = await firstMessage(peer);
    const bus = await busFloor(natsUrl, seconds);
    const grpc = await grpcFloor(port, frameBytes, seconds);
    return { busP50Ms: bus.p50, busP99Ms: bus.p99, grpcP50Ms: grpc.p50, grpcP99Ms: grpc.p99 };
  } finally {
    peer.kill('SIGKILL');
  }
}

function firstMessage(peer: ChildProcess): Promise<number> {
  return new Promise((ready, failed) => {
    peer.once('message', (port) => ready(Number(port)));
    peer.once('exit', (code) => failed(new Error(`The peer of the floors ended with ${code}.`)));
    setTimeout(() => failed(new Error('The peer of the floors did not start in 20 s.')), 20_000).unref();
  });
}

/** Round trips one after the other: a floor is what an unhurried transport takes. */
async function repeat(trip: () => Promise<unknown>, seconds: number): Promise<Spread> {
  for (let i = 0; i < WARM_UP; i++) await trip();
  const taken: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    await trip();
    taken.push(performance.now() - start);
  }
  return new Spread(taken);
}

async function busFloor(url: string, seconds: number): Promise<Spread> {
  const bus = await Bus.connect({ url, name: 'bench-floor' });
  try {
    const crop = new Uint8Array(CROP_BYTES + 64);
    return await repeat(() => bus.request(REQUEST_SUBJECT, crop, 2000), seconds);
  } finally {
    await bus.close();
  }
}

async function grpcFloor(port: number, frameBytes: number, seconds: number): Promise<Spread> {
  const Echo = makeGenericClientConstructor(ECHO, 'Echo');
  const client = new Echo(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    const stream = (client['echo'] as () => ClientDuplexStream<Buffer, Buffer>).call(client);
    const frame = Buffer.alloc(frameBytes);
    const trip = () =>
      new Promise<void>((answered, failed) => {
        stream.once('error', failed);
        stream.once('data', () => {
          stream.off('error', failed);
          answered();
        });
        stream.write(frame);
      });
    const spread = await repeat(trip, seconds);
    stream.on('error', () => {}); // being cancelled is an error to grpc-js
    stream.cancel();
    return spread;
  } finally {
    client.close();
  }
}

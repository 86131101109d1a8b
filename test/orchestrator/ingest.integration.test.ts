import {
  type Client,
  connect,
  type Encoding,
  Fault,
  gray,
  rgb,
  type StreamAnswer,
} from '@murmuration/client';
import { encodeJpeg } from '@murmuration/native';
import { CROP_BYTES } from '@murmuration/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  freePort,
  type NatsFixture,
  startNats,
  startProcess,
  type TestProcess,
  until,
} from '../support/index.js';
import { SwarmOnTheBus } from './swarm-on-the-bus.js';

const WIDTH = 200;
const HEIGHT = 100;
const picture = rgb(new Uint8Array(WIDTH * HEIGHT * 3).fill(90), WIDTH, HEIGHT);
const jpeg = encodeJpeg(picture.data, WIDTH, HEIGHT, 90);
// The largest there is; made before the test's own hosts have to beat.
const large = encodeJpeg(new Uint8Array(8192 * 8192 * 3), 8192, 8192, 50);
const box = { x: 40, y: 20, width: 40, height: 60 };

let nats: NatsFixture;
let swarm: SwarmOnTheBus;
let orchestrator: TestProcess;
let client: Client;

beforeAll(async () => {
  nats = await startNats();
  const address = `127.0.0.1:${await freePort()}`;
  orchestrator = startProcess('orchestrator', {
    NATS_URL: nats.url,
    GRPC_ADDRESS: address,
    ORCHESTRATOR_ID: 'tested',
    MAX_IN_FLIGHT: '24',
    MAX_STREAMS: '3',
    // Rounds that a busy machine answers late are not what is tested here.
    ROUND_DEADLINE_MS: '2000',
  });
  swarm = await SwarmOnTheBus.join(nats.url);
  swarm.host('left');
  swarm.host('right');
  client = connect(address);
  await client.ready(30_000);
});
afterAll(async () => {
  client.close();
  await swarm.leave();
  await orchestrator.stop();
  await nats.stop();
});
beforeEach(() => {
  swarm.decide = () => ({});
  swarm.delay = () => 0;
  swarm.crops.length = 0;
  swarm.rounds.length = 0;
});

/** The code and field of the fault that `work` ends with. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return error.field === null ? error.code : `${error.code} ${error.field}`;
    throw error;
  }
  return 'answered';
}

async function collect(answers: AsyncIterable<StreamAnswer>, most = Infinity): Promise<StreamAnswer[]> {
  const all: StreamAnswer[] = [];
  for await (const answer of answers) if (all.push(answer) >= most) break;
  return all;
}

describe('a picture', () => {
  it('is answered in its own pixels, with what the answer rests on', async () => {
    const { poses, degraded, timing } = await client.detect(picture, { boxes: [box, box] });
    expect(poses).toHaveLength(2);
    expect(degraded).toBe(false);
    expect(timing?.totalMs).toBeGreaterThan(0);
    const [pose] = poses;
    expect(pose).toMatchObject({ box, score: 0.5, track: 0 });
    expect(pose?.keypoints).toHaveLength(17);
    // The middle of the box; its longer side of 60 widened to 75 over 128 pixels of crop.
    expect(pose?.keypoints[0]).toMatchObject({ x: 60, y: 50, confidence: 0.5 });
    expect(pose?.keypoints[0]?.spread).toBeCloseTo((2 * 75) / 128, 4);
    expect(pose?.certificate).toMatchObject({ votes: 2, expected: 2, tolerated: 1, depth: 2 });
    expect(pose?.certificate?.bundle).toMatch(/^[0-9a-f]{64}$/);
  });

  it('opens its round before its crop, with all people in one message', async () => {
    await client.detect(picture, { boxes: [box, box, box], timeoutMs: 1000 });
    await until(() => swarm.rounds.length === 1 && swarm.crops.length === 1, { name: 'both messages' });
    const [round] = swarm.rounds;
    expect(swarm.crops[0]?.round).toEqual(round);
    expect(swarm.crops[0]?.pixels.length).toBe(3 * CROP_BYTES);
    expect(round).toMatchObject({ people: 3, look: 0 });
    expect(round?.epoch).toBeGreaterThan(0n);
    const given = (round?.deadlineMs ?? 0) - (round?.openedMs ?? 0);
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThanOrEqual(1000);
  });

  it('that is very large holds up the others, and costs none of them its answer', async () => {
    const stream = await client.stream({ name: 'beside' });
    const reading = collect(stream);
    const both = Promise.all([
      client.detect(large, { timeoutMs: 60_000 }),
      client.detect(large, { timeoutMs: 60_000 }),
    ]);
    for (let i = 0; i < 10; i++) await stream.send({ image: picture });
    stream.end();
    expect((await both).map(({ poses }) => poses.length)).toEqual([1, 1]);
    expect((await reading).map((answer) => answer.error?.code)).toEqual(Array(10).fill(undefined));
  });

  it('may be JPEG, RGB or grey, and without boxes is taken whole', async () => {
    const grey = gray(new Uint8Array(WIDTH * HEIGHT), WIDTH, HEIGHT);
    for (const image of [jpeg, picture, grey]) {
      const { poses } = await client.detect(image);
      expect(poses.map((pose) => pose.box)).toEqual([{ x: 0, y: 0, width: WIDTH, height: HEIGHT }]);
    }
  });

  it('says when it rests on too few votes, and fails when it rests on none', async () => {
    swarm.decide = () => ({ degraded: true, voted: ['left'] });
    const { degraded, poses } = await client.detect(picture);
    expect([degraded, poses.length, poses[0]?.certificate?.votes]).toEqual([true, 1, 1]);
    swarm.decide = () => ({ degraded: true, voted: [] });
    expect(await refusal(client.detect(picture))).toBe('NO_VOTES');
    swarm.decide = () => ({ poses: [] });
    expect(await refusal(client.detect(picture))).toBe('MESSAGE_INVALID');
  });

  it.each<[string, Parameters<Client['detect']>[0], object, string]>([
    ['no bytes', new Uint8Array(), {}, 'IMAGE_MISSING image.data'],
    ['no picture', new TextEncoder().encode('not a picture at all'), {}, 'IMAGE_INVALID image.data'],
    ['half a picture', jpeg.subarray(0, jpeg.length / 2), {}, 'IMAGE_INVALID image.data'],
    ['an unknown encoding', { ...picture, encoding: 0 }, {}, 'ENCODING_UNKNOWN image.encoding'],
    [
      'an encoding of the future',
      { ...picture, encoding: 99 as Encoding },
      {},
      'ENCODING_UNKNOWN image.encoding',
    ],
    ['too few raw bytes', { ...picture, width: WIDTH + 1 }, {}, 'IMAGE_INVALID image.data'],
    ['no width', { ...picture, width: 0 }, {}, 'IMAGE_INVALID image.width'],
    ['a raw side over the limit', { ...picture, height: 2 ** 31 }, {}, 'IMAGE_TOO_LARGE image.height'],
    ['a JPEG that says it is large', largeJpeg(), {}, 'IMAGE_TOO_LARGE image.data'],
    ['a box outside', picture, { boxes: [box, { ...box, x: WIDTH }] }, 'BOX_INVALID boxes[1]'],
    ['a box that is no number', picture, { boxes: [{ ...box, y: Number.NaN }] }, 'BOX_INVALID boxes[0].y'],
    ['17 people', picture, { boxes: Array(17).fill(box) }, 'TOO_MANY_PEOPLE boxes'],
  ])('is refused with %s, and the next one is answered', async (_name, image, options, wanted) => {
    expect(await refusal(client.detect(image, options))).toBe(wanted);
    expect((await client.detect(picture)).poses).toHaveLength(1);
  });

  it('is given up at the deadline of its call', async () => {
    swarm.decide = () => null;
    expect(await refusal(client.detect(picture, { timeoutMs: 300 }))).toBe('DEADLINE_PASSED');
    expect(await refusal(client.detect(picture, { signal: AbortSignal.timeout(200) }))).toBe('CANCELLED');
    // Nothing of it is left behind: as many as may be in flight at once are answered.
    swarm.decide = () => ({});
    await Promise.all(Array.from({ length: 24 }, () => client.detect(picture)));
  });

  it('is refused beyond what may be in flight, with a time to come again', async () => {
    swarm.delay = () => 500;
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => client.detect(picture)));
    const refused = outcomes
      .filter((outcome) => outcome.status === 'rejected')
      .map((outcome) => outcome.reason as Fault);
    expect(refused).toHaveLength(16);
    for (const fault of refused) expect([fault.code, fault.retryMs]).toEqual(['TOO_MANY_IN_FLIGHT', 50]);
  });
});

describe('a stream', () => {
  it('is answered in order, whatever order its rounds end in', async () => {
    const stream = await client.stream({ name: 'order', credits: 8 });
    expect(stream.credits).toBe(8);
    swarm.delay = ({ sequence }) => (Number(sequence) % 3) * 30;
    const reading = collect(stream);
    for (let i = 1; i <= 30; i++) await stream.send({ image: picture, boxes: [box] });
    stream.end();
    const answers = await reading;
    expect(answers.map((answer) => answer.sequence)).toEqual(
      Array.from({ length: 30 }, (_, i) => BigInt(i + 1)),
    );
    for (const answer of answers) expect([answer.error, answer.poses.length]).toEqual([undefined, 1]);
  });

  it('answers a bad frame with its error, and goes on', async () => {
    const stream = await client.stream({ name: 'bad' });
    const reading = collect(stream);
    await stream.send({ image: picture, sequence: 5n });
    await stream.send({ image: new Uint8Array([1, 2, 3]), sequence: 6n });
    await stream.send({ image: picture, sequence: 6n });
    await stream.send({ image: picture, sequence: 2n });
    await stream.send({ image: picture, boxes: [{ ...box, width: 0 }], sequence: 7n });
    await stream.send({ image: picture, timeoutMs: 0, sequence: 8n });
    await stream.send({ image: picture, sequence: 9n });
    stream.end();
    expect(
      (await reading).map(({ sequence, error }) => [Number(sequence), error?.code ?? '', error?.field ?? '']),
    ).toEqual([
      [5, '', ''],
      [6, 'IMAGE_INVALID', 'image.data'],
      [6, 'SEQUENCE_NOT_INCREASING', 'frame.sequence'],
      [2, 'SEQUENCE_NOT_INCREASING', 'frame.sequence'],
      [7, 'BOX_INVALID', 'boxes[0].width'],
      [8, 'DEADLINE_PASSED', ''],
      [9, '', ''],
    ]);
  });

  it('answers a frame whose time is over, while the rest goes on', async () => {
    const stream = await client.stream({ name: 'late' });
    swarm.decide = ({ round }) => (round?.sequence === 1n ? null : {});
    await stream.send({ image: picture, timeoutMs: 200 });
    await stream.send({ image: picture });
    stream.end();
    expect((await collect(stream)).map((answer) => answer.error?.code)).toEqual([
      'DEADLINE_PASSED',
      undefined,
    ]);
  });

  it('drops the oldest frame that waits where the latest wins', async () => {
    swarm.delay = () => 400;
    const stream = await client.stream({ name: 'latest', credits: 4, latestWins: true });
    const reading = collect(stream);
    for (let i = 0; i < 7; i++) await stream.send({ image: picture });
    stream.end();
    const codes = (await reading).map((answer) => answer.error?.code ?? 'answered');
    // Two were under way and two waited when three more came.
    expect(codes).toEqual([
      ...['answered', 'answered'],
      ...['FRAME_DROPPED', 'FRAME_DROPPED', 'FRAME_DROPPED'],
      ...['answered', 'answered'],
    ]);
  });

  it('has a name of its own, and frees it at its end', async () => {
    const first = await client.stream({ name: 'taken' });
    expect(await refusal(client.stream({ name: 'taken' }))).toBe('STREAM_NAME_TAKEN open.stream');
    expect(await refusal(client.stream({ name: 'no dots.' }))).toBe('STREAM_NAME_INVALID open.stream');
    const others = [await client.stream({ name: 'two' }), await client.stream({ name: 'three' })];
    expect(await refusal(client.stream({ name: 'four' }))).toBe('TOO_MANY_STREAMS');
    first.cancel();
    expect(await refusal(collect(first))).toBe('CANCELLED');
    await until(async () => (await client.status()).streams === 2, { name: 'the cancelled stream is gone' });
    const again = await client.stream({ name: 'taken' });
    for (const stream of [again, ...others]) {
      stream.end();
      expect(await collect(stream)).toEqual([]);
    }
    await until(async () => (await client.status()).streams === 0, { name: 'all streams are gone' });
  });
});

/** A JPEG whose header claims 60,000 x 60,000 pixels. */
function largeJpeg(): Uint8Array {
  const bytes = Uint8Array.from(jpeg);
  const at = bytes.findIndex((byte, i) => byte === 0xff && (bytes[i + 1] === 0xc0 || bytes[i + 1] === 0xc2));
  new DataView(bytes.buffer).setUint16(at + 5, 60_000);
  new DataView(bytes.buffer).setUint16(at + 7, 60_000);
  return bytes;
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canaryCrop } from '@murmuration/agent-host';
import { Bus, bundleName, storeBundle } from '@murmuration/bus';
import { Swarm } from '@murmuration/native';
import {
  Beat,
  buckets,
  Crop,
  HostPhase,
  keys,
  Order,
  OrderReply,
  partitionOf,
  subjects,
  VOTE_VALUES,
  Vote,
} from '@murmuration/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type NatsFixture, startNats } from '../support/nats.js';
import { startProcess, type TestProcess } from '../support/process.js';
import { ROOT } from '../support/temp.js';
import { until } from '../support/until.js';

const file = (name: string): Uint8Array => readFileSync(join(ROOT, 'models/flock', name));
const bundle = { manifest: file('manifest.json'), weights: file('weights.safetensors') };
const squads = (JSON.parse(Buffer.from(bundle.manifest).toString()) as { squads: { id: string }[] }).squads
  .map((squad) => squad.id)
  .sort();

let nats: NatsFixture;
let bus: Bus;
let name: string;
let epoch = 0;
const processes: TestProcess[] = [];
const beats = new Map<string, Beat>();
const votes: Vote[] = [];

beforeAll(async () => {
  nats = await startNats();
  bus = await Bus.connect({ url: nats.url, name: 'test' });
  bus.subscribe(
    subjects.beats,
    ({ data }) => {
      const beat = Beat.decode(data.slice());
      beats.set(beat.host, beat);
    },
    () => {},
  );
  bus.subscribe(
    subjects.votes(partitionOf('s')),
    ({ data }) => votes.push(Vote.decode(new Uint8Array(data))),
    () => {},
  );
  name = await storeBundle(bus, bundle);
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.stop()));
  beats.clear();
  votes.length = 0;
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
});

async function start(host: string): Promise<TestProcess> {
  const one = startProcess('agent-host', { NATS_URL: nats.url, HOST_ID: host, BEAT_MS: '50' });
  processes.push(one);
  await until(() => beats.has(host), { name: `${host} beats` });
  return one;
}

async function assign(host: string, wanted: readonly string[], of = name): Promise<OrderReply> {
  const value = { epoch: BigInt(++epoch), bundle: of, squads: [...wanted] };
  const incarnation = beats.get(host)?.incarnation ?? '';
  const order = Order.encode({ incarnation, order: { $case: 'assign', value } }).finish();
  return OrderReply.decode(await bus.request(subjects.order(host), order, 10_000));
}

describe('an agent-host process', () => {
  it('votes as the kernel does, with digests, and shows the same canary as every other', async () => {
    await Promise.all([start('p1'), start('p2')]);
    for (const host of ['p1', 'p2']) expect(await assign(host, squads)).toMatchObject({ code: '' });
    const pixels = canaryCrop();
    const round = {
      stream: 's',
      sequence: 1n,
      look: 0,
      partition: partitionOf('s'),
      epoch: 1n,
      people: 1,
      openedMs: Date.now(),
      deadlineMs: Date.now() + 20_000,
    };
    bus.publish(subjects.crop('s'), Crop.encode({ round, pixels }).finish());
    await until(() => votes.length === 2, { name: 'two votes' });
    const wanted = new Uint16Array(squads.length * VOTE_VALUES);
    new Swarm(bundle.manifest, bundle.weights, squads).look(pixels, wanted);
    for (const vote of votes) {
      expect(new Uint16Array(new Uint8Array(vote.votes).buffer)).toEqual(wanted);
      const first = createHash('sha256')
        .update(vote.votes.subarray(0, VOTE_VALUES * 2))
        .digest();
      expect(Buffer.from(vote.digests.subarray(0, 8)).equals(first.subarray(0, 8))).toBe(true);
      expect(vote.lookUs).toBeGreaterThan(0);
    }
    await until(() => ['p1', 'p2'].every((host) => (beats.get(host)?.canary.length ?? 0) === 8), {
      name: 'canaries',
    });
    expect(beats.get('p1')?.canary).toEqual(beats.get('p2')?.canary);
  });

  it('refuses squads and bundles that are not what they should be, and goes on', async () => {
    const one = await start('p3');
    expect(await assign('p3', ['nobody'])).toMatchObject({ code: 'SQUAD_UNKNOWN' });
    expect(await assign('p3', squads, 'd'.repeat(64))).toMatchObject({ code: 'BUNDLE_MISSING' });

    const store = await bus.objects(buckets.models);
    const put = async (
      manifest: Uint8Array,
      weights: Uint8Array,
      under = bundleName(manifest),
    ): Promise<string> => {
      await store.putBlob({ name: keys.weights(under) }, weights);
      await store.putBlob({ name: keys.manifest(under) }, manifest);
      return under;
    };
    // Another manifest under a good name; good manifest with other weights; something huge.
    const other = Buffer.from(Buffer.from(bundle.manifest).toString().replace('"flock"', '"stork"'));
    expect(await assign('p3', squads, await put(other, bundle.weights, 'e'.repeat(64)))).toMatchObject({
      code: 'BUNDLE_INVALID',
    });
    const weights = new Uint8Array(bundle.weights);
    weights[weights.length - 1] = (weights[weights.length - 1] ?? 0) ^ 1;
    expect(await assign('p3', squads, await put(other, weights))).toMatchObject({ code: 'BUNDLE_INVALID' });
    const huge = await put(Buffer.alloc(3 << 20, 32), bundle.weights, 'f'.repeat(64));
    expect(await assign('p3', squads, huge)).toMatchObject({ code: 'BUNDLE_INVALID' });

    expect(one.ended).toBe(false);
    expect(await assign('p3', squads)).toMatchObject({ code: '' });
    await until(() => beats.get('p3')?.phase === HostPhase.HOST_PHASE_WORKING, {
      name: 'it works after all',
    });
  });

  it('ends with 1 and advice where no bus is, where its id is taken, and where its settings are wrong', async () => {
    await start('p4');
    const cases = [
      [{ NATS_URL: 'nats://127.0.0.1:9' }, 'BUS_UNREACHABLE'],
      [{ NATS_URL: nats.url, HOST_ID: 'p4' }, 'HOST_ID_TAKEN'],
      [{ NATS_URL: nats.url, HOST_ID: 'no token' }, 'CONFIG_INVALID'],
      [{ NATS_URL: nats.url, BEAT_MS: '0' }, 'CONFIG_INVALID'],
    ] as const;
    for (const [env, code] of cases) {
      const one = startProcess('agent-host', env);
      processes.push(one);
      expect(await one.exited).toBe(1);
      expect(one.log.at(-1)).toMatchObject({ code, advice: expect.any(String) });
    }
    expect(processes[0]?.ended).toBe(false);
  });

  it('says that it is gone when it is asked to end', async () => {
    const one = await start('p5');
    await assign('p5', squads);
    expect(await one.stop()).toBe(0);
    await until(() => beats.get('p5')?.phase === HostPhase.HOST_PHASE_GONE, { name: 'its last beat' });
  });
});

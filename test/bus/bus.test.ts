import { Bus, bundleName, loadBundle, serverIsNewEnough, storeBundle } from '@murmuration/bus';
import { buckets, Fault, keys } from '@murmuration/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NatsFixture, startNats } from '../support/nats.js';
import { until } from '../support/until.js';

const fail = (error: unknown): never => {
  throw error;
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the bus', () => {
  let nats: NatsFixture;
  let bus: Bus;
  beforeAll(async () => {
    nats = await startNats();
    bus = await Bus.connect({ url: nats.url, name: 'bus-test' });
  });
  afterAll(async () => {
    await bus.close();
    await nats.stop();
  });

  it('says where it looked when no server answers', async () => {
    const refused = Bus.connect({ url: 'nats://127.0.0.1:1', name: 'x', timeoutMs: 500 });
    await expect(refused).rejects.toMatchObject({
      code: 'BUS_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });

  it('hands messages on in order and goes on after a handler that throws', async () => {
    const seen: number[] = [];
    const errors: unknown[] = [];
    const subscribed = bus.subscribe(
      'test.order',
      (message) => {
        const value = message.data[0] ?? 0;
        if (value === 3) throw new Error('three');
        seen.push(value);
      },
      (error) => errors.push(error),
    );
    for (let i = 0; i < 6; i++) expect(bus.publish('test.order', new Uint8Array([i]))).toBe(true);
    await until(() => seen.length === 5, { name: 'five messages' });
    expect(seen).toEqual([0, 1, 2, 4, 5]);
    expect(errors).toHaveLength(1);
    subscribed.close();
  });

  it('answers requests, and says so when nobody does', async () => {
    const subscribed = bus.subscribe('test.ask', (message) => message.respond(message.data), fail);
    expect(Buffer.from(await bus.request('test.ask', bytes('hello'), 1000)).toString()).toBe('hello');
    subscribed.close();
    await expect(bus.request('test.nobody', bytes(''), 200)).rejects.toBeInstanceOf(Fault);
  });

  it('sheds while the server is away and resumes by itself', async () => {
    const other = await startNats();
    const lost = await Bus.connect({ url: other.url, name: 'lost' });
    const states: string[] = [];
    lost.onState((state) => states.push(state));
    let seen = 0;
    lost.subscribe('test.lost', () => seen++, fail);
    await other.stop();
    await until(() => !lost.connected, { name: 'the loss to be noticed' });
    expect(lost.publish('test.lost', bytes('into the void'))).toBe(false);
    const again = await other.again();
    await until(() => lost.connected, { name: 'the bus to be back' });
    lost.publish('test.lost', bytes('again'));
    await until(() => seen === 1, { name: 'the subscription to be back' });
    expect(states).toEqual(['lost', 'restored']);
    await lost.close();
    await again.stop();
  });
});

describe('the model store', () => {
  let nats: NatsFixture;
  let bus: Bus;
  const files = { manifest: bytes('{"name":"x"}'), weights: bytes('weights') };
  beforeAll(async () => {
    nats = await startNats();
    bus = await Bus.connect({ url: nats.url, name: 'models-test' });
  });
  afterAll(async () => {
    await bus.close();
    await nats.stop();
  });

  it('keeps a bundle under the hash of its manifest', async () => {
    const name = await storeBundle(bus, files);
    expect(name).toBe(bundleName(files.manifest));
    expect(await storeBundle(bus, files)).toBe(name);
    const loaded = await loadBundle(bus, name);
    expect(Buffer.from(loaded.manifest).equals(files.manifest)).toBe(true);
    expect(Buffer.from(loaded.weights).equals(files.weights)).toBe(true);
  });

  it('says so when a bundle is not there', async () => {
    await expect(loadBundle(bus, '0'.repeat(64))).rejects.toMatchObject({ code: 'BUNDLE_MISSING' });
  });

  it('refuses a forged manifest', async () => {
    const name = await storeBundle(bus, files);
    const store = await bus.objects(buckets.models);
    await store.putBlob({ name: keys.manifest(name) }, bytes('{"name":"evil"}'));
    await expect(loadBundle(bus, name)).rejects.toMatchObject({ code: 'BUNDLE_INVALID' });
  });
});

it('tells servers that are too old', () => {
  expect(serverIsNewEnough('2.9.25')).toBe(false);
  expect(serverIsNewEnough('2.10.99')).toBe(false);
  expect(serverIsNewEnough('2.11.0')).toBe(true);
  expect(serverIsNewEnough('2.15.1')).toBe(true);
  expect(serverIsNewEnough('3.0.0')).toBe(true);
  expect(serverIsNewEnough('unknown')).toBe(false);
});

import { Bus, LeaseKey } from '@murmuration/bus';
import { buckets } from '@murmuration/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NatsFixture, startNats } from '../support/nats.js';

describe('a lease', () => {
  let nats: NatsFixture;
  let bus: Bus;
  let taken = 0;
  const pair = async (): Promise<[LeaseKey, LeaseKey]> => {
    const kv = await bus.bucket(buckets.leases);
    const key = `key-${++taken}`;
    return [new LeaseKey(kv, key, 'first', 1000), new LeaseKey(kv, key, 'second', 1000)];
  };

  beforeAll(async () => {
    nats = await startNats();
    bus = await Bus.connect({ url: nats.url, name: 'lease-test' });
  });
  afterAll(async () => {
    await bus.close();
    await nats.stop();
  });

  it('has one holder, and the other sees who it is', async () => {
    const [first, second] = await pair();
    expect(await first.tend(() => 0)).toBe(true);
    expect(await second.tend(() => 0)).toBe(false);
    expect(second.holder).toBe('first');
    expect(first.term).toBe(1n);
  });

  it('passes on, with a higher term, when it is not renewed for its duration', async () => {
    const [first, second] = await pair();
    await first.tend(() => 0);
    await second.tend(() => 0);
    expect(await second.tend(() => 999)).toBe(false);
    expect(await second.tend(() => 1000)).toBe(true);
    expect(second.term).toBe(2n);
    expect(await first.tend(() => 1001)).toBe(false);
  });

  it('stays while it is renewed', async () => {
    const [first, second] = await pair();
    for (let now = 0; now < 5000; now += 300) {
      expect(await first.tend(() => now)).toBe(true);
      expect(await second.tend(() => now)).toBe(false);
    }
    expect(first.term).toBe(1n);
  });

  it('is not trusted by its own holder to the last moment', async () => {
    const [first] = await pair();
    await first.tend(() => 0);
    expect(first.held(749)).toBe(true);
    expect(first.held(750)).toBe(false);
  });

  it('is free at once when released', async () => {
    const [first, second] = await pair();
    await first.tend(() => 0);
    await first.release();
    expect(first.held(1)).toBe(false);
    expect(await second.tend(() => 1)).toBe(true);
  });

  it('goes to one only when two ask at once', async () => {
    for (let round = 0; round < 10; round++) {
      const [first, second] = await pair();
      const won = await Promise.all([first.tend(() => 0), second.tend(() => 0)]);
      expect(won.filter(Boolean)).toHaveLength(1);
    }
  });
});

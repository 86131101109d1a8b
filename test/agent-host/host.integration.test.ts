import { Host, type HostSettings, incarnationOf, type Kernel } from '@murmuration/agent-host';
import { Bus } from '@murmuration/bus';
import {
  Beat,
  buckets,
  CROP_BYTES,
  Crop,
  Fault,
  HostPhase,
  keys,
  Order,
  OrderReply,
  Placement,
  partitionOf,
  type Round,
  subjects,
  Vote,
} from '@murmuration/protocol';
import { createLog, SparingLog } from '@murmuration/telemetry';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type NatsFixture, startNats } from '../support/nats.js';
import { until } from '../support/until.js';

process.env['MURMURATION_LOG'] = 'silent';
const log = createLog('host', 'test');
const BUNDLE = 'b'.repeat(64);

/** A kernel whose votes say which crop they are of. */
const echo: Kernel = {
  look: (crop, votes) => void votes.fill((crop[0] ?? 0) + 1),
};

let nats: NatsFixture;
let bus: Bus;
const buses: Bus[] = [];
const beats: Beat[] = [];
const votes: Vote[] = [];

beforeAll(async () => {
  nats = await startNats();
  bus = await Bus.connect({ url: nats.url, name: 'test' });
  const pass = (): void => {}; // some of what is sent here cannot be read
  bus.subscribe(subjects.beats, ({ data }) => beats.push(Beat.decode(data.slice())), pass);
  for (let partition = 0; partition < 8; partition++)
    bus.subscribe(subjects.votes(partition), ({ data }) => votes.push(Vote.decode(data.slice())), pass);
  await bus.flush();
});
afterEach(async () => {
  for (const one of buses.splice(0)) await one.close();
  beats.length = 0;
  votes.length = 0;
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
});

let hosts = 0;

async function join(
  over: Partial<HostSettings> = {},
  load: () => Promise<Kernel> = async () => echo,
): Promise<{ host: Host; settings: HostSettings }> {
  const own = await Bus.connect({ url: nats.url, name: 'host' });
  buses.push(own);
  const settings: HostSettings = {
    host: `h${++hosts}`,
    beatMs: 30,
    capacity: 0n,
    incarnation: incarnationOf(Date.now(), `${hosts}`),
    ...over,
  };
  const host = await Host.join(own, log, new SparingLog(log), settings, load);
  return { host, settings };
}

async function order(
  settings: HostSettings,
  epoch: number,
  squads: string[],
  incarnation = settings.incarnation,
) {
  const value = { epoch: BigInt(epoch), bundle: BUNDLE, squads };
  const data = Order.encode({ incarnation, order: { $case: 'assign', value } }).finish();
  return OrderReply.decode(await bus.request(subjects.order(settings.host), data, 5000));
}

function crop(sequence: number, over: Partial<Round> = {}, people = 1): Uint8Array {
  const round: Round = {
    stream: 's',
    sequence: BigInt(sequence),
    look: 0,
    partition: partitionOf('s'),
    epoch: 1n,
    people,
    openedMs: Date.now(),
    deadlineMs: Date.now() + 10_000,
    ...over,
  };
  const pixels = new Uint8Array(people * CROP_BYTES);
  for (let person = 0; person < people; person++) pixels[person * CROP_BYTES] = person + 10;
  return Crop.encode({ round, pixels }).finish();
}

const lastBeat = (host: string): Beat | undefined => beats.findLast((beat) => beat.host === host);

describe('an agent-host', () => {
  it('beats, takes up squads, votes, and tells its progress', async () => {
    const { settings } = await join({ capacity: 7n });
    await until(() => lastBeat(settings.host)?.phase === HostPhase.HOST_PHASE_IDLE, { name: 'an idle beat' });
    expect(await order(settings, 1, ['b', 'a'])).toMatchObject({ code: '', epoch: 1n });
    bus.publish(subjects.crop('s'), crop(1, {}, 2));
    const vote = await until(() => votes[0], { name: 'a vote' });
    expect(vote).toMatchObject({
      stream: 's',
      sequence: 1n,
      epoch: 1n,
      host: settings.host,
      incarnation: settings.incarnation,
      bundle: BUNDLE,
      squads: ['a', 'b'],
    });
    expect(vote.votes.length).toBe(2 * 2 * 408);
    expect([vote.votes[0], vote.votes[2 * 408]]).toEqual([11, 12]);
    expect(vote.digests.length).toBe(2 * 2 * 8);
    const beat = await until(
      () => (lastBeat(settings.host)?.rounds === 1n ? lastBeat(settings.host) : null),
      {
        name: 'a beat with progress',
      },
    );
    expect(beat).toMatchObject({
      phase: HostPhase.HOST_PHASE_WORKING,
      epoch: 1n,
      bundle: BUNDLE,
      squads: ['a', 'b'],
      pid: process.pid,
      capacity: 7n,
    });
    expect(beat.canary.length).toBe(8);
    expect(beat.memory).toBeGreaterThan(0n);
    expect(beat.load).toBeGreaterThanOrEqual(0);
  });

  it('passes over crops that are late, of a newer placement, or unreadable, and goes on', async () => {
    const { settings } = await join();
    await order(settings, 1, ['a']);
    const opened = Date.now();
    bus.publish(subjects.crop('s'), crop(0, { openedMs: opened, deadlineMs: opened + 250 }));
    bus.publish(subjects.crop('s'), crop(1, { openedMs: opened - 9000, deadlineMs: opened - 8000 }));
    bus.publish(subjects.crop('s'), crop(2, { epoch: 2n }));
    bus.publish(subjects.crop('s'), new Uint8Array([255, 255, 255, 1, 2]));
    bus.publish(subjects.crop('s'), crop(3, { people: 3 }));
    bus.publish(subjects.order(settings.host), new Uint8Array([255, 255, 255]));
    bus.publish(subjects.beat(settings.host), new Uint8Array([255, 255, 255]));
    bus.publish(subjects.crop('s'), crop(4));
    await until(() => votes.length > 1, { name: 'two votes' });
    expect(votes.map((vote) => vote.sequence)).toEqual([0n, 4n]);
  });

  it('votes with the old squads while the new ones load, and refuses what cannot be loaded', async () => {
    const loads: ((kernel: Kernel | Fault) => void)[] = [];
    const { settings } = await join(
      {},
      () =>
        new Promise((resolve, reject) => {
          loads.push((kernel) => (kernel instanceof Fault ? reject(kernel) : resolve(kernel)));
        }),
    );
    const first = order(settings, 1, ['a']);
    (await until(() => loads.shift(), { name: 'a load' }))(echo);
    await first;
    const second = order(settings, 2, ['b']);
    const finish = await until(() => loads.shift(), { name: 'another load' });
    bus.publish(subjects.crop('s'), crop(1));
    expect(await until(() => votes[0], { name: 'a vote' })).toMatchObject({ epoch: 1n, squads: ['a'] });
    finish(new Fault('BUNDLE_INVALID', 'forged'));
    expect(await second).toMatchObject({ code: 'BUNDLE_INVALID', message: 'forged' });
    bus.publish(subjects.crop('s'), crop(2));
    await until(() => votes.length === 2, { name: 'a second vote' });
    expect(await order(settings, 3, ['a'])).toMatchObject({ code: '' });
    bus.publish(subjects.crop('s'), crop(3, { epoch: 3n }));
    expect(await until(() => votes[2], { name: 'a third vote' })).toMatchObject({ epoch: 3n, squads: ['a'] });
  });

  it('refuses orders for another process', async () => {
    const { settings } = await join();
    expect(await order(settings, 1, ['a'], '1-other')).toMatchObject({ code: 'ORDER_NOT_MINE' });
  });

  it('does not join where another has its id, and yields where an older one turns up', async () => {
    const { host, settings } = await join();
    await expect(join({ host: settings.host })).rejects.toMatchObject({ code: 'HOST_ID_TAKEN' });
    const older = Beat.fromPartial({
      host: settings.host,
      incarnation: '5-older',
      phase: HostPhase.HOST_PHASE_WORKING,
    });
    bus.publish(subjects.beat(settings.host), Beat.encode(older).finish());
    expect(await host.failure).toMatchObject({ code: 'HOST_ID_TAKEN' });
  });

  it('drains: goes on voting until the placement does without it', async () => {
    const { host, settings } = await join();
    await order(settings, 1, ['a']);
    const kv = await bus.bucket(buckets.placement);
    const place = async (epoch: bigint, ids: string[]): Promise<void> => {
      const members = ids.map((id) => ({ host: id, incarnation: settings.incarnation, squads: ['a'] }));
      const placement: Placement = { epoch, bundle: BUNDLE, hosts: members, leader: 'l' };
      await kv.put(keys.placement, Placement.encode(placement).finish());
    };
    await place(1n, [settings.host]);
    const drained = host.drain();
    await until(() => lastBeat(settings.host)?.phase === HostPhase.HOST_PHASE_DRAINING, {
      name: 'a draining beat',
    });
    bus.publish(subjects.crop('s'), crop(1));
    await until(() => votes.length === 1, { name: 'a vote while draining' });
    await place(2n, []);
    await drained;
    await until(() => lastBeat(settings.host)?.phase === HostPhase.HOST_PHASE_GONE, { name: 'a last beat' });
    bus.publish(subjects.crop('s'), crop(2));
    await bus.flush();
    expect(votes).toHaveLength(1);
  });

  it('goes on by itself after the bus was lost', async () => {
    const { settings } = await join();
    await order(settings, 1, ['a']);
    await nats.kill();
    nats = await nats.again();
    await until(() => bus.connected, { name: 'the bus is back' });
    beats.length = 0;
    await until(() => lastBeat(settings.host), { name: 'a beat after that' });
    await until(
      () => {
        bus.publish(subjects.crop('s'), crop(votes.length + 1));
        return votes.length > 0;
      },
      { name: 'a vote after that', every: 100 },
    );
  });
});

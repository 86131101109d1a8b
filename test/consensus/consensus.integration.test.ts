import { Bus } from '@murmuration/bus';
import {
  buckets,
  Decision,
  JOINTS,
  keys,
  PARTITIONS,
  Placement,
  partitionOf,
  ReputationRecord,
  type Round,
  RoundOpened,
  subjects,
  Vote,
} from '@murmuration/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type NatsFixture, startNats } from '../support/nats.js';
import { startProcess, type TestProcess } from '../support/process.js';
import { until } from '../support/until.js';
import { BUNDLE, incarnation, peaksAt, round, vote } from './support.js';

const POSE = JOINTS.map((_, joint) => [30 + joint * 3, 40 + joint * 2] as const);
const HOSTS = { h1: ['a', 'b'], h2: ['a', 'b'] };

/** A stream's token that falls into a partition. */
function streamIn(partition: number): string {
  for (let i = 0; ; i++) if (partitionOf(`t${i}`) === partition) return `t${i}`;
}

let nats: NatsFixture;
let bus: Bus;
let processes: TestProcess[];
let decisions: Decision[];
let epoch = 0n;
let sequence = 0;

beforeAll(async () => {
  nats = await startNats();
  bus = await Bus.connect({ url: nats.url, name: 'test' });
  for (let partition = 0; partition < PARTITIONS; partition++)
    bus.subscribe(
      subjects.decisionsIn(partition),
      ({ data }) => decisions.push(Decision.decode(data.slice())),
      () => {},
    );
});
beforeEach(() => {
  processes = [];
  decisions = [];
});
afterEach(async () => {
  await Promise.all(processes.map((one) => one.stop()));
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
});

async function place(hosts: Readonly<Record<string, string[]>> = HOSTS): Promise<void> {
  epoch += 1n;
  const members = Object.entries(hosts).map(([host, squads]) => ({
    host,
    incarnation: incarnation(host),
    squads,
  }));
  const kv = await bus.bucket(buckets.placement);
  const placement: Placement = { epoch, bundle: BUNDLE, hosts: members, leader: 'test' };
  await kv.put(keys.placement, Placement.encode(placement).finish());
}

/** Starts a consensus process and waits until it decides. */
async function start(id = 'c1'): Promise<TestProcess> {
  const one = startProcess('consensus', { NATS_URL: nats.url, CONSENSUS_ID: id });
  processes.push(one);
  await until(() => one.log.some((line) => line.msg === 'joined'), { name: `${id} has joined` });
  return one;
}

const opened = (over: Partial<Round> = {}): Round =>
  round(++sequence, { epoch, openedMs: Date.now(), deadlineMs: Date.now() + 500, ...over });

function open(terms: Round): void {
  bus.publish(subjects.round(terms.partition, terms.stream), RoundOpened.encode({ round: terms }).finish());
}

function cast(host: string, terms: Round, over: Partial<Vote> = {}, token = host): void {
  const votes = new Uint8Array(2 * 408);
  votes.set(peaksAt(POSE), 0);
  votes.set(peaksAt(POSE), 408);
  const message = Vote.encode(vote(host, ['a', 'b'], terms, { votes, ...over })).finish();
  bus.publish(subjects.vote(terms.partition, token), message);
}

async function decided(terms: Round, timeout = 30_000): Promise<Decision> {
  return await until(() => decisions.find((one) => one.round?.sequence === terms.sequence), {
    name: `round ${terms.sequence} is decided`,
    timeout,
  });
}

/** Opens rounds with both votes until one is decided as complete: the process has seen the placement. */
async function warmUp(stream = 's'): Promise<void> {
  await until(
    async () => {
      const terms = opened({ stream, partition: partitionOf(stream) });
      open(terms);
      for (const host of Object.keys(HOSTS)) cast(host, terms);
      return (await decided(terms, 2000)).closedBy === 'complete';
    },
    { name: 'rounds are completed' },
  );
}

describe('a consensus process', () => {
  it('fuses the votes of a round, whichever comes first', async () => {
    await place();
    await start();
    await warmUp();
    const terms = opened();
    cast('h2', terms);
    open(terms);
    cast('h1', terms);
    const decision = await decided(terms);
    expect(decision).toMatchObject({
      round: { stream: 's', sequence: terms.sequence },
      degraded: false,
      voted: ['h1', 'h2'],
      expected: ['h1', 'h2'],
      closedBy: 'complete',
      consensus: 'c1',
    });
    const joints = new Float32Array(new Uint8Array(decision.poses[0]?.keypoints ?? []).buffer);
    POSE.forEach(([x, y], joint) => {
      expect(joints[joint * 4]).toBeCloseTo(x, 0);
      expect(joints[joint * 4 + 1]).toBeCloseTo(y, 0);
    });
    expect(decision.poses[0]).toMatchObject({ depth: 2, overruled: [] });
  });

  it('closes at the deadline, then stops waiting for the silent host', async () => {
    await place();
    const one = await start();
    await warmUp();
    for (const closedBy of [/deadline|patience/, /deadline|patience/, /complete/, /complete/]) {
      const terms = opened({ deadlineMs: Date.now() + 300 });
      open(terms);
      cast('h1', terms);
      expect(await decided(terms)).toMatchObject({
        closedBy: expect.stringMatching(closedBy),
        voted: ['h1'],
        degraded: false,
      });
    }
    expect(one.log.some((line) => line['host'] === 'h2' && /no longer wait/.test(line.msg))).toBe(true);
    const alone = opened({ deadlineMs: Date.now() + 100 });
    open(alone);
    expect(await decided(alone)).toMatchObject({
      closedBy: 'deadline',
      voted: [],
      poses: [],
      degraded: true,
    });
  });

  it('goes on after what it cannot read, and counts no vote that it should not', async () => {
    await place();
    const one = await start();
    await warmUp();
    const terms = opened();
    const { partition } = terms;
    bus.publish(subjects.round(partition, 's'), new Uint8Array([255, 255, 255, 255]));
    bus.publish(subjects.round(partition, 's'), RoundOpened.encode({ round: undefined }).finish());
    bus.publish(subjects.vote(partition, 'h1'), new Uint8Array([255, 255, 255, 255]));
    open(terms);
    cast('h2', terms, {}, 'h1'); // under another's token
    cast('h2', terms, { epoch: epoch - 1n });
    cast('h2', terms, { incarnation: 'other' });
    cast('h2', terms, { votes: new Uint8Array(3) });
    cast('h3', terms);
    cast('h1', terms);
    cast('h1', terms);
    cast('h2', terms, { digests: new Uint8Array(1) });
    const decision = await decided(terms);
    expect(decision).toMatchObject({ voted: ['h1'] });
    const codes = new Set(one.log.map((line) => line['code']));
    for (const code of [
      'MESSAGE_INVALID',
      'VOTE_INVALID.impostor',
      'VOTE_INVALID.stale',
      'VOTE_INVALID.stranger',
      'VOTE_INVALID.size',
      'VOTE_INVALID.duplicate',
    ])
      expect(codes).toContain(code);
    expect(one.ended).toBe(false);
  });

  it('keeps what it thinks of hosts through its own end', async () => {
    const hosts = { h1: ['a', 'b'], h2: ['a', 'b'], h3: ['a', 'b'] };
    await place(hosts);
    const one = await start();
    const liar = new Uint8Array(2 * 408).fill(7);
    let evicted = false;
    for (let i = 0; i < 20 && !evicted; i++) {
      const terms = opened();
      open(terms);
      cast('h1', terms);
      cast('h2', terms);
      cast('h3', terms, { votes: liar });
      evicted = !(await decided(terms)).voted.includes('h3');
    }
    expect(evicted).toBe(true);
    expect(await one.stop()).toBe(0);
    const kv = await bus.bucket(buckets.reputation);
    const entry = await kv.get(keys.reputation('h3', 'a'));
    expect(ReputationRecord.decode(entry?.value ?? new Uint8Array(0))).toMatchObject({ standing: 'evicted' });

    await start('c2');
    await until(
      async () => {
        const terms = opened();
        open(terms);
        for (const host of ['h1', 'h2', 'h3']) cast(host, terms);
        const decision = await decided(terms);
        return decision.closedBy === 'complete' && !decision.voted.includes('h3');
      },
      { name: 'the successor leaves the liar out' },
    );
  });

  it('ends with 1 and advice where no bus is', async () => {
    const one = startProcess('consensus', { NATS_URL: 'nats://127.0.0.1:9' });
    processes.push(one);
    expect(await one.exited).toBe(1);
    expect(one.log.at(-1)).toMatchObject({
      code: 'BUS_UNREACHABLE',
      advice: expect.stringContaining('NATS_URL'),
    });
  });
});

describe('two consensus processes', () => {
  it('share the partitions, and lose no round when one is killed', async () => {
    await place();
    const pair = [await start('c1'), await start('c2')];
    const streams = Array.from({ length: PARTITIONS }, (_, partition) => streamIn(partition));
    const keepers = async (timeout?: number): Promise<Set<string>> => {
      const seen = new Set<string>();
      for (const stream of streams) {
        const terms = opened({ stream, partition: partitionOf(stream) });
        open(terms);
        for (const host of Object.keys(HOSTS)) cast(host, terms);
        seen.add((await decided(terms, timeout)).consensus);
      }
      return seen;
    };
    // Until both have taken their first leases a round may find nobody; from then on none is lost.
    await until(async () => (await keepers(1000)).size === 2, { name: 'both decide', timeout: 60_000 });
    await pair[0]?.kill();
    expect(await keepers()).toEqual(new Set(['c2']));
    const back = await start('c1');
    await until(async () => (await keepers()).size === 2, { name: 'the one that came back decides' });
    expect(await back.stop()).toBe(0);
    expect(await keepers()).toEqual(new Set(['c2']));
  });
});

describe('when the bus is lost', () => {
  it('resumes by itself', async () => {
    await place();
    const one = await start();
    await warmUp();
    await nats.kill();
    nats = await nats.again();
    await warmUp();
    expect(one.ended).toBe(false);
  });

  it('resumes where the server comes back with an empty store, and epochs begin again', async () => {
    await place();
    const one = await start();
    await warmUp();
    const { port } = nats;
    await nats.kill();
    nats = await startNats({ port });
    await until(() => bus.connected, { name: 'the bus is back' });
    epoch = 0n;
    await place();
    await warmUp();
    expect(one.ended).toBe(false);
    expect(await one.stop()).toBe(0);
  });
});

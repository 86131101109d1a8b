import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadBundle } from '@murmuration/bus';
import { type Client, connect, Fault, gray } from '@murmuration/client';
import { afterEach, describe, expect, it } from 'vitest';
import {
  freePort,
  type NatsFixture,
  ROOT,
  startNats,
  startProcess,
  type TestProcess,
  tempDir,
  until,
} from '../support/index.js';
import { SwarmOnTheBus } from './swarm-on-the-bus.js';

const picture = gray(new Uint8Array(64 * 64), 64, 64);
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function withNats(): Promise<NatsFixture> {
  const nats = await startNats();
  ended.push(() => nats.stop());
  return nats;
}

async function withSwarm(nats: NatsFixture): Promise<SwarmOnTheBus> {
  const swarm = await SwarmOnTheBus.join(nats.url);
  ended.push(() => swarm.leave());
  return swarm;
}

interface Started {
  readonly process: TestProcess;
  readonly client: Client;
  readonly address: string;
}

async function orchestrator(natsUrl: string, env: Record<string, string> = {}): Promise<Started> {
  const address = `127.0.0.1:${await freePort()}`;
  const process = startProcess('orchestrator', {
    NATS_URL: natsUrl,
    GRPC_ADDRESS: address,
    ROUND_DEADLINE_MS: '2000',
    ...env,
  });
  const client = connect(address);
  ended.push(async () => {
    client.close();
    await process.stop();
  });
  return { process, client, address };
}

/** How a process ends that cannot start, and the code that it logs. */
async function refusal({ process }: Started): Promise<[number | NodeJS.Signals, unknown]> {
  const how = await process.exited;
  return [how, process.log.find((line) => line.level === 60)?.['code']];
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => Fault.from(error).code,
  );

describe('a client', () => {
  it('says that nobody is there, and waits no longer than it is told', async () => {
    const client = connect(`127.0.0.1:${await freePort()}`);
    expect(await codeOf(client.detect(picture))).toBe('SERVER_UNREACHABLE');
    expect(await codeOf(client.stream({ name: 'nobody' }))).toBe('SERVER_UNREACHABLE');
    expect(await codeOf(client.ready(300))).toMatch(/SERVER_UNREACHABLE|DEADLINE_PASSED/);
    expect(await codeOf(client.detect(picture, { signal: AbortSignal.abort() }))).toBe('CANCELLED');
    client.close();
  });

  it('learns of a server that dies under its stream', async () => {
    const nats = await withNats();
    const swarm = await withSwarm(nats);
    const { client, process } = await orchestrator(nats.url);
    swarm.host('a');
    await client.ready(60_000);
    swarm.decide = () => null;
    const stream = await client.stream({ name: 'cut', credits: 2 });
    await stream.send({ image: picture });
    await stream.send({ image: picture });
    const [waiting, reading] = [
      codeOf(stream.send({ image: picture })),
      codeOf(stream[Symbol.asyncIterator]().next()),
    ];
    await process.kill();
    expect(await waiting).toBe('SERVER_UNREACHABLE');
    expect(await reading).toBe('SERVER_UNREACHABLE');
    expect(await codeOf(stream.send({ image: picture }))).toBe('SERVER_UNREACHABLE');
  });
});

describe('an orchestrator', () => {
  it('refuses to start without its bus, with its port taken, or set wrong, and says why', async () => {
    expect(await refusal(await orchestrator('nats://127.0.0.1:1'))).toEqual([1, 'BUS_UNREACHABLE']);
    const nats = await withNats();
    const first = await orchestrator(nats.url);
    await until(() => first.client.status(), { name: 'the first serves' });
    expect(await refusal(await orchestrator(nats.url, { GRPC_ADDRESS: first.address }))).toEqual([
      1,
      'PORT_TAKEN',
    ]);
    for (const wrong of [
      { REPLICAS: '0' },
      { REPLICAS: '1.5' },
      { GRPC_ADDRESS: 'nowhere' },
      { ORCHESTRATOR_ID: 'a.b' },
      { DEAD_MS: '1' },
    ])
      expect(await refusal(await orchestrator(nats.url, wrong))).toEqual([1, 'CONFIG_INVALID']);
  });

  it('refuses a bundle that is missing, damaged or forged', async () => {
    const shipped = join(ROOT, 'models', 'flock');
    const copy = (): string => {
      const folder = tempDir('bundle');
      cpSync(shipped, folder, { recursive: true });
      return folder;
    };
    expect(await refusal(await orchestrator('', { BUNDLE: tempDir('empty') }))).toEqual([
      1,
      'BUNDLE_MISSING',
    ]);
    const damaged = copy();
    const weights = readFileSync(join(damaged, 'weights.safetensors'));
    weights[weights.length >> 1] = (weights[weights.length >> 1] ?? 0) ^ 1;
    writeFileSync(join(damaged, 'weights.safetensors'), weights);
    expect(await refusal(await orchestrator('', { BUNDLE: damaged }))).toEqual([1, 'BUNDLE_INVALID']);
    const cut = copy();
    writeFileSync(join(cut, 'manifest.json'), readFileSync(join(cut, 'manifest.json')).subarray(0, 1000));
    expect(await refusal(await orchestrator('', { BUNDLE: cut }))).toEqual([1, 'BUNDLE_INVALID']);
  });

  it('tells the state of the swarm, and places squads as hosts come, die and leave', async () => {
    const nats = await withNats();
    const swarm = await withSwarm(nats);
    const { client } = await orchestrator(nats.url, { ORCHESTRATOR_ID: 'boss' });
    await until(() => client.status(), { name: 'it serves' });
    expect(await client.status()).toMatchObject({ orchestrator: 'boss', ready: false, epoch: 0n });
    expect(await codeOf(client.detect(picture))).toBe('SWARM_NOT_READY');

    const [a, b] = [swarm.host('a'), swarm.host('b')];
    await client.ready(60_000);
    await until(() => a.squads.length > 0 && b.squads.length > 0, { name: 'both hosts have squads' });
    const agents = await client.agents();
    const squads = new Set(agents.map((agent) => agent.squad));
    expect([...a.squads].sort()).toEqual([...squads].sort());
    expect([...b.squads].sort()).toEqual([...squads].sort());
    for (const agent of agents) {
      expect(agent.hosts).toEqual(['a', 'b']);
      expect(agent.kind === 'joint').toBe(agent.joint !== undefined);
    }
    await until(async () => (await client.hosts()).every((host) => host.state === 'alive'), {
      name: 'both alive',
    });
    expect((await client.hosts())[0]).toMatchObject({
      host: 'a',
      pid: 4711,
      address: 'test',
      agents: agents.length,
      load: 0.25,
      reputation: 1,
    });
    await until(async () => (await client.status()).leader === 'boss', { name: 'it leads' });

    a.die();
    const state = async (host: string) => (await client.hosts()).find((found) => found.host === host)?.state;
    await until(async () => (await state('a')) === 'dead', { name: 'a is dead' });
    await until(async () => (await client.agents()).every((agent) => agent.hosts.join() === 'b'), {
      name: 'b runs everything',
    });
    expect((await client.status()).ready).toBe(true);
    b.leave();
    await until(async () => !(await client.status()).ready, { name: 'nobody runs anything' });
    expect(await state('b')).toBeUndefined();
    for (const kind of ['led', 'joined', 'suspected', 'evicted', 'left'])
      expect(swarm.events).toContain(`swarm.event.${kind}`);
    swarm.host('c');
    await client.ready(60_000);
  });

  it('leaves out a host that does not take its squads', async () => {
    const nats = await withNats();
    const swarm = await withSwarm(nats);
    const { client } = await orchestrator(nats.url);
    const [bad, mute] = [swarm.host('bad'), swarm.host('mute')];
    bad.code = 'BUNDLE_INVALID';
    mute.code = null;
    swarm.host('good');
    await client.ready(60_000);
    expect(new Set((await client.agents()).flatMap((agent) => agent.hosts))).toEqual(new Set(['good']));
    bad.code = '';
    await until(async () => (await client.agents()).some((agent) => agent.hosts.includes('bad')), {
      name: 'the repaired host is taken in',
    });
  });

  it('goes on by itself when the bus comes back, also with an empty store', async () => {
    const nats = await withNats();
    const swarm = await withSwarm(nats);
    const { client } = await orchestrator(nats.url);
    swarm.host('a');
    swarm.host('b');
    await client.ready(60_000);
    const stream = await client.stream({ name: 'through' });
    const answers = stream[Symbol.asyncIterator]();
    const ask = async (): Promise<string> => {
      await stream.send({ image: picture });
      const { value } = await answers.next();
      return value?.error?.code ?? 'answered';
    };
    expect(await ask()).toBe('answered');
    await nats.kill();
    await until(async () => (await codeOf(client.detect(picture))) === 'BUS_UNREACHABLE', {
      name: 'the loss is told',
    });
    expect(await ask()).toBe('BUS_UNREACHABLE');
    expect((await client.status()).orchestrator).not.toBe('');
    const again = await nats.again();
    ended.push(() => again.stop());
    await until(async () => (await ask()) === 'answered', { name: 'the stream is answered again' });
    await until(async () => (await codeOf(client.detect(picture))) === 'answered', { name: 'pictures too' });
    // Nobody was buried for the bus' fault.
    expect((await client.hosts()).map((host) => host.state)).toEqual(['alive', 'alive']);
    // And with an empty store: lease, placement and bundle are written again.
    await again.kill();
    await until(async () => (await ask()) === 'BUS_UNREACHABLE', { name: 'the second loss is told' });
    const empty = await startNats({ port: Number(new URL(nats.url).port) });
    ended.push(() => empty.stop());
    await until(async () => (await ask()) === 'answered', { name: 'the stream is answered once more' });
    swarm.host('c');
    await until(async () => (await client.agents()).some((agent) => agent.hosts.includes('c')), {
      name: 'a host that joins later gets squads',
      timeout: 60_000,
    });
    const { bundle } = await client.status();
    await until(() => loadBundle(swarm.bus, bundle), { name: 'the bundle is stored' });
    stream.end();
  });

  it('hands leadership on when the leader is killed, and the other goes on from its placement', async () => {
    const nats = await withNats();
    const swarm = await withSwarm(nats);
    const first = await orchestrator(nats.url, { ORCHESTRATOR_ID: 'first' });
    const a = swarm.host('a');
    swarm.host('b');
    await first.client.ready(60_000);
    const second = await orchestrator(nats.url, { ORCHESTRATOR_ID: 'second' });
    await second.client.ready(60_000);
    await until(async () => (await second.client.status()).leader === 'first', {
      name: 'one leader is known',
    });
    const { epoch } = await second.client.status();
    // Both answer.
    for (const { client } of [first, second]) expect(await codeOf(client.detect(picture))).toBe('answered');
    await first.process.kill();
    await until(async () => (await second.client.status()).leader === 'second', { name: 'the second leads' });
    expect((await second.client.status()).epoch).toBe(epoch);
    expect(await codeOf(second.client.detect(picture))).toBe('answered');
    a.die();
    await until(async () => (await second.client.agents()).every((agent) => agent.hosts.join() === 'b'), {
      name: 'the second places',
    });
    expect((await second.client.status()).epoch).toBeGreaterThan(epoch);
  });

  it('finishes what is under way when it is told to end, and refuses the rest', async () => {
    const nats = await withNats();
    const swarm = await withSwarm(nats);
    const { client, process } = await orchestrator(nats.url);
    swarm.host('a');
    await client.ready(60_000);
    swarm.delay = () => 1000;
    const stream = await client.stream({ name: 'to-the-end' });
    await stream.send({ image: picture });
    const unary = codeOf(client.detect(picture));
    await until(() => swarm.crops.length === 2, { name: 'both are under way' });
    const started = performance.now();
    process.signal('SIGTERM');
    const answers: string[] = [];
    const reading = (async () => {
      for await (const answer of stream) answers.push(answer.error?.code ?? 'answered');
    })();
    expect(await codeOf(reading)).toBe('DRAINING');
    expect(answers).toEqual(['answered']);
    expect(await unary).toBe('answered');
    expect(await process.exited).toBe(0);
    expect(performance.now() - started).toBeLessThan(8000);
  });
});

import { type Client, connect, type DetectResponse, type HostInfo, rgb } from '@murmuration/client';
import { CROP_BYTES, CROP_SIDE } from '@murmuration/protocol';
import { SPANS } from '@murmuration/telemetry';
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/index.js';
import { docker, imagesOrReason, ROOT } from './engine.js';

const SERVICES = ['orchestrator', 'agent-host', 'consensus'];
const HOSTS = ['agent-host-1', 'agent-host-2', 'agent-host-3'];

const skipped = await imagesOrReason();

describe.skipIf(skipped !== null)('an image', () => {
  test.each(SERVICES)('of %s runs unprivileged, with what it needs and no more', async (service) => {
    const image = `murmuration/${service}`;
    const inspected = JSON.parse(await docker(['image', 'inspect', image, '--format', '{{json .Config}}']));
    expect(inspected).toMatchObject({ User: 'node', StopSignal: 'SIGTERM' });
    expect(inspected.Healthcheck.Test).toContain('node');

    const listed = await docker([
      'run',
      '--rm',
      '--entrypoint',
      'ls',
      image,
      '-a',
      'node_modules',
      'services',
    ]);
    const names = listed.split('\n');
    expect(names).toContain(service);
    for (const unwanted of ['typescript', 'vitest', 'node', '@biomejs', 'testcontainers']) {
      expect(names).not.toContain(unwanted);
    }
  });

  test('says why it ends where there is no bus', async () => {
    const run = docker(['run', '--rm', '-e', 'NATS_URL=nats://127.0.0.1:1', 'murmuration/agent-host']);
    await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('BUS_UNREACHABLE') });
  });
});

describe.skipIf(skipped !== null)('docker compose up --scale agent-host=3', () => {
  let composed: StartedDockerComposeEnvironment | null = null;
  let client: Client | null = null;

  beforeAll(async () => {
    composed = await new DockerComposeEnvironment(ROOT, 'docker-compose.yml')
      .withEnvironment({ GRPC_PORT: '0', JAEGER_PORT: '0', OTEL_TRACES_SAMPLER: 'always_on' })
      .withClientOptions({ commandOptions: ['--scale', `agent-host=${HOSTS.length}`] })
      .withDefaultWaitStrategy(Wait.forHealthCheck())
      .withWaitStrategy('jaeger-1', Wait.forListeningPorts())
      .withStartupTimeout(180_000)
      .up();
    const orchestrator = composed.getContainer('orchestrator-1');
    client = connect(`${orchestrator.getHost()}:${orchestrator.getMappedPort(50051)}`);
    await hosts(HOSTS.length);
  });
  afterAll(async () => {
    client?.close();
    await composed?.down({ removeVolumes: true, timeout: 15_000 });
  });

  /** Waits until so many hosts are alive, each with squads. */
  async function hosts(count: number): Promise<HostInfo[]> {
    return await until(
      async () => {
        const all = (await client?.hosts()) ?? [];
        const working = all.filter((host) => host.state === 'alive' && host.squads.length > 0);
        return working.length === count ? working : null;
      },
      { timeout: 60_000, name: `${count} hosts work`, every: 200 },
    );
  }

  async function detect(): Promise<DetectResponse> {
    if (client === null) throw new Error('not connected');
    const picture = rgb(new Uint8Array(CROP_BYTES).fill(128), CROP_SIDE, CROP_SIDE);
    return await client.detect(picture, { timeoutMs: 10_000 });
  }

  test('answers a picture, with the votes of all hosts', async () => {
    const { poses, degraded } = await detect();
    expect(degraded).toBe(false);
    expect(poses[0]?.keypoints).toHaveLength(17);
    expect(poses[0]?.certificate).toMatchObject({ votes: HOSTS.length, expected: HOSTS.length });
  });

  test('gives each replica an id of its own', async () => {
    const ids = (await hosts(HOSTS.length)).map((host) => host.host);
    expect(new Set(ids).size).toBe(HOSTS.length);
  });

  test('shows the trace of a frame in Jaeger', async () => {
    await detect();
    const jaeger = composed?.getContainer('jaeger-1');
    const query = `http://${jaeger?.getHost()}:${jaeger?.getMappedPort(16686)}/api/traces?service=murmuration-orchestrator`;
    const operations = await until(
      async () => {
        const { data } = (await (await fetch(query)).json()) as Traces;
        const names = data.map((trace) => trace.spans.map((span) => span.operationName));
        return names.find((found) => Object.values(SPANS).every((name) => found.includes(name))) ?? null;
      },
      { timeout: 120_000, name: 'a whole trace', every: 500 },
    );
    expect(operations.filter((name) => name === SPANS.look)).toHaveLength(HOSTS.length);
  });

  test('goes on answering when a host is killed, and when it comes back', async () => {
    const victim = composed?.getContainer(HOSTS[0] ?? '').getId() ?? '';
    await docker(['kill', victim]);
    const { poses } = await detect();
    expect(poses).toHaveLength(1);
    await hosts(HOSTS.length - 1);
    await docker(['start', victim]);
    await hosts(HOSTS.length);
    expect((await detect()).poses[0]?.certificate).toMatchObject({ votes: HOSTS.length });
  });

  test('drains a host that is stopped: it ends with 0', async () => {
    const stopped = composed?.getContainer(HOSTS[1] ?? '').getId() ?? '';
    await docker(['stop', stopped]);
    expect(await docker(['inspect', stopped, '--format', '{{.State.ExitCode}}'])).toBe('0');
    expect((await detect()).poses).toHaveLength(1);
  });
});

interface Traces {
  data: { spans: { operationName: string }[] }[];
}

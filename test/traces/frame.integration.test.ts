import { connect, type DetectResponse, rgb } from '@murmuration/client';
import { CROP_BYTES, CROP_SIDE } from '@murmuration/protocol';
import { SPANS } from '@murmuration/telemetry';
import { afterEach, describe, expect, test } from 'vitest';
import { startSwarm, type TestSwarm, until } from '../support/index.js';
import { type Receiver, type SentSpan, startReceiver } from './receiver.js';

const HOSTS = ['host-1', 'host-2'];

let receiver: Receiver | null = null;
let swarm: TestSwarm | null = null;
afterEach(async () => {
  await swarm?.stop();
  await receiver?.close();
  swarm = null;
  receiver = null;
});

/** One grey picture through the swarm. */
async function detect(address: string, metadata: Record<string, string> = {}): Promise<DetectResponse> {
  const client = connect(address);
  const picture = rgb(new Uint8Array(CROP_BYTES).fill(128), CROP_SIDE, CROP_SIDE);
  return await client.detect(picture, { metadata, timeoutMs: 10_000 }).finally(() => client.close());
}

/** The spans of the trace that has them all, however late its last part arrives. */
async function whole(spans: readonly SentSpan[]): Promise<SentSpan[]> {
  const count = Object.keys(SPANS).length + HOSTS.length - 1;
  return await until(
    () => {
      const roots = spans.filter((span) => span.name === SPANS.frame);
      const traces = roots.map((root) => spans.filter((span) => span.trace === root.trace));
      return traces.find((trace) => trace.length >= count) ?? null;
    },
    { timeout: 30_000, name: `a trace of ${count} spans` },
  );
}

function named(trace: readonly SentSpan[], name: string): SentSpan[] {
  return trace.filter((span) => span.name === name);
}

describe('the trace of a frame', () => {
  test('is one tree over all three services', async () => {
    receiver = await startReceiver();
    swarm = await startSwarm({
      hosts: HOSTS.length,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_TRACES_SAMPLER: 'always_on',
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    });
    const { poses } = await detect(swarm.address);
    expect(poses).toHaveLength(1);

    const trace = await whole(receiver.spans);
    const [frame] = named(trace, SPANS.frame);
    const [round] = named(trace, SPANS.round);
    expect(frame).toMatchObject({ parent: '', kind: 2 });
    for (const name of [SPANS.decode, SPANS.round, SPANS.answer]) {
      expect(named(trace, name)).toMatchObject([{ parent: frame?.id }]);
    }
    for (const span of [...named(trace, SPANS.look), ...named(trace, SPANS.fuse)]) {
      expect(span.parent).toBe(round?.id);
    }
    expect(trace.every((span) => span.status !== 2 && span.endMs >= span.startMs)).toBe(true);

    const service = (span: SentSpan | undefined) => span?.resource['service.name'];
    expect(service(frame)).toBe('murmuration-orchestrator');
    expect(service(round)).toBe('murmuration-orchestrator');
    expect(named(trace, SPANS.fuse).map(service)).toEqual(['murmuration-consensus']);
    const looks = named(trace, SPANS.look);
    expect(looks.map(service)).toEqual(HOSTS.map(() => 'murmuration-host'));
    expect(looks.map((look) => look.resource['service.instance.id']).sort()).toEqual(HOSTS);
  });

  test("hangs under the client's own span where the client sends one", async () => {
    receiver = await startReceiver();
    swarm = await startSwarm({
      hosts: HOSTS.length,
      // The client has sampled its span: a parent-based sampler follows, whatever its own share is.
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0',
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    });
    await detect(swarm.address);
    await detect(swarm.address, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    const trace = await whole(receiver.spans);
    expect(named(trace, SPANS.frame)).toMatchObject([
      { trace: '0af7651916cd43dd8448eb211c80319c', parent: 'b7ad6b7169203331' },
    ]);
    expect(new Set(receiver.spans.map((span) => span.trace)).size).toBe(1);
  });

  test('is not made without an endpoint', async () => {
    receiver = await startReceiver();
    swarm = await startSwarm({ hosts: 1, env: { OTEL_TRACES_SAMPLER: 'always_on' } });
    const { poses } = await detect(swarm.address);
    expect(poses).toHaveLength(1);
    expect(receiver.connections()).toBe(0);
  });
});

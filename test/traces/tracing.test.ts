import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { tracingWanted } from '@murmuration/telemetry';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Receiver, startReceiver } from './receiver.js';

/** Starts tracing in a process of its own, makes one frame's first spans, and says what they were. */
const SCRIPT = `
  import { inSpan, ROOT_CONTEXT, SPANS, startTracing, trace } from '@murmuration/telemetry';
  const stop = await startTracing('murmuration-test', 'test-1', '1.2.3');
  const recording = inSpan(SPANS.frame, ROOT_CONTEXT, { people: 1 }, (span) => {
    inSpan(SPANS.decode, trace.setSpan(ROOT_CONTEXT, span), {}, () => {});
    return span.isRecording();
  });
  await stop();
  console.log(JSON.stringify({ recording }));
  process.exit(0);
`;

async function traced(env: Record<string, string>): Promise<{ recording: boolean }> {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('OTEL_'));
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    cwd: import.meta.dirname,
    env: { ...Object.fromEntries(clean), ...env },
    timeout: 60_000,
  });
  return JSON.parse(stdout);
}

vi.setConfig({ testTimeout: 60_000 });

let receiver: Receiver | null = null;
afterEach(async () => {
  await receiver?.close();
  receiver = null;
});

describe('startTracing', () => {
  test('without an endpoint records nothing and connects to nobody', async () => {
    receiver = await startReceiver();
    expect(await traced({})).toEqual({ recording: false });
    expect(receiver.connections()).toBe(0);
  });

  test('sends what was recorded before the process ends, with its service named', async () => {
    receiver = await startReceiver();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER: 'always_on' };
    expect(await traced(env)).toEqual({ recording: true });

    const [decode, frame] = receiver.spans;
    expect(receiver.spans.map((span) => span.name)).toEqual(['murmuration.decode', 'murmuration.frame']);
    expect(decode).toMatchObject({ parent: frame?.id, trace: frame?.trace });
    expect(frame).toMatchObject({ parent: '', attributes: { people: '1' } });
    expect(frame?.resource).toMatchObject({
      'service.name': 'murmuration-test',
      'service.instance.id': 'test-1',
      'service.version': '1.2.3',
    });
  });

  test('an endpoint that is away neither fails nor holds up the process', async () => {
    receiver = await startReceiver();
    const { url } = receiver;
    await receiver.close();
    receiver = null;
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_SAMPLER: 'always_on' };
    expect(await traced(env)).toEqual({ recording: true });
  });

  test('the sampler of the variables is used', async () => {
    receiver = await startReceiver();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER: 'always_off' };
    expect(await traced(env)).toEqual({ recording: false });
    expect(receiver.spans).toEqual([]);
  });
});

describe('tracingWanted', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };
  test.each([
    [{}, false],
    [endpoint, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' }, true],
    [
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: '',
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces',
      },
      true,
    ],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'true' }, false],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, false],
  ])('%j -> %s', (env, wanted) => {
    expect(tracingWanted(env)).toBe(wanted);
  });
});

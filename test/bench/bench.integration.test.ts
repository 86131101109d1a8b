import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../support/index.js';

function bench(...args: string[]) {
  return spawnSync(process.execPath, [join(ROOT, 'bench', 'dist', 'main.js'), ...args], {
    encoding: 'utf8',
    timeout: 110_000,
  });
}

test('measures a swarm and prints one JSON object a line', () => {
  const { status, stdout, stderr } = bench('--json', '--seconds', '1', 'paced-120-raw');
  expect(status, stderr).toBe(0);
  const [line = '', ...others] = stdout.trim().split('\n');
  expect(others).toEqual([]);
  const result = JSON.parse(line);
  expect(result).toMatchObject({
    name: 'paced-120-raw',
    seconds: 1,
    fps: expect.any(Number),
    p50Ms: expect.any(Number),
    p99Ms: expect.any(Number),
    dropped: expect.any(Number),
    messagesPerFrame: expect.any(Number),
    floors: { busP50Ms: expect.any(Number), grpcP50Ms: expect.any(Number) },
    ratios: { bus: expect.any(Number), grpc: expect.any(Number), both: expect.any(Number) },
  });
  expect(result.fps).toBeGreaterThan(0);
  expect(result.p99Ms).toBeGreaterThanOrEqual(result.p50Ms);
  if (process.platform === 'linux') {
    const processes = ['nats', 'consensus', 'orchestrator', 'host-1', 'host-2', 'client'];
    expect(Object.keys(result.cpu)).toEqual(processes);
  }
});

test.each([['nothing-of-that-name'], ['--seconds', '0'], ['--unknown']])('refuses %s with 2', (...args) => {
  const { status, stderr } = bench(...args);
  expect(status).toBe(2);
  expect(stderr).toContain('Usage:');
});

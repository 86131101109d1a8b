import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort, jsonLines, murmuration, tempDir } from '../support/index.js';

describe('murmuration', () => {
  it.each([
    [['send']],
    [['nonsense']],
    [['up', '--hosts', '0']],
    [['up', '--grpc-port', '99999']],
    [['send', 'a.jpg', '--box', '1,2,3']],
    [['send', 'a.jpg', '--address', 'nowhere']],
    [['eval', '--annotations', 'x.json']],
    [['eval', '--annotations', 'x.json', '--images', '.', '--boxes', 'guessed']],
    [['hosts', '--unknown']],
  ])('ends with 2 on wrong usage: %j', async (args) => {
    const { code, stdout, stderr } = await murmuration(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('error:');
  });

  it('prints its usage with 0', async () => {
    const { code, stdout } = await murmuration(['--help']);
    expect(code).toBe(0);
    for (const name of ['up', 'send', 'eval', 'hosts', 'agents', 'doctor']) expect(stdout).toContain(name);
  });

  it('says why and what to do, with 1, where no swarm answers', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    for (const name of ['hosts', 'agents']) {
      const { code, stdout, stderr } = await murmuration([name, '--json', '--address', address]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('advice');
    }
  });

  it.each([
    ['no such file', (): string => join(tempDir(), 'none.jpg')],
    [
      'a folder without pictures',
      (): string => {
        const folder = tempDir();
        writeFileSync(join(folder, 'notes.txt'), '');
        return folder;
      },
    ],
    [
      'boxes that are none',
      (): string => {
        const folder = tempDir();
        writeFileSync(join(folder, 'a.jpg'), '');
        writeFileSync(join(folder, 'boxes.json'), '{"a.jpg": 1}');
        return folder;
      },
    ],
  ])('send refuses %s', async (_, path) => {
    const { code, stderr } = await murmuration(['send', path()]);
    expect(code).toBe(1);
    expect(stderr).toContain('FILE_UNREADABLE');
  });

  it('up refuses a taken port before it starts anything', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    try {
      const args = ['--grpc-port', String(port), '--http-port', '0', '--nats-port', '0'];
      const { code, stderr } = await murmuration(['up', ...args]);
      expect(code).toBe(1);
      expect(stderr).toContain('PORT_TAKEN');
      expect(stderr).toContain('--grpc-port');
    } finally {
      holder.close();
    }
  });

  it('up refuses a nats-server that is too old', async () => {
    const folder = tempDir();
    mkdirSync(folder, { recursive: true });
    const old = join(folder, 'nats-server');
    writeFileSync(old, '#!/bin/sh\necho "nats-server: v2.9.25"\n', { mode: 0o755 });
    const args = ['up', '--grpc-port', '0', '--http-port', '0', '--nats-port', '0'];
    const { code, stderr } = await murmuration(args, { env: { NATS_SERVER: old } });
    expect(code).toBe(1);
    expect(stderr).toContain('BUS_TOO_OLD');
  });

  it('doctor looks at all parts', async () => {
    const { code, stdout } = await murmuration(['doctor', '--json']);
    const [report] = jsonLines(stdout) as [{ ok: boolean; checks: { name: string; state: string }[] }];
    expect(report.checks.map((check) => check.name)).toEqual([
      'node',
      'rust',
      'kernel',
      'bundle',
      'nats-server',
      'gRPC port',
      'NATS port',
      'HTTP port',
      'memory',
      'docker',
      'ffmpeg',
    ]);
    expect(code).toBe(report.ok ? 0 : 1);
    for (const check of report.checks) expect(['ok', 'missing']).toContain(check.state);
  });
});

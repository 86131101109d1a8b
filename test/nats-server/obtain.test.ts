import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedPath, locate, obtain, PINNED_VERSION, type Way } from '@murmuration/nats-server';
import { expect, it } from 'vitest';
import { tempDir } from '../support/index.js';

/** A folder with something that says that it is a nats-server of this version. */
function folderWith(version: string): string {
  const folder = tempDir('binary');
  writeFileSync(join(folder, 'nats-server'), binary(version), { mode: 0o755 });
  return folder;
}

const binary = (version: string): string => `#!/bin/sh\necho "nats-server: v${version}"\n`;

/** Nothing on PATH and nothing in the cache. */
const bare = (path = tempDir('path')): NodeJS.ProcessEnv => ({
  PATH: path,
  XDG_CACHE_HOME: tempDir('cache'),
});

it('takes what NATS_SERVER names, and nothing else', async () => {
  const named = join(folderWith('2.12.3'), 'nats-server');
  const found = await locate({ ...bare(folderWith('2.15.0')), NATS_SERVER: named });
  expect(found).toEqual({ path: named, version: '2.12.3', from: 'NATS_SERVER' });
});

it.each([
  ['too old', () => join(folderWith('2.10.29'), 'nats-server'), 'BUS_TOO_OLD'],
  ['no nats-server', () => process.execPath, 'TOOL_MISSING'],
  ['not there', () => join(tempDir(), 'nats-server'), 'TOOL_MISSING'],
])('refuses what NATS_SERVER names where it is %s', async (_, path, code) => {
  await expect(locate({ ...bare(), NATS_SERVER: path() })).rejects.toMatchObject({ code });
});

it('passes over one on PATH that is too old, and says so', async () => {
  const [old, good] = [folderWith('2.9.1'), folderWith('2.11.0')];
  const notes: string[] = [];
  const found = await locate(bare(`${old}:${good}`), (line) => notes.push(line));
  expect(found).toMatchObject({ path: join(good, 'nats-server'), version: '2.11.0', from: 'PATH' });
  expect(notes).toEqual([expect.stringContaining('2.9.1')]);
});

it('finds the one in the cache last', async () => {
  const env = bare();
  expect(await locate(env)).toBeNull();
  const cached = cachedPath(env);
  mkdirSync(join(cached, '..'), { recursive: true });
  writeFileSync(cached, binary(PINNED_VERSION), { mode: 0o755 });
  expect(await locate(env)).toMatchObject({ path: cached, from: 'cache' });
});

const failing: Way = { name: 'closed', get: () => Promise.reject(new Error('no route')) };
const way = (name: string, version: string): Way => ({
  name,
  get: async (_pin, folder) => {
    const path = join(folder, 'fetched');
    writeFileSync(path, binary(version));
    return path;
  },
});

it('tries the ways in turn, keeps what has the right version, and fetches once', async () => {
  const env = bare();
  const notes: string[] = [];
  const ways = [failing, way('wrong', '2.11.1'), way('good', PINNED_VERSION)];
  const found = await obtain(env, (line) => notes.push(line), ways);
  expect(found).toEqual({ path: cachedPath(env), version: PINNED_VERSION, from: 'fetched' });
  expect(statSync(found.path).mode & 0o111).not.toBe(0);
  expect(notes.join('\n')).toContain('no route');
  expect(notes.join('\n')).toContain('2.11.1');
  expect(await obtain(env, () => {}, [failing])).toMatchObject({ from: 'cache' });
});

it('says why each way failed, and leaves nothing behind', async () => {
  const env = bare();
  const refused = obtain(env, () => {}, [failing, way('wrong', '2.11.1')]);
  await expect(refused).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  await expect(refused).rejects.toThrow(/closed: no route; wrong: .*2\.11\.1/);
  expect(existsSync(cachedPath(env))).toBe(false);
});

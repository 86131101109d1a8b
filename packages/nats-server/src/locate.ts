import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { MIN_SERVER, serverIsNewEnough } from '@murmuration/bus';
import { Fault } from '@murmuration/protocol';
import { PINNED_VERSION } from './pins.js';
import { tool } from './tool.js';

/** A nats-server binary that can be used. */
export interface Located {
  readonly path: string;
  readonly version: string;
  readonly from: 'NATS_SERVER' | 'PATH' | 'cache' | 'fetched';
}

/** Where a fetched binary is kept: survives a fresh clone, so that it is fetched once a machine. */
export function cachedPath(env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'murmuration', `nats-server-${PINNED_VERSION}`, 'nats-server');
}

/** The version that a binary gives, as `2.15.0`. @throws Fault TOOL_MISSING where it cannot be run */
export async function versionOf(path: string): Promise<string> {
  let said: string;
  try {
    said = await tool(path, ['--version'], { timeoutMs: 10_000 });
  } catch (cause) {
    throw new Fault('TOOL_MISSING', `${path} cannot be run as a nats-server.`, { cause });
  }
  const version = /nats-server: v(\S+)/.exec(said)?.[1];
  if (version === undefined)
    throw new Fault('TOOL_MISSING', `${path} is no nats-server: it says "${said.trim()}".`);
  return version;
}

/**
 * A nats-server that is there already: `NATS_SERVER`, then PATH, then the cache. Null where there is none. One that is
 * too old is refused when the variable names it, and passed over on PATH (`note` is told).
 * @throws Fault TOOL_MISSING, BUS_TOO_OLD
 */
export async function locate(
  env: NodeJS.ProcessEnv = process.env,
  note: (line: string) => void = () => {},
): Promise<Located | null> {
  const named = env['NATS_SERVER'];
  if (named) {
    const version = await versionOf(named);
    if (!serverIsNewEnough(version))
      throw new Fault('BUS_TOO_OLD', `NATS_SERVER is ${named}, version ${version}.`);
    return { path: named, version, from: 'NATS_SERVER' };
  }
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'nats-server');
    if (folder === '' || !(await runnable(path))) continue;
    const version = await versionOf(path).catch(() => null); // something else of that name: look on
    if (version === null) continue;
    if (serverIsNewEnough(version)) return { path, version, from: 'PATH' };
    note(`passing over ${path}: it is ${version}, older than ${MIN_SERVER.join('.')}`);
  }
  const cached = cachedPath(env);
  if (!(await runnable(cached))) return null;
  return { path: cached, version: await versionOf(cached), from: 'cache' };
}

async function runnable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

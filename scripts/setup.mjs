#!/usr/bin/env node
/**
 * Sets up a clone: packages, kernel, TypeScript, nats-server. Uses nothing but what Node 18 and later have built in,
 * because on a fresh clone there is nothing else. Each step leaves a stamp and is passed over while its sources are
 * what they were.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');
/** Under node_modules, so that stamps go when the packages go. */
const STAMPS = join(ROOT, 'node_modules', '.cache', 'setup');
/** The kernel's AVX-512 paths need it; `rust-version` in native/Cargo.toml says the same. */
const MIN_RUST = [1, 95];

/** The Node that the lock file pins, which everything but this set-up runs under. */
export const PINNED_NODE = join(BIN, 'node');

/** The environment for child processes: the pinned Node and the tools of the packages come first. */
export function environment(extra = {}) {
  return { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}`, ...extra };
}

class SetupError extends Error {}

const live = process.stderr.isTTY === true && !process.env.CI;

/** Runs a command, showing how long it takes. Its output goes to a file, and on failure its end to the screen. */
async function step(title, command, args, options = {}) {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(0)} s`;
  const child = spawn(command, args, {
    cwd: ROOT,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  let output = '';
  const keep = (chunk) => {
    output = (output + chunk).slice(-64 * 1024);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  if (!live) process.stderr.write(`  ${title} ...\n`);
  const timer = live
    ? setInterval(() => process.stderr.write(`\r  ${title} ... ${seconds()} `), 250)
    : undefined;
  const code = await new Promise((ended) => {
    child.once('error', (error) => {
      output += error.message;
      ended(-1);
    });
    child.once('close', (status) => ended(status));
  });
  clearInterval(timer);
  process.stderr.write(
    `${live ? '\r\u001b[K' : ''}  ${title}: ${code === 0 ? 'done' : 'FAILED'} in ${seconds()}\n`,
  );
  if (code !== 0)
    throw new SetupError(
      `${title} failed. Its last lines:\n${output.trim().split('\n').slice(-40).join('\n')}`,
    );
  return output;
}

/** A hash over names, sizes and times of change of all files under these paths: changes whenever a source does. */
function fingerprint(paths, wanted = () => true) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  const visit = (path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return;
    if (!stats.isDirectory()) {
      if (wanted(path)) hash.update(`${relative(ROOT, path)} ${stats.size} ${stats.mtimeMs}\n`);
      return;
    }
    for (const name of readdirSync(path).sort()) {
      if (['node_modules', 'target', 'dist', '.git'].includes(name)) continue;
      visit(join(path, name));
    }
  };
  for (const path of paths) visit(join(ROOT, path));
  return hash.digest('hex');
}

/** Runs `work` unless its stamp says that it was done for the same sources and its result is there. */
async function once(name, print, result, work) {
  const stamp = join(STAMPS, name);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === print && result()) return;
  await work();
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, print);
}

function version(command) {
  const run = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : null;
}

function checkTools() {
  if (version('npm') === null)
    throw new SetupError('npm is missing. Install Node.js with npm: https://nodejs.org');
  const cargo = version('cargo');
  if (cargo === null)
    throw new SetupError('Rust is missing. Install it from https://rustup.rs and open a new terminal.');
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(cargo) ?? []).slice(1).map(Number);
  if (major < MIN_RUST[0] || (major === MIN_RUST[0] && minor < MIN_RUST[1])) {
    throw new SetupError(
      `Rust ${MIN_RUST.join('.')} or later is needed, this is ${cargo}. Run: rustup update stable`,
    );
  }
}

/**
 * Whether node_modules holds what the lock file asks for, by npm's own record of it: so that packages which a person
 * installed by hand are not thrown away. Optional ones are mostly for other machines.
 */
function packagesInstalled() {
  const read = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages;
  if (!existsSync(PINNED_NODE) || !existsSync(join(ROOT, 'node_modules', '.package-lock.json'))) return false;
  const there = read('node_modules/.package-lock.json');
  return Object.entries(read('package-lock.json')).every(
    ([path, wanted]) =>
      !path.startsWith('node_modules/') ||
      wanted.optional ||
      (wanted.link ? existsSync(join(ROOT, path)) : there[path]?.version === wanted.version),
  );
}

const files = (folder, suffix) =>
  existsSync(join(ROOT, folder)) && readdirSync(join(ROOT, folder)).some((name) => name.endsWith(suffix));

const isTypeScript = (path) => /\.(ts|json)$/.test(path);

/** Sets everything up; at once where it is. @throws SetupError in words for people */
export async function setup() {
  if (!packagesInstalled()) {
    checkTools();
    await step('installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  const kernel = fingerprint(['native', 'packages/native/package.json']);
  await once(
    'kernel',
    kernel,
    () => files('packages/native', '.node'),
    async () => {
      checkTools();
      await step('building the kernel', 'npm', [
        'run',
        'build',
        '-w',
        '@murmuration/native',
        '--loglevel=error',
      ]);
    },
  );
  const sources = fingerprint(
    ['packages', 'services', 'cli', 'bench', 'tsconfig.json', 'tsconfig.base.json'],
    isTypeScript,
  );
  await once(
    'typescript',
    `${fingerprint(['package-lock.json'])} ${sources}`,
    () => files('cli/dist', 'main.js'),
    () => step('building the TypeScript', join(BIN, 'tsc'), ['-b']),
  );
  await bus();
}

/** Finds or fetches nats-server; the path of the one that was found last time is good while it is there. */
async function bus() {
  const stamp = join(STAMPS, 'nats-server');
  const known = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (!process.env.NATS_SERVER && known !== '' && existsSync(known)) return;
  const output = await step('finding nats-server', PINNED_NODE, [join(ROOT, 'scripts', 'nats-server.mjs')]);
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, output.trim().split('\n').at(-1) ?? '');
}

/** Runs a script under the pinned Node, in this terminal; ends with its exit code. */
export async function hand(args, env = {}) {
  const child = spawn(PINNED_NODE, args, { cwd: ROOT, env: environment(env), stdio: 'inherit' });
  // Ctrl-C reaches the child by itself; this process only waits for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGTERM'));
  return await new Promise((ended) => {
    child.once('error', () => ended(1));
    child.once('close', (code, signal) => ended(code ?? (signal === null ? 1 : 128)));
  });
}

/** Runs a script's work and ends the process: with what it returns, or with 1 and the reason. */
export async function main(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    process.stderr.write(`${error instanceof SetupError ? error.message : (error.stack ?? error)}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setup();
    return 0;
  });
}

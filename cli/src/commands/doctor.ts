import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { locate } from '@murmuration/nats-server';
import { Fault } from '@murmuration/protocol';
import { Command } from 'commander';
import { claimPort } from '../local/ports.js';
import { say, sayJson, table } from '../output.js';
import { ROOT } from '../paths.js';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'missing';
  /** Nothing works without it. */
  readonly needed: boolean;
  readonly found: string;
  /** How to get it, where it is missing. */
  readonly advice: string;
}

interface Probe {
  readonly name: string;
  readonly needed: boolean;
  readonly advice: string;
  /** What was found; throws where it is missing. */
  readonly look: () => Promise<string>;
}

const PROBES: readonly Probe[] = [
  {
    name: 'node',
    needed: true,
    advice: 'Run npm run setup: it installs the Node that the lock file pins.',
    look: async () => {
      if (Number(process.versions.node.split('.')[0]) < 24)
        throw new Error(`${process.versions.node}: too old`);
      return process.versions.node;
    },
  },
  {
    name: 'rust',
    needed: false,
    advice: 'Needed to build the kernel only: https://rustup.rs',
    look: () => said('cargo', ['--version']),
  },
  {
    name: 'kernel',
    needed: true,
    advice: 'Build it: npm run build:native',
    look: async () => `SIMD path ${(await import('@murmuration/native')).simd()}`,
  },
  {
    name: 'bundle',
    needed: true,
    advice: 'Point BUNDLE at a folder with manifest.json and weights.safetensors.',
    look: async () => {
      const folder = process.env['BUNDLE'] || join(ROOT, 'models', 'flock');
      for (const file of ['manifest.json', 'weights.safetensors']) await access(join(folder, file));
      return folder;
    },
  },
  {
    name: 'nats-server',
    needed: true,
    advice: 'Run npm run setup: it fetches one. Or install 2.11 or later, and set NATS_SERVER.',
    look: async () => {
      const found = await locate();
      if (found === null) throw new Error('not found');
      return `${found.version} (${found.path})`;
    },
  },
  ...[
    { name: 'gRPC port', port: 50051, flag: '--grpc-port' },
    { name: 'NATS port', port: 4222, flag: '--nats-port' },
    { name: 'HTTP port', port: 8080, flag: '--http-port' },
  ].map(({ name, port, flag }) => ({
    name,
    needed: false,
    advice: `Stop what listens there (a swarm that is up does), or choose another: murmuration up ${flag} N`,
    look: async () => `${await claimPort(port, flag)} is free`,
  })),
  {
    name: 'memory',
    needed: false,
    advice: 'A local swarm takes about 1 GB: end something else.',
    look: async () => {
      const text = `${(freemem() / 2 ** 30).toFixed(1)} GiB free, ${availableParallelism()} cores`;
      if (freemem() < 2 ** 30) throw new Error(text);
      return text;
    },
  },
  {
    name: 'docker',
    needed: false,
    advice: 'Needed for containers only: https://docs.docker.com/engine/install',
    look: () => said('docker', ['version', '--format', 'server {{.Server.Version}}']),
  },
  {
    name: 'ffmpeg',
    needed: false,
    advice: 'Needed to read videos only: install ffmpeg on PATH, or set FFMPEG.',
    look: () => said(process.env['FFMPEG'] || 'ffmpeg', ['-version']),
  },
];

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what this machine has, and what it lacks')
    .option('--json', 'print one object')
    .action(async (options: { json?: true }) => {
      const checks = await Promise.all(PROBES.map(run));
      const ok = checks.every((check) => check.state === 'ok' || !check.needed);
      if (options.json === true) sayJson({ ok, checks });
      else {
        const rows = checks.map((check) => [
          check.name,
          check.state === 'ok' ? 'ok' : check.needed ? 'MISSING' : 'missing (optional)',
          check.found,
          check.advice,
        ]);
        say(table(['', 'state', 'found', 'advice'], rows));
      }
      if (!ok) process.exitCode = 1;
    });
}

async function run(probe: Probe): Promise<Check> {
  const { name, needed } = probe;
  try {
    return { name, needed, state: 'ok', found: await probe.look(), advice: '' };
  } catch (error) {
    return { name, needed, state: 'missing', found: Fault.from(error).message, advice: probe.advice };
  }
}

/** The first line that a program prints. */
async function said(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: 5000 });
    return stdout.split('\n')[0] ?? '';
  } catch (cause) {
    throw new Error(`${program} does not run`, { cause });
  }
}

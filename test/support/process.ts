import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { atEnd } from './leftovers.js';
import { ROOT } from './temp.js';

export type Service = 'orchestrator' | 'agent-host' | 'consensus';

/** One line of a service's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const KEPT_LINES = 5000;

/** A process of the project, its log collected. */
export class TestProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  /** Whatever it wrote, a line each; at most the last 5000. */
  readonly lines: string[] = [];
  /** How it ended: its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  #ended = false;

  constructor(name: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.name = name;
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, ...env, MURMURATION_SUPERVISED: '1' },
      stdio: ['pipe', 'pipe', 'pipe'], // stdin's end tells it that this process has ended, however it did
    });
    this.#child = child;
    atEnd(() => void child.kill('SIGKILL'));
    this.exited = new Promise((ended) => {
      child.once('close', (code, signal) => {
        this.#ended = true;
        ended(signal ?? code ?? -1);
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > KEPT_LINES) this.lines.shift();
      });
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The lines of its log that are JSON. */
  get log(): LogLine[] {
    const read: LogLine[] = [];
    for (const line of this.lines) {
      try {
        const value: unknown = JSON.parse(line);
        if (typeof value === 'object' && value !== null && 'msg' in value) read.push(value as LogLine);
      } catch {
        // not a line of the log
      }
    }
    return read;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Asks it to drain and end; by force after 15 s. Returns how it ended. */
  async stop(): Promise<number | NodeJS.Signals> {
    if (this.#ended) return await this.exited;
    this.#child.kill('SIGCONT'); // a stopped process does not hear SIGTERM
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    const how = await this.exited;
    clearTimeout(force);
    return how;
  }

  /** As a crash would end it. */
  async kill(): Promise<void> {
    if (!this.#ended) this.#child.kill('SIGKILL');
    await this.exited;
  }

  /** Freezes it: alive to the system, silent to the swarm. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  /** Lets it go on. */
  cont(): void {
    this.#child.kill('SIGCONT');
  }
}

/** Starts a service of the project with these variables. */
export function startProcess(service: Service, env: Readonly<Record<string, string>>): TestProcess {
  const main = join(ROOT, 'services', service, 'dist', 'main.js');
  return new TestProcess(service, ['--enable-source-maps', '--max-semi-space-size=2', main], env);
}

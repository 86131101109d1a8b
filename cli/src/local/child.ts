import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@murmuration/protocol';
import { afterEnd, NO_RESTARTS, type Restarts } from '../core/restarts.js';

export interface ChildSpec {
  /** For people: the prefix of its lines. */
  readonly name: string;
  /** The program and its arguments for this Node. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A child that cannot even start ends this often in a row before it is given up. */
const GIVE_UP_AFTER = 5;
const KEPT_LINES = 12;

/** A process that is started again when it ends, until it is told to stop. */
export class Child {
  readonly name: string;
  readonly #spec: ChildSpec;
  readonly #onLine: (name: string, line: string) => void;
  #process: ChildProcess | null = null;
  #restarts: Restarts = NO_RESTARTS;
  #stopping = false;
  #started = 0;
  readonly #kept: string[] = [];
  readonly #life: Promise<void>;
  readonly #end = new AbortController();

  constructor(spec: ChildSpec, onLine: (name: string, line: string) => void) {
    this.name = spec.name;
    this.#spec = spec;
    this.#onLine = onLine;
    this.#life = this.#live();
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** @throws Fault CHILD_FAILED where it ended over and over again. Checked while the swarm starts. */
  check(): void {
    if (this.#restarts.inARow < GIVE_UP_AFTER) return;
    const lines = this.#kept.map((line) => `  ${line}`).join('\n');
    throw new Fault(
      'CHILD_FAILED',
      `${this.name} ended ${this.#restarts.inARow} times in a row:\n${lines}\n`,
    );
  }

  async #live(): Promise<void> {
    while (!this.#stopping) {
      this.#started = performance.now();
      const how = await this.#run();
      if (this.#stopping) return;
      const { state, delayMs } = afterEnd(this.#restarts, performance.now() - this.#started);
      this.#restarts = state;
      this.#line(`ended (${how}); starting it again in ${delayMs / 1000} s`);
      await sleep(delayMs, undefined, { signal: this.#end.signal }).catch(() => {}); // told to stop meanwhile
    }
  }

  #run(): Promise<string> {
    // In a process group of its own: Ctrl-C in a terminal goes to the supervisor, which ends its children in order.
    const child = spawn(process.execPath, [...this.#spec.args], {
      env: { ...process.env, ...this.#spec.env, MURMURATION_SUPERVISED: '1' },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#line(line));
    }
    child.stdin.on('error', () => {}); // it need not read
    return new Promise((ended) => {
      child.once('error', (error) => ended(error.message));
      child.once('close', (code, signal) => ended(signal ?? `exit code ${code}`));
    });
  }

  #line(line: string): void {
    this.#kept.push(line);
    if (this.#kept.length > KEPT_LINES) this.#kept.shift();
    this.#onLine(this.name, line);
  }

  /** Asks it to drain; by force after `forceMs`. Returns when it has ended. */
  async stop(forceMs: number): Promise<void> {
    this.#stopping = true;
    this.#end.abort();
    const force = setTimeout(() => this.#process?.kill('SIGKILL'), forceMs);
    this.#process?.kill('SIGTERM');
    await this.#life;
    clearTimeout(force);
  }

  /** At once, by force. */
  kill(): void {
    this.#stopping = true;
    this.#end.abort();
    this.#process?.kill('SIGKILL');
  }
}

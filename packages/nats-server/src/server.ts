import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Fault } from '@murmuration/protocol';

export interface ServerOptions {
  /** The nats-server binary. */
  readonly binary: string;
  /** JetStream's files and the server's configuration; made where it is not there. */
  readonly store: string;
  /** 0: a free one. */
  readonly port?: number;
  readonly host?: string;
  /** Serves the server's monitoring pages (/varz) there; off unless given. */
  readonly monitorPort?: number;
  /** Each line of its log. */
  readonly log?: (line: string) => void;
}

/** Lines kept to explain a server that did not start. */
const KEPT_LINES = 20;
const READY_MS = 30_000;
const STOP_MS = 5_000;

/** A nats-server as a child, with what the swarm needs: JetStream, and producers that a slow reader cannot stall. */
export class NatsServer {
  readonly #child: ChildProcess;
  readonly #options: ServerOptions;
  readonly port: number;
  /** How it ended, once it has. */
  readonly exited: Promise<string>;

  private constructor(child: ChildProcess, options: ServerOptions, port: number, exited: Promise<string>) {
    this.#child = child;
    this.#options = options;
    this.port = port;
    this.exited = exited;
  }

  /** Starts one and waits until it takes connections. @throws Fault PORT_TAKEN, CHILD_FAILED */
  static async start(options: ServerOptions): Promise<NatsServer> {
    await mkdir(options.store, { recursive: true });
    const file = join(options.store, 'nats-server.json');
    const settings = {
      host: options.host ?? '127.0.0.1',
      port: options.port || -1,
      jetstream: { store_dir: options.store },
      // Else a stopped reader holds up everybody who publishes what it reads (nats-server 2.11 and later).
      no_fast_producer_stall: true,
      ...(options.monitorPort === undefined ? {} : { http: `127.0.0.1:${options.monitorPort}` }),
    };
    await writeFile(file, JSON.stringify(settings));
    // In a process group of its own: Ctrl-C in a terminal must not end the bus before those who drain over it.
    const child = spawn(options.binary, ['-c', file], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const guard = guardOf(child);
    const exited = new Promise<string>((ended) => {
      child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
      child.once('error', (error) => ended(error.message));
    });
    void exited.then(() => guard.kill('SIGKILL'));
    const port = await ready(child, options, exited);
    return new NatsServer(child, options, port, exited);
  }

  get url(): string {
    return `nats://${this.#options.host ?? '127.0.0.1'}:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** A server of the same port and store, for one that has ended. */
  async again(): Promise<NatsServer> {
    return await NatsServer.start({ ...this.#options, port: this.port });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it cleanly; by force where that takes longer than five seconds. */
  async stop(): Promise<void> {
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    this.#child.kill('SIGTERM');
    await this.exited;
    clearTimeout(force);
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/**
 * A shell that ends the server once this process is gone, however that came: it reads from a pipe which this process
 * holds open and never writes to. nats-server itself has no such switch.
 */
function guardOf(server: ChildProcess): ChildProcess {
  const script = 'read -r _; kill "$0"';
  const options = { detached: true, stdio: ['pipe', 'ignore', 'ignore'] as ['pipe', 'ignore', 'ignore'] };
  const guard = spawn('sh', ['-c', script, String(server.pid ?? '')], options);
  guard.on('error', () => {}); // no shell: then only a clean end ends the server
  guard.unref();
  return guard;
}

/** Waits for the line that says so, and returns the port. */
function ready(child: ChildProcess, options: ServerOptions, exited: Promise<string>): Promise<number> {
  return new Promise((started, failed) => {
    const kept: string[] = [];
    let port = 0;
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      const inUse = kept.some((line) => line.includes('address already in use'));
      failed(
        inUse
          ? new Fault('PORT_TAKEN', `nats-server cannot listen on port ${options.port}: it is in use.`)
          : new Fault('CHILD_FAILED', `nats-server did not start: ${why}. ${kept.slice(-3).join(' | ')}`),
      );
    };
    const timer = setTimeout(() => fail(`not ready after ${READY_MS / 1000} s`), READY_MS);
    void exited.then((how) => setImmediate(() => fail(how))); // its last lines come after its end
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      options.log?.(line);
      kept.push(line);
      if (kept.length > KEPT_LINES) kept.shift();
      const listening = /Listening for client connections on \S+:(\d+)/.exec(line);
      if (listening !== null) port = Number(listening[1]);
      if (line.endsWith('Server is ready')) {
        clearTimeout(timer);
        started(port);
      }
    });
  });
}

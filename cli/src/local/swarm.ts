import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, connect } from '@murmuration/client';
import { Fault } from '@murmuration/protocol';
import { ROOT, serviceMain } from '../paths.js';
import { type LocalBus, startBus } from './bus.js';
import { Child } from './child.js';

export interface LocalSwarmOptions {
  readonly hosts: number;
  readonly grpcPort: number;
  readonly natsPort: number;
  /** JetStream's folder; null: a temporary one. */
  readonly store: string | null;
  /** A bus that is there already, used as it is; null: one of our own. */
  readonly natsUrl: string | null;
  /** Each line that a process writes. */
  readonly onLine: (name: string, line: string) => void;
}

const READY_MS = 60_000;
/** Ctrl-C to end: these add up to less than 10 s. */
const STOP_MS = { orchestrator: 5000, others: 3000 };

/** As the containers have them: docs/decisions/small-young-generation.md. */
const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=2'];

/** A swarm on this machine: a bus, an orchestrator, a consensus and agent-hosts, as children. */
export class LocalSwarm {
  readonly address: string;
  readonly natsUrl: string;
  readonly client: Client;
  readonly #orchestrator: Child;
  readonly #others: readonly Child[];
  readonly #bus: LocalBus | null;
  readonly #temporary: string | null;

  private constructor(parts: {
    address: string;
    natsUrl: string;
    orchestrator: Child;
    others: readonly Child[];
    bus: LocalBus | null;
    temporary: string | null;
  }) {
    this.address = parts.address;
    this.natsUrl = parts.natsUrl;
    this.client = connect(parts.address);
    this.#orchestrator = parts.orchestrator;
    this.#others = parts.others;
    this.#bus = parts.bus;
    this.#temporary = parts.temporary;
  }

  /** Starts all processes; {@link ready} waits for them. @throws Fault TOOL_MISSING, PORT_TAKEN, CHILD_FAILED */
  static async start(options: LocalSwarmOptions): Promise<LocalSwarm> {
    const { onLine } = options;
    let temporary: string | null = null;
    let bus: LocalBus | null = null;
    if (options.natsUrl === null) {
      if (options.store === null) temporary = await mkdtemp(join(tmpdir(), 'murmuration-'));
      const store = options.store ?? temporary ?? '';
      bus = await startBus({ port: options.natsPort, store }, (line) => onLine('nats', line));
    }
    const natsUrl = options.natsUrl ?? bus?.url ?? '';
    const address = `127.0.0.1:${options.grpcPort}`;
    const child = (name: string, service: string, env: Record<string, string>): Child =>
      new Child(
        {
          name,
          args: [...NODE_FLAGS, serviceMain(service)],
          env: { BUNDLE: process.env['BUNDLE'] || join(ROOT, 'models', 'flock'), ...env, NATS_URL: natsUrl },
        },
        onLine,
      );
    // Told apart from those of another `up` on the same bus.
    const mark = process.pid;
    const orchestrator = child('orchestrator', 'orchestrator', {
      ORCHESTRATOR_ID: `orchestrator-${mark}`,
      GRPC_ADDRESS: address,
    });
    const others = [child('consensus', 'consensus', { CONSENSUS_ID: `consensus-${mark}` })];
    for (let i = 1; i <= options.hosts; i++) {
      others.push(
        child(`host-${i}`, 'agent-host', { HOST_ID: bus === null ? `host-${mark}-${i}` : `host-${i}` }),
      );
    }
    return new LocalSwarm({ address, natsUrl, orchestrator, others, bus, temporary });
  }

  /** Process ids by name; those that are just being restarted are left out. */
  get pids(): Record<string, number> {
    const children = [this.#orchestrator, ...this.#others];
    return Object.fromEntries(
      children.flatMap((child) => (child.pid === null ? [] : [[child.name, child.pid]])),
    );
  }

  /** Waits until `hosts` hosts run squads, and all squads run. @throws Fault CHILD_FAILED, SWARM_NOT_READY */
  async ready(hosts: number, signal?: AbortSignal): Promise<void> {
    const end = performance.now() + READY_MS;
    let why = 'it does not answer';
    while (performance.now() < end && signal?.aborted !== true) {
      for (const child of [this.#orchestrator, ...this.#others]) child.check();
      try {
        const status = await this.client.status({ timeoutMs: 1000 });
        const working = (await this.client.hosts({ timeoutMs: 1000 })).filter(
          (host) => host.state === 'alive' && host.squads.length > 0,
        );
        if (status.ready && working.length >= hosts) return;
        why = `${working.length} of ${hosts} hosts work`;
      } catch (error) {
        why = Fault.from(error).message;
      }
      await sleep(50);
    }
    throw new Fault('SWARM_NOT_READY', `The swarm is not ready after ${READY_MS / 1000} s: ${why}.`);
  }

  /** Drains and ends all: first who takes frames, then who works on them, the bus last. Under 10 s. */
  async stop(): Promise<void> {
    this.client.close();
    await this.#orchestrator.stop(STOP_MS.orchestrator);
    await Promise.all(this.#others.map((child) => child.stop(STOP_MS.others)));
    await this.#bus?.stop();
    await this.#clean();
  }

  /** Ends all at once, by force. */
  async kill(): Promise<void> {
    for (const child of [this.#orchestrator, ...this.#others]) child.kill();
    this.#bus?.kill();
    await this.#clean();
  }

  async #clean(): Promise<void> {
    if (this.#temporary !== null) await rm(this.#temporary, { recursive: true, force: true, maxRetries: 3 });
  }
}

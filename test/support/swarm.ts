import { type Client, connect } from '@murmuration/client';
import type { NatsFixture } from './nats.js';
import { startNats } from './nats.js';
import { freePort } from './ports.js';
import { startProcess, type TestProcess } from './process.js';
import { until } from './until.js';

export interface SwarmOptions {
  readonly hosts?: number;
  readonly orchestrators?: number;
  readonly consensus?: number;
  /** Further variables for all processes. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A swarm of real processes over a real nats-server, each on ports of its own. */
export class TestSwarm {
  readonly nats: NatsFixture;
  readonly orchestrators: readonly TestProcess[];
  /** gRPC addresses, in the order of `orchestrators`. */
  readonly addresses: readonly string[];
  readonly hosts: TestProcess[];
  readonly consensus: TestProcess[];
  readonly #env: Readonly<Record<string, string>>;

  constructor(parts: {
    nats: NatsFixture;
    orchestrators: TestProcess[];
    addresses: string[];
    hosts: TestProcess[];
    consensus: TestProcess[];
    env: Readonly<Record<string, string>>;
  }) {
    this.nats = parts.nats;
    this.orchestrators = parts.orchestrators;
    this.addresses = parts.addresses;
    this.hosts = parts.hosts;
    this.consensus = parts.consensus;
    this.#env = parts.env;
  }

  /** The first orchestrator's gRPC address. */
  get address(): string {
    return this.addresses[0] ?? '';
  }

  /** Starts one more agent-host. */
  addHost(id: string, env: Readonly<Record<string, string>> = {}): TestProcess {
    const host = startProcess('agent-host', {
      ...this.#env,
      ...env,
      NATS_URL: this.nats.url,
      HOST_ID: id,
    });
    this.hosts.push(host);
    return host;
  }

  /** A client of one orchestrator; the caller closes it. */
  client(address: string = this.address): Client {
    return connect(address);
  }

  /** Waits until every squad runs, and `alive` hosts are alive with squads of their own. */
  async ready(alive: number = this.hosts.filter((host) => !host.ended).length): Promise<void> {
    const client = this.client();
    try {
      await until(
        async () => {
          if (!(await client.status()).ready) return false;
          const hosts = await client.hosts();
          return hosts.filter((host) => host.state === 'alive' && host.squads.length > 0).length >= alive;
        },
        { timeout: 60_000, name: `the swarm is ready with ${alive} hosts`, every: 100 },
      );
    } finally {
      client.close();
    }
  }

  /** All lines that all processes logged, for a failed test's message. */
  logs(): string {
    return [...this.orchestrators, ...this.consensus, ...this.hosts].flatMap((part) => part.lines).join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.hosts, ...this.orchestrators].map((part) => part.stop()));
    await Promise.all(this.consensus.map((part) => part.stop()));
    await this.nats.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts a swarm and waits until it is ready. `await using swarm = await startSwarm(...)` ends it again. */
export async function startSwarm(options: SwarmOptions = {}): Promise<TestSwarm> {
  const nats = await startNats();
  // Wider windows than the services' own: a machine that is busy with tests may stall for a second, and a host that is
  // declared dead for it says nothing about what most tests are after. Those that are after it set their own.
  const env = { MURMURATION_LOG: 'info', SUSPECT_MS: '1500', DEAD_MS: '3000', ...options.env };
  const shared = { ...env, NATS_URL: nats.url };
  const addresses: string[] = [];
  const orchestrators: TestProcess[] = [];
  for (let i = 0; i < (options.orchestrators ?? 1); i++) {
    const address = `127.0.0.1:${await freePort()}`;
    addresses.push(address);
    orchestrators.push(
      startProcess('orchestrator', {
        ...shared,
        ORCHESTRATOR_ID: `orchestrator-${i + 1}`,
        GRPC_ADDRESS: address,
      }),
    );
  }
  const consensus = Array.from({ length: options.consensus ?? 1 }, (_, i) =>
    startProcess('consensus', { ...shared, CONSENSUS_ID: `consensus-${i + 1}` }),
  );
  const swarm = new TestSwarm({ nats, orchestrators, addresses, hosts: [], consensus, env });
  for (let i = 0; i < (options.hosts ?? 2); i++) swarm.addHost(`host-${i + 1}`);
  try {
    await swarm.ready();
  } catch (error) {
    const logs = swarm.logs();
    await swarm.stop();
    throw new Error(`${(error as Error).message}\n${logs}`, { cause: error });
  }
  return swarm;
}

import { Command } from 'commander';
import { Foreground } from '../local/foreground.js';
import { servePage } from '../local/page.js';
import { claimPort } from '../local/ports.js';
import { printer } from '../local/printer.js';
import { LocalSwarm } from '../local/swarm.js';
import { port, whole } from '../options.js';
import { say, sayJson } from '../output.js';

interface Options {
  readonly hosts: number;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly natsPort: number;
  readonly store?: string;
  readonly verbose?: true;
  readonly json?: true;
}

export function upCommand(): Command {
  return new Command('up')
    .description('a local swarm in the foreground, until Ctrl-C')
    .option('--hosts <n>', 'agent-hosts', whole(1, 64), 2)
    .option('--grpc-port <port>', 'where frames come in; 0: a free one', port, 50051)
    .option('--http-port <port>', 'the state as JSON; 0: a free one', port, 8080)
    .option('--nats-port <port>', 'the bus, unless NATS_URL names one; 0: a free one', port, 4222)
    .option('--store <dir>', "JetStream's folder; a temporary one unless given")
    .option('--verbose', 'print all that the processes log, not only warnings')
    .option('--json', 'print one object when the swarm is ready')
    .action(up);
}

async function up(options: Options): Promise<void> {
  const natsUrl = process.env['NATS_URL'] || null;
  // All ports before anything starts, so that a taken one leaves nothing behind.
  const grpcPort = await claimPort(options.grpcPort, '--grpc-port');
  const httpPort = await claimPort(options.httpPort, '--http-port');
  const natsPort = natsUrl === null ? await claimPort(options.natsPort, '--nats-port') : 0;
  const foreground = new Foreground();
  const { hosts } = options;
  const swarm = await LocalSwarm.start({
    hosts,
    grpcPort,
    natsPort,
    natsUrl,
    store: options.store ?? null,
    onLine: printer(options.verbose === true),
  });
  foreground.hold(swarm);
  try {
    const page = await servePage(httpPort, swarm.client);
    await swarm.ready(hosts, foreground.stopped);
    const http = `http://127.0.0.1:${httpPort}`;
    if (options.json === true) {
      sayJson({ ready: true, grpc: swarm.address, http, nats: swarm.natsUrl, pids: swarm.pids });
    } else {
      say(`swarm of ${hosts} hosts is up`);
      say(`  gRPC   ${swarm.address}`);
      say(`  state  ${http}`);
      say(`  NATS   ${swarm.natsUrl}`);
      say('Ctrl-C ends it');
    }
    await foreground.ended;
    page.close();
  } catch (error) {
    if (!foreground.stopped.aborted) {
      await foreground.stop();
      throw error;
    }
    await foreground.ended; // told to stop before it was up
  }
}

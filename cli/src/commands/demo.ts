import { join, relative } from 'node:path';
import { Fault } from '@murmuration/protocol';
import { Command } from 'commander';
import { Foreground } from '../local/foreground.js';
import { claimPortOrFree } from '../local/ports.js';
import { printer } from '../local/printer.js';
import { LocalSwarm } from '../local/swarm.js';
import { writeOverlays } from '../media/overlays.js';
import { findSources } from '../media/sources.js';
import { whole } from '../options.js';
import { note, say } from '../output.js';
import { ROOT } from '../paths.js';
import { type Answered, sendAll } from '../send.js';
import { describe } from './send.js';

interface Options {
  readonly once?: true;
  readonly hosts: number;
}

/** Few: the first impression is to show what the swarm finds, on slow machines too, and not how fast it is. */
const IN_FLIGHT = 2;

export function demoCommand(): Command {
  return new Command('demo')
    .description('a local swarm with the sample clip through it; what npm start runs')
    .option('--once', 'end after the summary')
    .option('--hosts <n>', 'agent-hosts', whole(1, 64), 2)
    .action(demo);
}

async function demo(options: Options): Promise<void> {
  const foreground = new Foreground();
  const swarm = await LocalSwarm.start({
    hosts: options.hosts,
    grpcPort: await claimPortOrFree(50051),
    natsPort: await claimPortOrFree(4222),
    natsUrl: process.env['NATS_URL'] || null,
    store: null,
    onLine: printer(false),
  });
  foreground.hold(swarm);
  try {
    note(`starting a swarm of ${options.hosts} hosts`);
    await swarm.ready(options.hosts, foreground.stopped);
    const sources = await findSources([join(ROOT, 'samples', 'walkers')], []);
    const complain = ({ answer }: Answered): void => {
      if (answer.error !== undefined)
        note(`frame ${answer.sequence}: ${answer.error.code}: ${answer.error.message}`);
    };
    const sent = await sendAll(swarm.client, sources, {
      onAnswer: complain,
      inFlight: IN_FLIGHT,
      keep: true,
    });
    const out = join(ROOT, 'out');
    const written = await writeOverlays(out, sources, sent.poses);
    say(describe(sent.summary));
    say(`${written} pictures with skeletons in ${relative(process.cwd(), out) || '.'}/`);
    say(`gRPC ${swarm.address}, NATS ${swarm.natsUrl}`);
    if (sent.summary.answered < sent.summary.frames) {
      throw new Fault(
        'FRAMES_UNANSWERED',
        `${sent.summary.frames - sent.summary.answered} frames got no pose.`,
      );
    }
    if (options.once !== true) {
      say(`send your own: npx murmuration send PICTURE... --out out --address ${swarm.address}`);
      say('Ctrl-C ends the swarm');
      await foreground.ended;
    }
    await foreground.stop();
  } catch (error) {
    const told = foreground.stopped.aborted;
    await foreground.stop();
    if (!told) throw error;
  }
}

import { endianness } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bus } from '@murmuration/bus';
import { fuse } from '@murmuration/native';
import { Fault, isToken } from '@murmuration/protocol/bus';
import { run } from '@murmuration/service';
import { SparingLog } from '@murmuration/telemetry';
import { Reputations } from './core/reputation.js';
import { Decider } from './decide.js';
import { Desk } from './desk.js';
import { Fuser } from './fuser.js';
import { Memory } from './memory.js';
import { Panel } from './panel.js';
import { Partitions } from './partitions.js';
import { Understudy } from './understudy.js';

/** The longest that open rounds are waited for at the end. */
const LAST_ROUNDS_MS = 1000;

await run('consensus', 'CONSENSUS_ID', async ({ config, log, id }) => {
  if (!isToken(id))
    throw new Fault('CONFIG_INVALID', `CONSENSUS_ID is "${id}", not 1 to 64 of A-Z a-z 0-9 _ -.`);
  const rhoMax = config.number('RHO_MAX', 3, { min: 1, max: 100 });
  if (endianness() !== 'LE') throw new Fault('INTERNAL', 'Votes are little-endian; this machine is not.');

  const bus = await Bus.connect({ url: config.text('NATS_URL', 'nats://127.0.0.1:4222'), name: id });
  const sparing = new SparingLog(log);
  const reputations = new Reputations();
  const memory = await Memory.open(bus, log, reputations);
  const panel = new Panel(new Fuser(fuse, rhoMax), reputations, {
    consensus: id,
    rhoMax,
    onChange: (change) => memory.tell(change),
    onConflict: (votes, replicated) =>
      sparing.warn('REPLICAS_DIFFER', 'replicas of a squad gave different votes for one crop', () => ({
        between: votes.flatMap(({ host, squad }, index) => {
          const one = replicated[index];
          return one === undefined || one.rivals.length === 0 ? [] : [`${host}/${squad}: ${one.kind}`];
        }),
      })),
  });
  const decider = new Decider(bus, sparing, panel);
  const understudy = new Understudy(bus, sparing, id, (closed) => decider.decide(closed));
  let partitions: Partitions | null = null; // rounds may come before joining is over
  const desk = new Desk(bus, log, sparing, (closed) => {
    if (partitions?.keeps(closed.round.partition) === true) decider.decide(closed);
    else understudy.take(closed);
  });
  const states = bus.onState((state) => log.info({ state }, 'bus'));
  const joined = await Partitions.join(bus, log, id, (partition) => {
    const served = [desk.serve(partition), understudy.follow(partition)];
    return {
      close: () => {
        for (const one of served) one.close();
      },
    };
  });
  partitions = joined;
  log.info({ rhoMax }, 'joined');
  return {
    well: () => (bus.connected ? null : 'the connection to NATS is lost'),
    drain: async () => {
      await joined.leave();
      const end = performance.now() + LAST_ROUNDS_MS;
      while (desk.open + understudy.waiting > 0 && performance.now() < end) await sleep(5);
      desk.close();
      log.info({ ...desk.counts }, 'rounds and votes');
      understudy.close();
      await memory.close();
      states.close();
      await bus.close();
    },
  };
});

import { endianness } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bus } from '@murmuration/bus';
import { fuse } from '@murmuration/native';
import { Fault, isToken } from '@murmuration/protocol';
import { run } from '@murmuration/service';
import { SparingLog } from '@murmuration/telemetry';
import { Reputations } from './core/reputation.js';
import { Decider } from './decide.js';
import { Desk } from './desk.js';
import { Fuser } from './fuser.js';
import { Memory } from './memory.js';
import { Partitions } from './partitions.js';

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
  const settings = { consensus: id, rhoMax };
  const decider = new Decider(bus, sparing, new Fuser(fuse, rhoMax), reputations, settings, (change) =>
    memory.tell(change),
  );
  const desk = new Desk(bus, log, sparing, (closed) => decider.decide(closed));
  const states = bus.onState((state) => log.info({ state }, 'bus'));
  const partitions = await Partitions.join(bus, log, id, (partition) => desk.serve(partition));
  log.info({ rhoMax }, 'joined');
  return {
    well: () => (bus.connected ? null : 'the connection to NATS is lost'),
    drain: async () => {
      await partitions.leave();
      const end = performance.now() + LAST_ROUNDS_MS;
      while (desk.open > 0 && performance.now() < end) await sleep(5);
      desk.close();
      await memory.close();
      states.close();
      await bus.close();
    },
  };
});

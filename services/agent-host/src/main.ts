import { randomBytes } from 'node:crypto';
import { endianness } from 'node:os';
import { setImmediate as breathe } from 'node:timers/promises';
import { Bus } from '@murmuration/bus';
import { Swarm } from '@murmuration/native';
import { Fault, isToken } from '@murmuration/protocol/bus';
import { run } from '@murmuration/service';
import { SparingLog } from '@murmuration/telemetry';
import { Bundles } from './bundles.js';
import { incarnationOf } from './core/clash.js';
import { Host, type LoadKernel } from './host.js';

await run('host', 'HOST_ID', async ({ config, log, id }) => {
  if (!isToken(id)) throw new Fault('CONFIG_INVALID', `HOST_ID is "${id}", not 1 to 64 of A-Z a-z 0-9 _ -.`);
  const beatMs = config.number('BEAT_MS', 150, { min: 20, max: 10_000 });
  const capacity = BigInt(Math.floor(config.number('CAPACITY', 0, { min: 0, max: 1e15 })));
  if (endianness() !== 'LE') throw new Fault('INTERNAL', 'Votes are little-endian; this machine is not.');

  const bus = await Bus.connect({ url: config.text('NATS_URL', 'nats://127.0.0.1:4222'), name: id });
  const bundles = new Bundles(bus);
  const loadKernel: LoadKernel = async ({ bundle, squads }) => {
    const { manifest, weights } = await bundles.get(bundle);
    await breathe(); // what came in meanwhile is answered before the bundle is checked
    try {
      return new Swarm(manifest, weights, [...squads]);
    } catch (thrown) {
      bundles.forget(bundle);
      throw thrown;
    }
  };
  const incarnation = incarnationOf(performance.timeOrigin, randomBytes(6).toString('hex'));
  const host = await Host.join(
    bus,
    log,
    new SparingLog(log),
    { host: id, incarnation, beatMs, capacity },
    loadKernel,
  );
  log.info({ incarnation, beatMs }, 'joined');
  return {
    well: () => (bus.connected ? null : 'the connection to NATS is lost'),
    drain: async () => {
      await host.drain();
      await bus.close();
    },
    failure: host.failure,
  };
});

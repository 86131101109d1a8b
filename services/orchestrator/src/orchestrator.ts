import { Bus, storeBundle } from '@murmuration/bus';
import { Event, subjects } from '@murmuration/protocol';
import type { Running } from '@murmuration/service';
import { type Logger, SparingLog } from '@murmuration/telemetry';
import { readBundle } from './bundle.js';
import { unixNow } from './clock.js';
import type { MembershipEffect } from './core/membership.js';
import { Detect } from './ingest.js';
import { Leadership } from './leadership.js';
import { Looker } from './looker.js';
import { Members } from './members.js';
import { Pipeline } from './pipeline.js';
import { Placements } from './placements.js';
import { Readiness } from './readiness.js';
import { Reputations } from './reputations.js';
import { GrpcServer } from './server.js';
import type { Settings } from './settings.js';
import { Streams } from './streams.js';
import { SwarmApi } from './swarm-api.js';
import { Tally } from './tally.js';

/** Pause before the bundle is stored again, where that failed. */
const STORE_AGAIN_MS = 1000;
/** The longest that frames under way are waited for at the end. */
const DRAIN_MS = 3000;

/**
 * Starts an orchestrator. It takes part in the swarm only once everything that it needs is there: bundle, bus, port.
 * @throws Fault BUNDLE_MISSING, BUNDLE_INVALID, BUS_UNREACHABLE, BUS_TOO_OLD, BUS_NO_JETSTREAM, PORT_TAKEN
 */
export async function startOrchestrator(settings: Settings, log: Logger): Promise<Running> {
  const bundle = await readBundle(settings.bundle);
  const bus = await Bus.connect({ url: settings.natsUrl, name: settings.id });
  await storeBundle(bus, bundle.files);
  bus.onState((state) => {
    log[state === 'lost' ? 'warn' : 'info']({ state }, 'the bus');
    // The server may have come back without its store; hosts find the bundle there.
    if (state === 'restored') void storeAgain();
  });
  const storeAgain = async (): Promise<void> => {
    try {
      await storeBundle(bus, bundle.files);
    } catch (error) {
      log.warn({ error: String(error) }, 'the bundle could not be stored; trying again');
      setTimeout(() => void storeAgain(), STORE_AGAIN_MS).unref();
    }
  };
  const sparing = new SparingLog(log);

  // The swarm: who leads it, who is in it, who runs what. Nothing below calls another before `begin`.
  const announce = (kind: string, subject: string, reason: string): void => {
    const epoch = placements.current?.epoch ?? 0n;
    const event = Event.encode({ kind, subject, reason, atMs: unixNow(), epoch }).finish();
    bus.publish(subjects.event(kind), event);
  };
  const leadership = await Leadership.make(bus, settings.id, (leading) => {
    log.info({ leading }, leading ? 'leads' : 'leads no more');
    placements.lead(leading);
    if (leading) announce('led', settings.id, 'holds the lease');
  });
  const members = new Members(bus, settings, sparing, (effect: MembershipEffect) => {
    log.info({ host: effect.host, reason: effect.reason }, effect.kind);
    if (leadership.leading && effect.kind !== 'held') announce(effect.kind, effect.host, effect.reason);
  });
  const placements = await Placements.begin(
    bus,
    {
      id: settings.id,
      bundle: bundle.hash,
      squads: bundle.info.squads.map(({ id, multiplyAdds }) => ({ id, cost: multiplyAdds })),
      replicas: settings.replicas,
    },
    log,
    () => members.placeable,
    (placement) => members.expect(placement),
  );
  const reputations = new Reputations(bus, log);

  // The frames.
  let draining = false;
  const tally = new Tally();
  const looker = new Looker(bus, sparing);
  const readiness = new Readiness(bus, placements, (ready) => {
    log.info({ ready }, ready ? 'ready' : 'not ready');
    server.serving = ready && !draining;
  });
  const pipeline = new Pipeline(readiness, tally, settings);
  const token = tokens(settings.id);
  const detect = new Detect(pipeline, looker.channel(token()));
  const streams = new Streams(pipeline, looker, tally, { ...settings, token });
  const api = new SwarmApi({
    id: settings.id,
    bundle,
    members,
    placements,
    leadership,
    reputations,
    streams,
    tally,
  });
  const server = await GrpcServer.listen(
    settings.grpcAddress,
    {
      detect: (call, send) => detect.handle(call, send),
      stream: (call) => streams.handle(call),
    },
    { listHosts: api.listHosts, listAgents: api.listAgents, getStatus: api.getStatus },
  );
  readiness.begin();
  leadership.begin();
  log.info({ port: server.port, bundle: bundle.info.name, hash: bundle.hash }, 'listening');

  return {
    well: () => (bus.connected ? null : 'the connection to NATS is lost'),
    drain: async () => {
      draining = true;
      server.serving = false;
      detect.drain();
      streams.drain();
      await leadership.end();
      const until = performance.now() + DRAIN_MS;
      while (looker.open > 0 && performance.now() < until) await new Promise((soon) => setTimeout(soon, 10));
      await server.close();
      readiness.close();
      placements.close();
      members.close();
      reputations.close();
      looker.close();
      await bus.close();
    },
  };
}

/**
 * Tokens for streams in subjects. Processes with one id, and one process started again, must not share any: hence the
 * time.
 */
function tokens(id: string): () => string {
  const stem = `${id.slice(-36)}-${Math.floor(unixNow()).toString(36)}`;
  let made = 0;
  return () => `${stem}-${made++}`;
}

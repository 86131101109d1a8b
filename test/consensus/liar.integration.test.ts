import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bundles, Host, incarnationOf, type LoadKernel } from '@murmuration/agent-host';
import { Bus } from '@murmuration/bus';
import type { Pose } from '@murmuration/client';
import { Swarm } from '@murmuration/native';
import { BOX_MARGIN, CROP_SIDE, Event, subjects } from '@murmuration/protocol';
import { createLog, SparingLog } from '@murmuration/telemetry';
import { expect, it } from 'vitest';
import { startSwarm } from '../support/swarm.js';
import { ROOT } from '../support/temp.js';
import { until } from '../support/until.js';

process.env['MURMURATION_LOG'] = 'silent';

const CLIP = join(ROOT, 'samples/walkers');
const picture = readFileSync(join(CLIP, 'frame-00.jpg'));
const boxes = JSON.parse(readFileSync(join(CLIP, 'boxes.json'), 'utf8')) as Record<string, number[][]>;
const [x = 0, y = 0, width = 0, height = 0] = boxes['frame-00.jpg']?.[0] ?? [];

/** Pixels of the crop by which the liar moves every joint. */
const LIE = 40;
/**
 * A tenth of the lie, in pixels of the picture: a mean over four hosts would move by a quarter. Not zero, because the
 * squads are some pixels apart, and a fourth host changes how many speak for each.
 */
const BOUND = ((BOX_MARGIN * Math.max(width, height)) / CROP_SIDE) * LIE * 0.1;

/** A host that runs the real squads and says that every joint is 40 pixels of the crop to the right. */
async function joinLiar(url: string): Promise<{ bus: Bus; host: Host }> {
  const bus = await Bus.connect({ url, name: 'liar' });
  const bundles = new Bundles(bus);
  const load: LoadKernel = async ({ bundle, squads }) => {
    const { manifest, weights } = await bundles.get(bundle);
    const honest = new Swarm(manifest, weights, [...squads]);
    return {
      look: (crop, votes) => {
        honest.look(crop, votes);
        for (let at = 0; at < votes.length; at += 4)
          if (votes[at + 3] !== 0) votes[at] = ((votes[at] ?? 0) + LIE * 16) % 2048;
      },
    };
  };
  const log = createLog('host', 'liar');
  const settings = {
    host: 'liar',
    beatMs: 100,
    capacity: 0n,
    incarnation: incarnationOf(Date.now(), 'liar'),
  };
  return { bus, host: await Host.join(bus, log, new SparingLog(log), settings, load) };
}

/** Mean distance of the keypoints of two poses, in pixels. */
function apart(one: Pose | undefined, other: Pose | undefined): number {
  const pairs = (one?.keypoints ?? []).map((point, i) => {
    const match = other?.keypoints[i];
    return match === undefined ? Number.NaN : Math.hypot(point.x - match.x, point.y - match.y);
  });
  return pairs.reduce((sum, distance) => sum + distance, 0) / pairs.length;
}

it('one of four hosts that lies moves no pose, and loses its say', async () => {
  await using swarm = await startSwarm({ hosts: 3 });
  const client = swarm.client();
  const look = async () =>
    await client.detect(picture, { boxes: [{ x, y, width, height }], timeoutMs: 10_000 });
  const honest = (await look()).poses[0];
  const events: Event[] = [];
  const { bus, host } = await joinLiar(swarm.nats.url);
  try {
    bus.subscribe(
      subjects.event('evicted'),
      ({ data }) => events.push(Event.decode(data.slice())),
      () => {},
    );
    await swarm.ready(4);
    await until(
      async () => {
        const { poses, degraded } = await look();
        expect(degraded).toBe(false);
        expect(apart(poses[0], honest)).toBeLessThan(BOUND);
        return events.some((event) => event.subject.startsWith('liar/'));
      },
      { name: 'the liar is evicted', timeout: 60_000, every: 5 },
    );
    await until(
      async () => {
        const hosts = await client.hosts();
        const liar = hosts.find((one) => one.host === 'liar');
        return liar !== undefined && liar.squads.length > 0 && liar.reputation < 0.3;
      },
      { name: 'its reputation is known to the orchestrator', timeout: 30_000, every: 100 },
    );
    for (const one of await client.hosts())
      if (one.host !== 'liar') expect(one.reputation).toBeGreaterThan(0.8);
    expect(events.every((event) => event.subject.startsWith('liar/'))).toBe(true);
    expect((await look()).poses[0]?.certificate?.votes).toBe(3);
  } finally {
    await host.drain();
    await bus.close();
    client.close();
  }
});

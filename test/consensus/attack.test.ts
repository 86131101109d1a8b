import {
  EVICTED_BELOW,
  Fuser,
  noRounds,
  Panel,
  Reputations,
  type Roster,
  stepRounds,
} from '@murmuration/consensus';
import { fuse } from '@murmuration/native';
import { type Decision, JOINTS, type Vote } from '@murmuration/protocol';
import { describe, expect, it } from 'vitest';
import { peaksAt, roster, round, seeded, vote } from './support.js';

type Pose = readonly (readonly [number, number])[];

/** The crop's width: a mirrored pose has its x counted from the other side. */
const SIDE = 128;
/** What squads honestly differ by, standard deviation in crop pixels. */
const NOISE = 2;

const LIES: Record<string, (pose: Pose, random: () => number) => Pose> = {
  'shifts all by 25 pixels': (pose) => pose.map(([x, y]) => [x + 25, y + 5]),
  'says anything': (pose, random) => pose.map(() => [random() * SIDE, random() * SIDE]),
  mirrors: (pose) => pose.map(([x, y]) => [SIDE - x, y]),
  'says the corner': (pose) => pose.map(() => [0, 0]),
};

function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function truth(random: () => number): Pose {
  return JOINTS.map(() => [20 + random() * 50, 20 + random() * 88]);
}

/** What one squad sees: the same on every host, as agents are exact. */
function seen(pose: Pose, random: () => number): Pose {
  return pose.map(([x, y]) => [x + NOISE * gauss(random), y + NOISE * gauss(random)]);
}

/** Consensus without a bus: the rounds' core, the panel, the real kernel. */
class Court {
  readonly reputations = new Reputations();
  readonly #rounds = noRounds<null>();
  readonly #panel = new Panel(new Fuser(fuse, 3), this.reputations, {
    consensus: 'test',
    rhoMax: 3,
    onChange: () => {},
    onConflict: () => {},
  });
  #sequence = 0;

  constructor(placed: Roster) {
    stepRounds(this.#rounds, { type: 'placement', roster: placed, anew: false }, 0);
  }

  hear(
    squadsOf: ReadonlyMap<string, readonly string[]>,
    say: (host: string, squad: string) => Uint8Array,
    epochOf: (host: string) => bigint = () => 1n,
  ): Decision {
    const of = round(++this.#sequence);
    let effects = stepRounds(this.#rounds, { type: 'opened', round: of, tag: null }, 0);
    for (const [host, squads] of squadsOf) {
      const votes = new Uint8Array(squads.length * 408);
      for (const [i, squad] of squads.entries()) votes.set(say(host, squad), i * 408);
      const cast: Vote = vote(host, squads, of, { votes, epoch: epochOf(host) });
      effects = stepRounds(this.#rounds, { type: 'vote', vote: cast, publisher: host }, 0);
    }
    const closed = effects.find((effect) => effect.type === 'close');
    if (closed === undefined) throw new Error('the round is still open');
    return this.#panel.decide(closed);
  }
}

function worstDistance(decision: Decision, pose: Pose): number {
  const bytes = new Uint8Array(decision.poses[0]?.keypoints ?? []);
  const joints = new Float32Array(bytes.buffer);
  return Math.max(
    ...pose.map(([x, y], joint) =>
      Math.hypot((joints[joint * 4] ?? 0) - x, (joints[joint * 4 + 1] ?? 0) - y),
    ),
  );
}

/** Placements with four hosts: two squads twice, and four squads twice. */
const PLACEMENTS: Record<string, Record<string, string[]>> = {
  'two squads': { h1: ['a'], h2: ['b'], h3: ['a'], liar: ['b'] },
  'both squads everywhere': { h1: ['a', 'b'], h2: ['a', 'b'], h3: ['a', 'b'], liar: ['a', 'b'] },
  'four squads': { h1: ['a', 'b'], h2: ['c', 'd'], h3: ['a', 'c'], liar: ['b', 'd'] },
};

describe.each(Object.entries(PLACEMENTS))('four hosts with %s, one of which lies', (_, hosts) => {
  const squadsOf = new Map(Object.entries(hosts));
  const liarsOwn = hosts['liar'] ?? [];

  it.each(Object.entries(LIES))('and %s: the pose stays, the liar falls', (_name, lie) => {
    const random = seeded(7);
    const court = new Court(roster(1, hosts));
    let worst = 0;
    for (let frame = 0; frame < 100; frame++) {
      const pose = truth(random);
      const views = new Map(['a', 'b', 'c', 'd'].map((squad) => [squad, seen(pose, random)]));
      const decision = court.hear(squadsOf, (host, squad) => {
        const view = views.get(squad) ?? pose;
        return peaksAt(host === 'liar' ? lie(view, random) : view);
      });
      worst = Math.max(worst, worstDistance(decision, pose));
    }
    // Over 1700 joints honest squads are themselves up to about 4 sigma off.
    expect(worst).toBeLessThan(5 * NOISE);
    for (const squad of liarsOwn)
      expect(court.reputations.of('liar', squad).value).toBeLessThan(EVICTED_BELOW);
    for (const [host, squads] of squadsOf) {
      if (host === 'liar') continue;
      for (const squad of squads) expect(court.reputations.of(host, squad).value).toBeGreaterThan(0.8);
    }
  });

  it('and then stops lying: it comes back, on probation first', () => {
    const random = seeded(11);
    const court = new Court(roster(1, hosts));
    let frames = 0;
    const hear = (lying: boolean): Decision => {
      frames += 1;
      const pose = truth(random);
      const views = new Map(['a', 'b', 'c', 'd'].map((squad) => [squad, seen(pose, random)]));
      return court.hear(squadsOf, (host, squad) => {
        const view = views.get(squad) ?? pose;
        return peaksAt(host === 'liar' && lying ? view.map(([x, y]) => [x + 30, y]) : view);
      });
    };
    const standings = (): Set<string> =>
      new Set(liarsOwn.map((squad) => court.reputations.of('liar', squad).standing));
    while (!(standings().size === 1 && standings().has('evicted')) && frames < 100) hear(true);
    const evicted = hear(true);
    expect(evicted.voted).not.toContain('liar');
    expect(evicted.degraded).toBe(false);
    const before = frames;
    const met = new Set<string>();
    while (!(standings().size === 1 && standings().has('free')) && frames < before + 2000) {
      hear(false);
      for (const standing of standings()) met.add(standing);
    }
    expect(met).toEqual(new Set(['evicted', 'probation', 'free']));
    expect(frames - before).toBeGreaterThan(200);
    expect(hear(false).voted).toContain('liar');
  });
});

describe('honest squads that see differently', () => {
  it('keep their reputation, even where one flips left and right', () => {
    const random = seeded(3);
    const hosts = { h1: ['a', 'b'], h2: ['a', 'b'], h3: ['a', 'c'], h4: ['b', 'c'] };
    const court = new Court(roster(1, hosts));
    for (let frame = 0; frame < 500; frame++) {
      const pose = truth(random);
      const flips = random() < 0.1;
      const views = new Map(
        ['a', 'b', 'c'].map((squad) => [
          squad,
          seen(flips && squad === 'c' ? pose.map(([x, y]) => [SIDE - x, y]) : pose, random),
        ]),
      );
      court.hear(new Map(Object.entries(hosts)), (_, squad) => peaksAt(views.get(squad) ?? pose));
    }
    for (const [host, squads] of Object.entries(hosts))
      for (const squad of squads) expect(court.reputations.of(host, squad).value).toBeGreaterThan(0.9);
  });

  it('a small lie is caught by three replicas, and by nothing less', () => {
    const random = seeded(5);
    for (const [hosts, caught] of [
      [{ h1: ['a'], h2: ['a'], liar: ['a'] }, true],
      [{ h1: ['a'], h2: ['b'], liar: ['a'] }, false],
    ] as const) {
      const court = new Court(roster(1, hosts));
      for (let frame = 0; frame < 10; frame++) {
        const pose = truth(random);
        court.hear(new Map(Object.entries(hosts)), (host) => {
          const bytes = peaksAt(pose);
          if (host === 'liar') bytes[0] = (bytes[0] ?? 0) ^ 1;
          return bytes;
        });
      }
      expect(court.reputations.of('liar', 'a').standing === 'evicted').toBe(caught);
      expect(court.reputations.of('h1', 'a').value).toBe(1);
    }
  });
});

describe('ten hosts, three of which lie together', () => {
  // Of the three hosts that run squad b two lie.
  const hosts: Record<string, string[]> = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`h${i}`, [['a', 'b', 'c'][i % 3] ?? 'a']]),
  );
  const liars = new Set(['h0', 'h1', 'h4']);

  it.each([
    ['and run what they were given', false],
    ['and claim to run every squad, under a placement to come', true],
  ])('%s: honest hosts keep their say, the pose stays', (_, greedy) => {
    const random = seeded(13);
    const court = new Court(roster(1, hosts));
    const squadsOf = new Map(
      Object.entries(hosts).map(([host, squads]) => [
        host,
        greedy && liars.has(host) ? ['a', 'b', 'c'] : squads,
      ]),
    );
    let worst = 0;
    for (let frame = 0; frame < 100; frame++) {
      const pose = truth(random);
      const views = new Map(['a', 'b', 'c'].map((squad) => [squad, seen(pose, random)]));
      const decision = court.hear(
        squadsOf,
        (host, squad) =>
          peaksAt((views.get(squad) ?? pose).map(([x, y]) => [liars.has(host) ? x + 30 : x, y])),
        (host) => (greedy && liars.has(host) ? 2n : 1n),
      );
      worst = Math.max(worst, worstDistance(decision, pose));
    }
    expect(worst).toBeLessThan(5 * NOISE);
    for (const [host, squads] of Object.entries(hosts)) {
      const { value } = court.reputations.of(host, squads[0] ?? '');
      if (liars.has(host)) expect(value).toBeLessThan(EVICTED_BELOW);
      else expect(value).toBeGreaterThan(0.9);
    }
  });
});

import {
  covers,
  LEFT_OUT_MS,
  type Member,
  newPlacer,
  type Placer,
  type PlacerEffect,
  type PlacerEvent,
  REPAIR_MS,
  replicasFor,
  type Stored,
  stepPlacer,
} from '@murmuration/orchestrator';
import { Beat, HostPhase, type HostSquads, type Placement } from '@murmuration/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SQUADS = [
  { id: 'a', cost: 26 },
  { id: 'b', cost: 26 },
  { id: 'c', cost: 10 },
];
const TICK = 20;

/** A host as the leader's orders find it. */
interface SimHost {
  incarnation: string;
  up: boolean;
  suspect: boolean;
  epoch: bigint;
  squads: string[];
  /** Refuses every order. */
  broken: boolean;
}

/** Hosts, the bucket and orchestrators, with a wire between them that loses what it is told to lose. */
class World {
  now = 0;
  started = 0;
  stored: Stored | null = null;
  readonly hosts = new Map<string, SimHost>();
  readonly placers: Placer[] = [newPlacer(), newPlacer()];
  readonly effects: PlacerEffect[] = [];
  readonly written: Placement[] = [];
  /** Orders, or their replies, that are lost from now on. */
  lossy = false;
  coin = (): boolean => false;

  up(name: string): void {
    this.started += 1;
    const host = { up: true, suspect: false, epoch: 0n, squads: [], broken: false };
    this.hosts.set(name, { ...host, incarnation: `${name}-${this.started}` });
  }

  down(name: string): void {
    this.hosts.delete(name);
  }

  members(): Member[] {
    return [...this.hosts].map(([host, { incarnation, suspect, epoch, squads }]) => ({
      host,
      incarnation,
      state: suspect ? 'suspect' : 'alive',
      heardAt: this.now,
      since: 0,
      beat: Beat.create({ host, incarnation, epoch, squads, phase: HostPhase.HOST_PHASE_WORKING }),
    }));
  }

  lead(which: number, leading: boolean): void {
    if (leading) this.step(which, { kind: 'read', stored: this.stored });
    this.step(which, { kind: 'leading', leading });
  }

  run(ms: number): void {
    for (const until = this.now + ms; this.now < until; ) {
      this.now += TICK;
      for (let i = 0; i < this.placers.length; i++) this.step(i, { kind: 'tick', members: this.members() });
    }
  }

  step(which: number, event: PlacerEvent): void {
    const placer = this.placers[which];
    if (placer === undefined) return;
    const settings = { id: `o${which}`, bundle: 'bundle', squads: SQUADS, replicas: 2 };
    const { state, effects } = stepPlacer(placer, event, this.now, settings);
    this.placers[which] = state;
    this.effects.push(...effects);
    for (const effect of effects) this.carryOut(which, effect);
  }

  carryOut(which: number, effect: PlacerEffect): void {
    if (effect.kind === 'assign') this.order(which, effect.epoch, effect.order);
    else if (effect.kind === 'read') this.step(which, { kind: 'read', stored: this.stored });
    else if (effect.kind === 'commit') {
      const { epoch } = effect.placement;
      const current = this.stored?.revision ?? 0;
      if (effect.revision !== current) {
        this.step(which, { kind: 'committed', epoch, revision: null });
        return;
      }
      this.stored = { placement: effect.placement, revision: current + 1 };
      this.written.push(effect.placement);
      this.step(which, { kind: 'committed', epoch, revision: current + 1 });
      for (let i = 0; i < this.placers.length; i++) this.step(i, { kind: 'watched', stored: this.stored });
    }
  }

  order(which: number, epoch: bigint, { host, incarnation, squads }: HostSquads): void {
    const reply = (code: string, hostEpoch: bigint): void =>
      this.step(which, { kind: 'reply', epoch, host, incarnation, code, hostEpoch });
    const found = this.hosts.get(host);
    if (this.lossy && this.coin()) return;
    if (found === undefined || found.suspect) reply('BUS_UNREACHABLE', 0n);
    else if (found.incarnation !== incarnation) reply('ORDER_NOT_MINE', 0n);
    else if (found.broken) reply('BUNDLE_INVALID', found.epoch);
    else if (epoch < found.epoch) reply('EPOCH_STALE', found.epoch);
    else {
      found.epoch = epoch;
      found.squads = [...squads];
      if (!this.lossy || !this.coin()) reply('', epoch);
    }
  }

  /** What must hold once the dust has settled. */
  settled(): void {
    const living = new Set([...this.hosts.values()].map((host) => host.incarnation));
    const placement = this.stored?.placement ?? null;
    if (living.size === 0) return;
    expect(covers(placement, SQUADS, living)).toBe(true);
    expect(placement?.hosts.map((entry) => entry.incarnation).sort()).toEqual([...living].sort());
    for (const entry of placement?.hosts ?? []) {
      const host = this.hosts.get(entry.host);
      expect([...(host?.squads ?? [])].sort()).toEqual([...entry.squads].sort());
      expect(host?.epoch).toBeGreaterThanOrEqual(placement?.epoch ?? 0n);
      expect(entry.squads.length).toBeGreaterThan(0);
    }
    for (const { id } of SQUADS) {
      const replicas = placement?.hosts.filter((entry) => entry.squads.includes(id)).length;
      expect(replicas).toBe(replicasFor(living.size, SQUADS.length, 2));
    }
  }
}

const worldOf = (...hosts: string[]): World => {
  const world = new World();
  for (const host of hosts) world.up(host);
  world.lead(0, true);
  world.run(200);
  return world;
};

describe('the placer', () => {
  it('makes one placement of hosts that join together', () => {
    const world = worldOf('x', 'y', 'z');
    world.settled();
    expect(world.written.map((placement) => placement.epoch)).toEqual([1n]);
    expect(world.written[0]?.leader).toBe('o0');
  });

  it('does nothing where nothing changes, and nothing that it does not lead', () => {
    const world = worldOf('x', 'y');
    const before = world.effects.length;
    world.run(10_000);
    expect(world.effects.length).toBe(before);
    world.lead(0, false);
    world.down('x');
    world.run(1000);
    expect(world.effects.length).toBe(before);
  });

  it('lets a new leader go on with what is stored', () => {
    const world = worldOf('x', 'y', 'z');
    world.lead(0, false);
    world.lead(1, true);
    world.run(3000);
    expect(world.written).toHaveLength(1);
    world.down('x');
    world.run(200);
    world.settled();
    expect(world.written.at(-1)).toMatchObject({ epoch: 2n, leader: 'o1' });
  });

  it('moves nothing when a host is suspected, and hands its squads on when it is gone', () => {
    const world = worldOf('x', 'y', 'z');
    const y = world.hosts.get('y');
    if (y !== undefined) y.suspect = true;
    world.run(300);
    expect(world.written).toHaveLength(1);
    world.down('y');
    world.run(100);
    world.settled();
  });

  it('leaves out a host that refuses, and tries it again later', () => {
    const world = worldOf('x', 'y');
    world.up('bad');
    const bad = world.hosts.get('bad');
    if (bad !== undefined) bad.broken = true;
    world.run(200);
    expect(world.effects).toContainEqual({ kind: 'left-out', host: 'bad', code: 'BUNDLE_INVALID' });
    expect(world.stored?.placement.hosts.map((host) => host.host)).toEqual(['x', 'y']);
    if (bad !== undefined) bad.broken = false;
    world.run(LEFT_OUT_MS + 200);
    world.settled();
  });

  it('does not wait for the answer of a host that has died', () => {
    const world = worldOf('x', 'y');
    world.lossy = true;
    world.coin = () => true;
    world.up('z');
    world.run(100);
    world.lossy = false;
    world.down('y');
    world.down('z');
    world.run(300);
    world.settled();
  });

  it('goes over the epochs of a leader that fell before it had written', () => {
    const world = worldOf('x', 'y');
    for (const host of world.hosts.values()) {
      host.epoch = 7n;
      host.squads = ['a'];
    }
    world.run(REPAIR_MS + 200);
    world.settled();
    expect(world.stored?.placement.epoch).toBe(8n);
  });

  it('tells a host again that has missed its order', () => {
    const world = worldOf('x', 'y');
    const x = world.hosts.get('x');
    if (x !== undefined) Object.assign(x, { epoch: 0n, squads: [] });
    world.run(REPAIR_MS + 200);
    world.settled();
    expect(world.written).toHaveLength(1);
  });

  it('writes the placement again where the store has lost it', () => {
    const world = worldOf('x', 'y');
    world.stored = null;
    world.step(0, { kind: 'read', stored: null });
    world.run(200);
    world.settled();
    expect(world.stored).toMatchObject({ revision: 1, placement: { epoch: 2n } });
  });

  it('comes to rest with every squad placed, whatever is killed, started, lost or led by whom', () => {
    const act = fc.record({
      kind: fc.constantFrom(
        'up',
        'down',
        'restart',
        'suspect',
        'break',
        'lead',
        'lossy',
        'lose store',
        'two lead',
      ),
      host: fc.constantFrom('v', 'w', 'x', 'y', 'z'),
      ms: fc.integer({ min: 1, max: 80 }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), fc.infiniteStream(fc.boolean()), (acts, coins) => {
        const world = worldOf('x', 'y');
        world.coin = () => coins.next().value === true;
        let leader = 0;
        for (const { kind, host, ms } of acts) {
          const found = world.hosts.get(host);
          if (kind === 'up' && found === undefined) world.up(host);
          if (kind === 'down') world.down(host);
          if (kind === 'restart' && found !== undefined) world.up(host);
          if (kind === 'suspect' && found !== undefined) found.suspect = !found.suspect;
          if (kind === 'break' && found !== undefined) found.broken = !found.broken;
          if (kind === 'lossy') world.lossy = !world.lossy;
          if (kind === 'two lead') world.lead(1 - leader, true);
          if (kind === 'lead') {
            world.lead(leader, false);
            leader = 1 - leader;
            world.lead(leader, true);
          }
          if (kind === 'lose store') {
            world.stored = null;
            world.written.length = 0;
            for (const which of [0, 1]) world.step(which, { kind: 'read', stored: null });
          }
          world.run(ms * TICK);
        }
        world.lossy = false;
        for (const host of world.hosts.values()) Object.assign(host, { suspect: false, broken: false });
        world.lead(1 - leader, false);
        world.run(LEFT_OUT_MS + 10_000);
        world.settled();
        const rest = world.effects.length;
        world.run(5000);
        expect(world.effects.length).toBe(rest);
        const epochs = world.written.map((placement) => placement.epoch);
        expect(epochs).toEqual(epochs.toSorted((a, b) => Number(a - b)));
        expect(new Set(epochs).size).toBe(epochs.length);
      }),
      { numRuns: 200 },
    );
  });
});

import {
  FORGET_MS,
  HOLD_WINDOWS,
  type Membership,
  type MembershipEffect,
  type MembershipEvent,
  newMembership,
  placeable,
  stepMembership,
} from '@murmuration/orchestrator';
import { Beat, HostPhase } from '@murmuration/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SETTINGS = { suspectMs: 450, deadMs: 800 };
const TICK = 40;

/** A membership under a clock of its own. */
class Watcher {
  state: Membership = newMembership();
  now = 0;
  readonly effects: (MembershipEffect & { at: number })[] = [];

  step(event: MembershipEvent): void {
    const { state, effects } = stepMembership(this.state, event, this.now, SETTINGS);
    this.state = state;
    this.effects.push(...effects.map((effect) => ({ ...effect, at: this.now })));
  }

  beat(host: string, more: { incarnation?: string; phase?: HostPhase } = {}): void {
    const { incarnation = '1', phase = HostPhase.HOST_PHASE_WORKING } = more;
    this.step({ kind: 'beat', beat: Beat.create({ host, incarnation, phase }) });
  }

  /** Lets time go by while `beating` hosts beat. */
  run(ms: number, beating: readonly string[] = []): void {
    for (const until = this.now + ms; this.now < until; ) {
      this.now += TICK;
      if (this.now % 120 === 0) for (const host of beating) this.beat(host);
      this.step({ kind: 'tick' });
    }
  }

  stateOf(host: string): string | undefined {
    return this.state.members.get(host)?.state;
  }

  get kinds(): string[] {
    return this.effects.map((effect) => `${effect.kind} ${effect.host}`.trim());
  }
}

describe('membership', () => {
  it('takes a host through its life', () => {
    const watcher = new Watcher();
    watcher.beat('a', { phase: HostPhase.HOST_PHASE_IDLE });
    expect(watcher.stateOf('a')).toBe('joining');
    watcher.run(1000, ['a', 'b']);
    expect(watcher.stateOf('a')).toBe('alive');
    watcher.run(SETTINGS.suspectMs + TICK, ['b']);
    expect(watcher.stateOf('a')).toBe('suspect');
    watcher.beat('a');
    expect(watcher.stateOf('a')).toBe('alive');
    watcher.run(SETTINGS.deadMs + TICK, ['b']);
    expect(watcher.stateOf('a')).toBe('dead');
    expect(placeable(watcher.state).map((member) => member.host)).toEqual(['b']);
    watcher.run(FORGET_MS + TICK, ['b']);
    expect(watcher.stateOf('a')).toBeUndefined();
    expect(watcher.kinds).toEqual([
      'joined a',
      'joined b',
      'suspected a',
      'recovered a',
      'suspected a',
      'evicted a',
    ]);
  });

  it('lets a host go at once that says so', () => {
    const watcher = new Watcher();
    watcher.beat('a');
    watcher.beat('a', { phase: HostPhase.HOST_PHASE_DRAINING });
    watcher.beat('a', { phase: HostPhase.HOST_PHASE_DRAINING });
    expect(watcher.stateOf('a')).toBe('draining');
    expect(placeable(watcher.state)).toEqual([]);
    watcher.beat('a', { phase: HostPhase.HOST_PHASE_GONE });
    expect(watcher.stateOf('a')).toBeUndefined();
    expect(watcher.kinds).toEqual(['joined a', 'drained a', 'left a']);
  });

  it('leaves an id with the process that has it, until that falls silent', () => {
    const watcher = new Watcher();
    watcher.beat('a', { incarnation: '1' });
    watcher.beat('a', { incarnation: '2' });
    watcher.beat('a', { incarnation: '2', phase: HostPhase.HOST_PHASE_GONE });
    expect(watcher.state.members.get('a')?.incarnation).toBe('1');
    watcher.run(SETTINGS.suspectMs + TICK);
    watcher.beat('a', { incarnation: '2' });
    expect(watcher.state.members.get('a')?.incarnation).toBe('2');
    expect(watcher.stateOf('a')).toBe('alive');
  });

  it('gives hosts of the placement that it has never heard a window of their own', () => {
    const watcher = new Watcher();
    watcher.run(2000);
    watcher.step({
      kind: 'expected',
      hosts: [
        { host: 'a', incarnation: '1' },
        { host: 'b', incarnation: '1' },
      ],
    });
    expect(placeable(watcher.state)).toHaveLength(2);
    watcher.run(SETTINGS.deadMs + TICK, ['b']);
    expect([watcher.stateOf('a'), watcher.stateOf('b')]).toEqual(['dead', 'alive']);
  });

  it('kills nobody while the bus is lost, nor before it has been well for a window', () => {
    const watcher = new Watcher();
    watcher.run(1000, ['a', 'b']);
    watcher.step({ kind: 'bus', well: false });
    watcher.run(60_000);
    watcher.step({ kind: 'bus', well: true });
    watcher.run(SETTINGS.deadMs - TICK, ['b']);
    expect(watcher.stateOf('a')).toBe('suspect');
    expect(watcher.kinds.filter((kind) => kind.startsWith('evicted'))).toEqual([]);
    watcher.run(2 * TICK, ['b']);
    expect(watcher.stateOf('a')).toBe('dead');
    expect(watcher.stateOf('b')).toBe('alive');
  });

  it('holds its hand while most of a crowd is silent, and then does not', () => {
    const watcher = new Watcher();
    watcher.run(1000, ['a', 'b', 'c', 'd']);
    const silentFrom = watcher.now;
    watcher.run(HOLD_WINDOWS * SETTINGS.deadMs, ['d']);
    expect(['a', 'b', 'c'].map((host) => watcher.stateOf(host))).toEqual(['suspect', 'suspect', 'suspect']);
    expect(watcher.kinds).toContain('held');
    watcher.run(SETTINGS.suspectMs + 3 * TICK, ['d']);
    expect(['a', 'b', 'c'].map((host) => watcher.stateOf(host))).toEqual(['dead', 'dead', 'dead']);
    const evicted = watcher.effects.find((effect) => effect.kind === 'evicted');
    expect((evicted?.at ?? 0) - silentFrom).toBeLessThanOrEqual(
      HOLD_WINDOWS * SETTINGS.deadMs + SETTINGS.suspectMs + 3 * TICK,
    );
  });

  it('does not hold its hand for half of the hosts, nor for two of two', () => {
    for (const [all, left] of [
      [
        ['a', 'b', 'c', 'd'],
        ['c', 'd'],
      ],
      [['a', 'b'], []],
    ] as const) {
      const watcher = new Watcher();
      watcher.run(1000, all);
      watcher.run(SETTINGS.deadMs + 120 + TICK, left);
      expect([watcher.stateOf('a'), watcher.stateOf('b')]).toEqual(['dead', 'dead']);
    }
  });

  it('forgives the silence in which it stood still itself', () => {
    const watcher = new Watcher();
    watcher.run(1000, ['a', 'b']);
    watcher.now += 5000;
    watcher.step({ kind: 'stalled', ms: 5000 });
    watcher.step({ kind: 'tick' });
    expect([watcher.stateOf('a'), watcher.stateOf('b')]).toEqual(['alive', 'alive']);
  });

  it('keeps its promises under any schedule of beats, silences and losses of the bus', () => {
    const hosts = ['a', 'b', 'c', 'd', 'e'];
    const act = fc.record({
      ms: fc.integer({ min: 1, max: 40 }),
      beating: fc.subarray(hosts),
      bus: fc.constantFrom('same', 'same', 'same', 'lost', 'restored'),
    });
    fc.assert(
      fc.property(fc.array(act, { minLength: 1, maxLength: 40 }), (acts) => {
        const watcher = new Watcher();
        const heard = new Map<string, number>();
        let well = 0;
        let lost = false;
        for (const { ms, beating, bus } of acts) {
          if (bus === 'lost') lost = true;
          if (bus === 'restored' && lost) {
            lost = false;
            well = watcher.now;
          }
          watcher.step({ kind: 'bus', well: !lost });
          for (const host of beating) {
            if (lost) continue;
            watcher.beat(host);
            heard.set(host, watcher.now);
          }
          const before = watcher.effects.length;
          const silence = ms * TICK;
          watcher.run(silence);
          for (const effect of watcher.effects.slice(before)) {
            expect(lost).toBe(false);
            if (effect.kind !== 'evicted') continue;
            expect(effect.at - (heard.get(effect.host) ?? 0)).toBeGreaterThanOrEqual(SETTINGS.deadMs);
            expect(effect.at - well).toBeGreaterThanOrEqual(SETTINGS.deadMs);
          }
          for (const host of beating)
            if (!lost && silence < SETTINGS.suspectMs) expect(watcher.stateOf(host)).toBe('alive');
        }
        // In the end, with the bus well, the silent are dead within the windows and one tick.
        watcher.step({ kind: 'bus', well: true });
        watcher.run(SETTINGS.suspectMs + (HOLD_WINDOWS + 1) * SETTINGS.deadMs + 2 * TICK);
        expect(placeable(watcher.state)).toEqual([]);
        // And everybody can come back.
        for (const host of hosts) watcher.beat(host);
        expect(placeable(watcher.state)).toHaveLength(hosts.length);
      }),
    );
  });
});

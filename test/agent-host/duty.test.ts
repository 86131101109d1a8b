import {
  type Duty,
  type DutyEffect,
  type DutyEvent,
  newDuty,
  phaseOf,
  stepDuty,
} from '@murmuration/agent-host';
import { HostPhase } from '@murmuration/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const ME = '1-me';
const BUNDLE = 'b'.repeat(64);

/** Drives one host's core. Orders are numbered. */
class Bench {
  state: Duty<number> = newDuty(ME);
  orders = 0;

  step(event: DutyEvent<number>): readonly DutyEffect<number>[] {
    const { state, effects } = stepDuty(this.state, event);
    this.state = state;
    return effects;
  }
  assign(epoch: number, squads: readonly string[], over: { incarnation?: string; bundle?: string } = {}) {
    const { incarnation = ME, bundle = BUNDLE } = over;
    const assign = { epoch: BigInt(epoch), bundle, squads: [...squads] };
    return this.step({ type: 'assign', incarnation, assign, order: ++this.orders });
  }
  loaded(load = this.state.loads) {
    return this.step({ type: 'loaded', load });
  }
}

const codes = (effects: readonly DutyEffect<number>[]): string[] =>
  effects.flatMap((effect) => (effect.type === 'reply' ? [`${effect.order}:${effect.code}`] : []));
const types = (effects: readonly DutyEffect<number>[]): string[] => effects.map((effect) => effect.type);

describe('a host', () => {
  it('is idle, loads what it is assigned, then works, and replies only then', () => {
    const bench = new Bench();
    expect(phaseOf(bench.state)).toBe(HostPhase.HOST_PHASE_IDLE);
    expect(types(bench.assign(1, ['b', 'a']))).toEqual(['load']);
    expect(phaseOf(bench.state)).toBe(HostPhase.HOST_PHASE_IDLE);
    expect(bench.loaded()).toMatchObject([
      { type: 'use', load: 1 },
      { code: '', epoch: 1n },
      { type: 'beat' },
    ]);
    expect(bench.state.task).toEqual({ epoch: 1n, bundle: BUNDLE, squads: ['a', 'b'] });
    expect(phaseOf(bench.state)).toBe(HostPhase.HOST_PHASE_WORKING);
  });

  it('works with the old squads until the new ones are loaded', () => {
    const bench = new Bench();
    bench.assign(1, ['a']);
    bench.loaded();
    bench.assign(2, ['b']);
    expect(bench.state.task).toMatchObject({ epoch: 1n, squads: ['a'] });
    bench.loaded();
    expect(bench.state.task).toMatchObject({ epoch: 2n, squads: ['b'] });
  });

  it('takes up the same squads under a new epoch without loading', () => {
    const bench = new Bench();
    bench.assign(1, ['a', 'b']);
    bench.loaded();
    expect(types(bench.assign(2, ['b', 'a']))).toEqual(['reply', 'beat']);
    expect(bench.state.task.epoch).toBe(2n);
    expect(types(bench.assign(3, ['a', 'b'], { bundle: 'c'.repeat(64) }))).toEqual(['load']);
  });

  it('rests when it is assigned nothing', () => {
    const bench = new Bench();
    bench.assign(1, ['a']);
    bench.loaded();
    expect(types(bench.assign(2, []))).toEqual(['rest', 'reply', 'beat']);
    expect(phaseOf(bench.state)).toBe(HostPhase.HOST_PHASE_IDLE);
  });

  it('refuses what is for another process, older, or of the same number and other content', () => {
    const bench = new Bench();
    expect(codes(bench.assign(1, ['a'], { incarnation: '2-other' }))).toEqual(['1:ORDER_NOT_MINE']);
    bench.assign(5, ['a']);
    bench.loaded();
    expect(codes(bench.assign(4, ['b']))).toEqual(['3:EPOCH_STALE']);
    expect(codes(bench.assign(5, ['b']))).toEqual(['4:EPOCH_STALE']);
    expect(codes(bench.assign(5, ['a']))).toEqual(['5:']);
    expect(bench.state.task.squads).toEqual(['a']);
  });

  it.each([
    ['a bundle that is no hash', ['a'], 'latest'],
    ['a squad twice', ['a', 'a'], BUNDLE],
    ['a squad without a fit name', ['a.b'], BUNDLE],
    ['too many squads', Array.from({ length: 17 }, (_, i) => `s${i}`), BUNDLE],
  ])('refuses %s', (_, squads, bundle) => {
    expect(codes(new Bench().assign(1, squads, { bundle }))).toEqual(['1:MESSAGE_INVALID']);
  });

  it('answers an overtaken order as stale and ignores its load', () => {
    const bench = new Bench();
    bench.assign(1, ['a']);
    expect(codes(bench.assign(2, ['b']))).toEqual(['1:EPOCH_STALE']);
    expect(bench.loaded(1)).toEqual([]);
    expect(codes(bench.loaded(2))).toEqual(['2:']);
    expect(bench.state.task).toMatchObject({ epoch: 2n, squads: ['b'] });
  });

  it('goes on with a load that the next placement wants too', () => {
    const bench = new Bench();
    bench.assign(1, ['a']);
    expect(types(bench.assign(2, ['a']))).toEqual(['reply']);
    expect(codes(bench.loaded(1))).toEqual(['2:']);
    expect(bench.state.task.epoch).toBe(2n);
  });

  it('answers an order that is repeated while it loads', () => {
    const bench = new Bench();
    bench.assign(1, ['a']);
    expect(bench.assign(1, ['a'])).toEqual([]);
    expect(codes(bench.loaded())).toEqual(['1:', '2:']);
  });

  it('keeps its squads and its epoch when a load fails', () => {
    const bench = new Bench();
    bench.assign(1, ['a']);
    bench.loaded();
    bench.assign(2, ['z']);
    const effects = bench.step({ type: 'failed', load: 2, code: 'SQUAD_UNKNOWN', message: 'no z' });
    expect(codes(effects)).toEqual(['2:SQUAD_UNKNOWN']);
    expect(bench.state.task).toMatchObject({ epoch: 1n, squads: ['a'] });
    expect(types(bench.assign(3, ['a']))).toEqual(['reply', 'beat']);
  });

  it('drains: says so, refuses new squads, works until it is relieved, then is gone', () => {
    const bench = new Bench();
    bench.assign(1, ['a']);
    bench.loaded();
    expect(types(bench.step({ type: 'drain' }))).toEqual(['beat']);
    expect(phaseOf(bench.state)).toBe(HostPhase.HOST_PHASE_DRAINING);
    expect(codes(bench.assign(2, ['b']))).toEqual(['2:DRAINING']);
    expect(bench.state.task.squads).toEqual(['a']);
    expect(types(bench.step({ type: 'relieved' }))).toEqual(['rest', 'beat']);
    expect(phaseOf(bench.state)).toBe(HostPhase.HOST_PHASE_GONE);
    expect(bench.step({ type: 'relieved' })).toEqual([]);
  });

  it('gives up its squads when the leader wants them', () => {
    const bench = new Bench();
    bench.assign(1, ['a']);
    bench.loaded();
    expect(types(bench.step({ type: 'give-up', incarnation: ME, order: 9 }))).toEqual([
      'rest',
      'reply',
      'beat',
    ]);
    expect(codes(bench.step({ type: 'give-up', incarnation: 'x', order: 10 }))).toEqual([
      '10:ORDER_NOT_MINE',
    ]);
  });
});

describe('a host, whatever happens', () => {
  const squads = fc.constantFrom(['a'], ['b'], ['a', 'b'], []);
  const event = fc.oneof(
    fc.record({ kind: fc.constant('assign' as const), epoch: fc.integer({ min: 1, max: 12 }), squads }),
    fc.record({ kind: fc.constant('loaded' as const), load: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ kind: fc.constant('failed' as const), load: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ kind: fc.constant('give-up' as const) }),
    fc.record({ kind: fc.constant('drain' as const) }),
  );

  it('its epoch never falls, and every order is answered exactly once or still waits for its load', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const bench = new Bench();
        const answered: number[] = [];
        for (const one of events) {
          const before = bench.state.task.epoch;
          const effects =
            one.kind === 'assign'
              ? bench.assign(one.epoch, one.squads)
              : one.kind === 'loaded'
                ? bench.loaded(one.load)
                : one.kind === 'failed'
                  ? bench.step({ type: 'failed', load: one.load, code: 'BUNDLE_INVALID', message: '' })
                  : one.kind === 'give-up'
                    ? bench.step({ type: 'give-up', incarnation: ME, order: ++bench.orders })
                    : bench.step({ type: 'drain' });
          for (const effect of effects) if (effect.type === 'reply') answered.push(effect.order);
          expect(bench.state.task.epoch >= before).toBe(true);
        }
        const all = [...answered, ...(bench.state.loading?.orders ?? [])].sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: bench.orders }, (_, i) => i + 1));
      }),
    );
  });
});

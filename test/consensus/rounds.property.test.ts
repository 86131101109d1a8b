import {
  EARLY_BYTES,
  MAX_CLOSED,
  MAX_HELD_BYTES,
  MAX_OPEN,
  noRounds,
  type Roster,
  type RoundEffect,
  stepRounds,
} from '@murmuration/consensus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roster, round, vote } from './support.js';

const HOSTS = ['h1', 'h2', 'h3', 'h4', 'h5'];
const DEADLINE_MS = 100;

/** What may happen, in any order. Sequences are few, so that events meet. */
const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('open' as const), sequence: fc.nat(30), newer: fc.boolean() }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('vote' as const),
      sequence: fc.nat(30),
      host: fc.constantFrom(...HOSTS),
      publisher: fc.option(fc.constantFrom(...HOSTS), { freq: 10 }),
      epochs: fc.integer({ min: -1, max: 1 }),
      squads: fc.constantFrom(['a'], ['b'], ['a', 'b'], ['z'], []),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('place' as const), hosts: fc.subarray(HOSTS) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(60) }) },
);

describe('rounds, whatever happens', () => {
  it('close exactly once, by their deadline, with votes of their placement only', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 200 }), (events) => {
        const state = noRounds<number>();
        let now = 0;
        let epoch = 1;
        const rosters = new Map<bigint, Roster>();
        const opened = new Map<string, number>();
        const closed = new Map<string, number>();

        const take = (effects: readonly RoundEffect<number>[]): void => {
          for (const effect of effects) {
            if (effect.type !== 'close') continue;
            const key = `${effect.round.sequence}`;
            expect(closed.has(key)).toBe(false);
            closed.set(key, now);
            const hosts = effect.votes.map((one) => one.host);
            expect(new Set(hosts).size).toBe(hosts.length);
            for (const one of effect.votes) {
              expect(effect.expected).toContain(one.host);
              expect(one.epoch).toBeGreaterThanOrEqual(effect.round.epoch);
            }
          }
        };
        const place = (hosts: readonly string[]): void => {
          const placed = roster(++epoch, Object.fromEntries(hosts.map((host) => [host, ['a', 'b']])));
          rosters.set(placed.epoch, placed);
          take(stepRounds(state, { type: 'placement', roster: placed, anew: false }, now));
        };
        place(['h1', 'h2']);

        for (const event of events) {
          if (event.kind === 'place') place(event.hosts);
          else if (event.kind === 'wait') {
            now += event.ms;
            take(stepRounds(state, { type: 'tick' }, now));
            for (const {
              round: { sequence },
            } of state.open.values())
              expect(now - (opened.get(`${sequence}`) ?? 0)).toBeLessThan(DEADLINE_MS);
          } else if (event.kind === 'open') {
            const terms = round(event.sequence, {
              epoch: BigInt(epoch + (event.newer ? 1 : 0)),
              openedMs: 0,
              deadlineMs: DEADLINE_MS,
            });
            if (!opened.has(`${event.sequence}`)) opened.set(`${event.sequence}`, now);
            take(stepRounds(state, { type: 'opened', round: terms, tag: event.sequence }, now));
          } else {
            const of = round(event.sequence, { epoch: BigInt(Math.max(0, epoch + event.epochs)) });
            const cast = vote(event.host, event.squads, of);
            take(
              stepRounds(state, { type: 'vote', vote: cast, publisher: event.publisher ?? event.host }, now),
            );
          }
          expect(state.open.size).toBeLessThanOrEqual(MAX_OPEN);
          expect(state.closed.size).toBeLessThanOrEqual(MAX_CLOSED);
          expect(state.early.bytes).toBeLessThanOrEqual(EARLY_BYTES);
          expect(state.heldBytes).toBeLessThanOrEqual(MAX_HELD_BYTES);
        }
        now += DEADLINE_MS;
        take(stepRounds(state, { type: 'tick' }, now));
        expect([...closed.keys()].sort()).toEqual([...opened.keys()].sort());
        now += 2000;
        take(stepRounds(state, { type: 'tick' }, now));
        expect(state).toMatchObject({ heldBytes: 0 });
        expect(state.open.size + state.early.size + state.early.bytes).toBe(0);
      }),
      { numRuns: 3000 },
    );
  });
});

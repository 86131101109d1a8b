import { deadlinesFor, GRACE_MS, Rounds } from '@murmuration/orchestrator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('open rounds', () => {
  it('end exactly once, by whatever comes first', () => {
    const event = fc.record({
      kind: fc.constantFrom('open', 'close', 'expire'),
      sequence: fc.bigInt({ min: 0n, max: 20n }),
      at: fc.nat(100),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const rounds = new Rounds<bigint>();
        const open = new Map<bigint, number>();
        for (const { kind, sequence, at } of events) {
          if (kind === 'open') {
            if (open.has(sequence)) expect(() => rounds.open(sequence, sequence, at)).toThrow(RangeError);
            else rounds.open(sequence, sequence, at);
            if (!open.has(sequence)) open.set(sequence, at);
          } else if (kind === 'close') {
            expect(rounds.close(sequence)).toBe(open.has(sequence) ? sequence : null);
            open.delete(sequence);
          } else {
            const due = [...open].filter(([, overdueAt]) => overdueAt <= at).map(([key]) => key);
            expect(rounds.overdue(at)).toEqual(due);
            for (const key of due) open.delete(key);
          }
          expect(rounds.size).toBe(open.size);
        }
        expect(rounds.all()).toEqual([...open.keys()]);
        expect(rounds.size).toBe(0);
      }),
    );
  });
});

describe('deadlines', () => {
  it('give the round what remains, less the way back, and never more than the server allows', () => {
    expect(deadlinesFor(1000, Infinity, 250)).toEqual({
      round: 1250,
      overdue: 1250 + GRACE_MS,
      clientFirst: false,
    });
    expect(deadlinesFor(1000, 1100, 250)).toEqual({ round: 1090, overdue: 1100, clientFirst: true });
    expect(deadlinesFor(1000, 1010, 250)).toEqual({ round: 1008, overdue: 1010, clientFirst: true });
    expect(deadlinesFor(1000, 1000, 250)).toBeNull();
    expect(deadlinesFor(1000, Number.NaN, 250)).toBeNull();
  });

  it('hold for every client', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        fc.integer({ min: 10, max: 10_000 }),
        (left, most) => {
          const deadlines = deadlinesFor(0, left, most);
          expect(deadlines).not.toBeNull();
          if (deadlines === null) return;
          expect(deadlines.round).toBeGreaterThan(0);
          expect(deadlines.round).toBeLessThanOrEqual(Math.min(left, most));
          expect(deadlines.overdue).toBeLessThanOrEqual(left);
        },
      ),
    );
  });
});

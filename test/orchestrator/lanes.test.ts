import { Lane, limitsFor } from '@murmuration/orchestrator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('the limits of a stream', () => {
  it('never grants more than was asked for or the server gives', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 256 }), fc.boolean(), (asked, most, latestWins) => {
        const limits = limitsFor(asked, most, latestWins);
        expect(limits.granted).toBe(asked === 0 ? most : Math.min(asked, most));
        expect(limits.running).toBeGreaterThan(0);
        expect(limits.running).toBeLessThanOrEqual(limits.capacity);
        if (latestWins) expect(limits.capacity).toBeGreaterThan(limits.running);
      }),
    );
  });
});

describe('a lane', () => {
  it('refuses what does not go on, and remembers where it is', () => {
    const lane = new Lane<string, string>(limitsFor(4, 16, false));
    expect([3n, 3n, 2n, 4n].map((sequence) => lane.follows(sequence))).toEqual([true, false, false, true]);
  });

  it('refuses frames beyond its credits, in their order', () => {
    const lane = new Lane<string, string>(limitsFor(1, 16, false));
    expect(lane.admit(1n, 'a').kind).toBe('start');
    expect(lane.admit(2n, 'b').kind).toBe('refuse');
    lane.settle(2n, 'too many');
    expect(lane.take()).toBeNull();
    lane.finish(1n, 'done');
    expect([lane.take(), lane.take(), lane.take()]).toEqual(['done', 'too many', null]);
  });

  it('drops the oldest that waits where the latest wins', () => {
    const lane = new Lane<string, string>(limitsFor(3, 16, true));
    expect([1n, 2n, 3n].map((sequence) => lane.admit(sequence, `f${sequence}`).kind)).toEqual([
      'start',
      'start',
      'wait',
    ]);
    expect(lane.admit(4n, 'f4')).toEqual({ kind: 'replace', dropped: 3n });
    lane.settle(3n, 'dropped');
    lane.finish(1n, 'one');
    expect(lane.next()).toEqual({ sequence: 4n, frame: 'f4' });
    lane.finish(2n, 'two');
    expect([lane.take(), lane.take(), lane.take(), lane.take()]).toEqual(['one', 'two', 'dropped', null]);
  });

  it('answers every frame once and in order, and never exceeds its bounds, whatever comes when', () => {
    const event = fc.oneof(fc.constant('frame'), fc.constant('bad'), fc.constant('end'), fc.constant('read'));
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 300 }),
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat()),
        (events, credits, latestWins, choices) => {
          const limits = limitsFor(credits, 8, latestWins);
          const lane = new Lane<bigint, bigint>(limits);
          const running: bigint[] = [];
          const sent: bigint[] = [];
          const read: bigint[] = [];
          const pump = (): void => {
            for (let next = lane.next(); next !== null; next = lane.next()) running.push(next.sequence);
            expect(running.length).toBeLessThanOrEqual(limits.running);
            expect(lane.busy).toBeLessThanOrEqual(limits.capacity);
          };
          const choose = (): number => choices.next().value as number;
          const end = (): void => {
            const [sequence] = running.splice(choose() % running.length, 1);
            if (sequence !== undefined) lane.finish(sequence, sequence);
            pump();
          };
          for (const kind of events) {
            const sequence = BigInt(sent.length + 1);
            if (kind === 'frame') {
              sent.push(sequence);
              expect(lane.follows(sequence)).toBe(true);
              const admitted = lane.admit(sequence, sequence);
              if (admitted.kind === 'start') running.push(sequence);
              if (admitted.kind === 'refuse') lane.settle(sequence, sequence);
              if (admitted.kind === 'replace') {
                expect(latestWins).toBe(true);
                lane.settle(admitted.dropped, admitted.dropped);
              }
              pump();
            } else if (kind === 'bad') {
              sent.push(sequence);
              lane.reject(sequence, sequence);
            } else if (kind === 'end' && running.length > 0) end();
            else if (kind === 'read') {
              const answer = lane.take();
              if (answer !== null) read.push(answer);
            }
          }
          while (running.length > 0) end();
          for (let answer = lane.take(); answer !== null; answer = lane.take()) read.push(answer);
          expect(read).toEqual(sent);
          expect([lane.open, lane.busy]).toEqual([0, 0]);
        },
      ),
    );
  });
});

import { compareReplicas, type SquadVote } from '@murmuration/consensus';
import { describe, expect, it } from 'vitest';

const one = (host: string, squad: string, byte: number, counts = true): SquadVote => ({
  host,
  squad,
  bytes: new Uint8Array(408).fill(byte),
  counts,
});

describe('replicas of a squad', () => {
  it('vouch for each other when they are equal', () => {
    expect(compareReplicas([one('h1', 'a', 1), one('h2', 'a', 1), one('h2', 'b', 9)])).toEqual([
      'vouched',
      'vouched',
      'alone',
    ]);
  });

  it('contest each other when two differ', () => {
    expect(compareReplicas([one('h1', 'a', 1), one('h2', 'a', 2)])).toEqual(['contested', 'contested']);
  });

  it('disprove the one of three that differs, by however little', () => {
    const liar = one('h3', 'a', 1);
    liar.bytes[407] = 2;
    expect(compareReplicas([one('h1', 'a', 1), one('h2', 'a', 1), liar])).toEqual([
      'vouched',
      'vouched',
      'disproved',
    ]);
  });

  it('have no majority in halves', () => {
    const votes = [one('h1', 'a', 1), one('h2', 'a', 1), one('h3', 'a', 2), one('h4', 'a', 2)];
    expect(new Set(compareReplicas(votes))).toEqual(new Set(['contested']));
  });

  it('are not disproved by the evicted, who may be vouched for all the same', () => {
    expect(compareReplicas([one('h1', 'a', 1), one('e1', 'a', 2, false), one('e2', 'a', 2, false)])).toEqual([
      'contested',
      'contested',
      'contested',
    ]);
    expect(compareReplicas([one('h1', 'a', 1), one('e1', 'a', 1, false)])).toEqual(['vouched', 'vouched']);
  });
});

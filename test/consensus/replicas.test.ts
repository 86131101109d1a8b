import { compareReplicas, type SquadVote } from '@murmuration/consensus';
import { describe, expect, it } from 'vitest';

const one = (host: string, squad: string, byte: number, counts = true): SquadVote => ({
  host,
  squad,
  bytes: new Uint8Array(408).fill(byte),
  counts,
});

const kinds = (votes: readonly SquadVote[]): string[] => compareReplicas(votes).map(({ kind }) => kind);

describe('replicas of a squad', () => {
  it('vouch for each other when they are equal', () => {
    const votes = [one('h1', 'a', 1), one('h2', 'a', 1), one('h2', 'b', 9)];
    expect(kinds(votes)).toEqual(['vouched', 'vouched', 'alone']);
  });

  it('contest each other when two differ', () => {
    expect(compareReplicas([one('h1', 'a', 1), one('h2', 'a', 2)])).toEqual([
      { kind: 'contested', rivals: [1] },
      { kind: 'contested', rivals: [0] },
    ]);
  });

  it('leave the one of three that differs in the minority, by however little', () => {
    const liar = one('h3', 'a', 1);
    liar.bytes[407] = 2;
    expect(compareReplicas([one('h1', 'a', 1), one('h2', 'a', 1), liar])).toEqual([
      { kind: 'majority', rivals: [2] },
      { kind: 'majority', rivals: [2] },
      { kind: 'minority', rivals: [0, 1] },
    ]);
  });

  it('have no majority in halves', () => {
    const votes = [one('h1', 'a', 1), one('h2', 'a', 1), one('h3', 'a', 2), one('h4', 'a', 2)];
    expect(new Set(kinds(votes))).toEqual(new Set(['contested']));
  });

  it('are not outnumbered by the evicted, nor by those who were not given the squad', () => {
    const evicted = [one('e1', 'a', 2, false), one('e2', 'a', 2, false)];
    expect(kinds([one('h1', 'a', 1), ...evicted])).toEqual(['alone', 'contested', 'contested']);
    expect(kinds([one('h1', 'a', 1), one('h2', 'a', 1), ...evicted])).toEqual([
      'vouched',
      'vouched',
      'minority',
      'minority',
    ]);
    expect(kinds([one('h1', 'a', 1), one('e1', 'a', 1, false)])).toEqual(['vouched', 'vouched']);
  });
});

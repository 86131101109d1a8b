import { keeperOf, MEMBER_GONE_MS, Members, partOf } from '@murmuration/consensus';
import { PARTITIONS } from '@murmuration/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
/** The partitions that a member keeps. */
const dealtTo = (member: string, members: ReadonlySet<string>): number[] =>
  partitions.filter((partition) => partOf(member, partition, members) === 'keep');

const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { minLength: 1, maxLength: 8 });

describe('dealing partitions', () => {
  it('gives every partition to exactly one member, whatever the order they are known in', () => {
    fc.assert(
      fc.property(names, (members) => {
        const all = members.flatMap((member) => dealtTo(member, new Set([...members].reverse())));
        expect(all.sort((a, b) => a - b)).toEqual(partitions);
      }),
    );
  });

  it('moves only what the one that left had, and only to the one that came', () => {
    fc.assert(
      fc.property(names, (members) => {
        const [left, ...rest] = members;
        for (const partition of partitions) {
          const before = keeperOf(partition, members);
          if (before !== left) expect(keeperOf(partition, rest)).toBe(before);
        }
      }),
    );
  });

  it('has whoever stands by for a keeper take over when it goes', () => {
    fc.assert(
      fc.property(names, (members) => {
        for (const partition of partitions) {
          const parts = members.map((member) => partOf(member, partition, new Set(members)));
          expect(parts.filter((part) => part === 'keep')).toHaveLength(1);
          expect(parts.filter((part) => part === 'stand-by')).toHaveLength(members.length > 1 ? 1 : 0);
          const survivors = members.filter((_, i) => parts[i] !== 'keep');
          const next = members[parts.indexOf('stand-by')] ?? null;
          expect(keeperOf(partition, survivors)).toBe(next);
        }
      }),
    );
  });

  it('has nobody to deal to without members', () => {
    expect(keeperOf(0, [])).toBeNull();
  });

  it('gives names that differ in one letter about equal parts', () => {
    let first = 0;
    for (let i = 0; i < 500; i++) first += dealtTo(`c${i}-1`, new Set([`c${i}-1`, `c${i}-2`])).length;
    expect(first / 500 / PARTITIONS).toBeGreaterThan(0.45);
    expect(first / 500 / PARTITIONS).toBeLessThan(0.55);
  });
});

describe('members', () => {
  it('live while they are heard, and oneself always', () => {
    const members = new Members('me');
    members.heard('other', 0);
    members.heard('third', 1000);
    expect(members.alive(MEMBER_GONE_MS - 1)).toEqual(new Set(['me', 'other', 'third']));
    expect(members.alive(MEMBER_GONE_MS)).toEqual(new Set(['me', 'third']));
    members.left('third');
    expect(members.alive(MEMBER_GONE_MS)).toEqual(new Set(['me']));
  });
});

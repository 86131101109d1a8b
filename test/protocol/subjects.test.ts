import { hostOf, isToken, PARTITIONS, partitionOf, subjects } from '@murmuration/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

describe('subjects', () => {
  it('finds the host that a vote or a beat came from', () => {
    fc.assert(
      fc.property(token, fc.nat(PARTITIONS - 1), (host, partition) => {
        expect(hostOf(subjects.vote(partition, host))).toBe(host);
        expect(hostOf(subjects.beat(host))).toBe(host);
      }),
    );
  });

  it('knows no host in other subjects', () => {
    expect(hostOf(subjects.crop('door'))).toBeNull();
    expect(hostOf('swarm.vote')).toBeNull();
  });

  it('refuses what would open a second token or a wildcard', () => {
    for (const bad of ['', 'a.b', '*', '>', 'a b', 'ä', 'x'.repeat(65)]) {
      expect(isToken(bad)).toBe(false);
      expect(() => subjects.crop(bad)).toThrow(RangeError);
    }
  });

  it('deals streams out to every partition, always the same way', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 200; i++) seen.add(partitionOf(`camera-${i}`));
    expect(seen.size).toBe(PARTITIONS);
    fc.assert(
      fc.property(token, (stream) => {
        const partition = partitionOf(stream);
        expect(partition).toBe(partitionOf(stream));
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(PARTITIONS);
      }),
    );
  });
});

import { incarnationOf, mustYield } from '@murmuration/agent-host';
import { HostPhase } from '@murmuration/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const beat = (incarnation: string, phase = HostPhase.HOST_PHASE_WORKING) => ({ incarnation, phase });

describe('two hosts with one id', () => {
  it('the newcomer, still listening, yields to whoever is heard', () => {
    expect(mustYield('100-a', beat('50-b'), true)).toBe(true);
    expect(mustYield('100-a', beat('150-b'), true)).toBe(true);
  });

  it('nobody yields to itself, to one that is gone, or to what no host would call itself', () => {
    expect(mustYield('100-a', beat('100-a'), true)).toBe(false);
    expect(mustYield('100-a', beat('50-b', HostPhase.HOST_PHASE_GONE), true)).toBe(false);
    for (const odd of ['', 'x', '-1-b', '50-', '50 b', '1e3-b'])
      expect(mustYield('100-a', beat(odd), true)).toBe(false);
  });

  it('of two that beat exactly one yields', () => {
    const incarnation = fc
      .tuple(fc.nat(1000), fc.stringMatching(/^[a-f0-9]{12}$/))
      .map(([start, random]) => incarnationOf(start, random));
    fc.assert(
      fc.property(incarnation, incarnation, (one, other) => {
        fc.pre(one !== other);
        expect(mustYield(one, beat(other), false)).not.toBe(mustYield(other, beat(one), false));
      }),
    );
    expect(mustYield('50-b', beat('100-a'), false)).toBe(false);
  });
});

import {
  CHANGE,
  EVICTED_BELOW,
  judge,
  MAX_REPUTATIONS,
  Reputations,
  type StandingChange,
  type Verdict,
  weigh,
} from '@murmuration/consensus';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { round, vote } from './support.js';

function repeat(reputations: Reputations, verdict: Verdict, times: number): StandingChange[] {
  const changes: StandingChange[] = [];
  for (let i = 0; i < times; i++) {
    const change = reputations.judge('h1', 'a', verdict);
    if (change !== null) changes.push(change);
  }
  return changes;
}

describe('a reputation', () => {
  it('is 1 to begin with', () => {
    expect(new Reputations().of('h1', 'a')).toEqual({ value: 1, standing: 'free' });
  });

  it('is quickly lost and slowly earned, evicted and back on probation', () => {
    const reputations = new Reputations();
    expect(repeat(reputations, 'overruled', 12)).toMatchObject([{ from: 'free', to: 'evicted' }]);
    expect(reputations.of('h1', 'a').value).toBeLessThan(EVICTED_BELOW);
    const back = repeat(reputations, 'agreed', 500);
    expect(back).toMatchObject([
      { from: 'evicted', to: 'probation' },
      { from: 'probation', to: 'free' },
    ]);
    expect(back[0]?.value).toBeCloseTo(0.6, 2);
  });

  it('falls at once where replicas disprove it', () => {
    const reputations = new Reputations();
    repeat(reputations, 'disproved', 3);
    expect(reputations.of('h1', 'a').standing).toBe('evicted');
  });

  it('bears honest dissent of one round in five', () => {
    const reputations = new Reputations();
    for (let i = 0; i < 5000; i++) reputations.judge('h1', 'a', i % 5 === 0 ? 'dissent' : 'agreed');
    expect(reputations.of('h1', 'a').value).toBeGreaterThan(0.9);
  });

  it('stays from 0 to 1 and fits its standing, whatever is said of it', () => {
    const verdicts = Object.keys(CHANGE) as Verdict[];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...verdicts), { maxLength: 2000 }), (said) => {
        const reputations = new Reputations();
        for (const verdict of said) {
          reputations.judge('h1', 'a', verdict);
          const { value, standing } = reputations.of('h1', 'a');
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
          if (value < EVICTED_BELOW) expect(standing).toBe('evicted');
          if (standing === 'free') expect(value).toBeGreaterThanOrEqual(EVICTED_BELOW);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("is learnt from others: bad news at once, good news only without an opinion of one's own", () => {
    const reputations = new Reputations();
    reputations.learn({ host: 'h1', squad: 'a', value: 0.2, standing: 'evicted' });
    expect(reputations.of('h1', 'a')).toMatchObject({ value: 0.2, standing: 'evicted' });
    reputations.learn({ host: 'h1', squad: 'a', value: 0.9, standing: 'free' });
    expect(reputations.of('h1', 'a').value).toBe(0.9);
    reputations.judge('h1', 'a', 'overruled');
    reputations.learn({ host: 'h1', squad: 'a', value: 1, standing: 'free' });
    expect(reputations.of('h1', 'a').value).toBeCloseTo(0.84);
    expect(reputations.learn({ host: 'h1', squad: 'a', value: Number.NaN, standing: 'free' })).toBeNull();
  });

  it('of the evicted is not forgotten while others may be', () => {
    const reputations = new Reputations();
    repeat(reputations, 'overruled', 20);
    for (let i = 0; i < MAX_REPUTATIONS + 100; i++) reputations.judge(`x${i}`, 'a', 'agreed');
    expect(reputations.size).toBe(MAX_REPUTATIONS);
    expect(reputations.of('h1', 'a').standing).toBe('evicted');
  });
});

describe('weights', () => {
  const votes = ['h1', 'h2', 'h3'].map((host) => vote(host, ['a', 'b'], round(1)));

  it('are equal among the new', () => {
    expect(weigh(votes, new Reputations(), 3)).toMatchObject({
      forlorn: false,
      voices: [{ weight: 1 }, { weight: 1 }, { weight: 1 }],
    });
  });

  it('leave out what is evicted, squad by squad', () => {
    const reputations = new Reputations();
    for (let i = 0; i < 20; i++) {
      reputations.judge('h1', 'a', 'overruled');
      reputations.judge('h2', 'a', 'overruled');
      reputations.judge('h2', 'b', 'overruled');
    }
    const { voices } = weigh(votes, reputations, 3);
    expect(voices.map((voice) => voice.vote.host)).toEqual(['h1', 'h3']);
    expect(voices[0]?.squads).toEqual([{ at: 1, weight: 1 }]);
  });

  it('differ by no more than the cap, and are least on probation', () => {
    const reputations = new Reputations();
    reputations.learn({ host: 'h1', squad: 'a', value: 0.31, standing: 'free' });
    reputations.learn({ host: 'h1', squad: 'b', value: 0.31, standing: 'free' });
    reputations.learn({ host: 'h2', squad: 'a', value: 0.85, standing: 'probation' });
    expect(weigh(votes, reputations, 2).voices.map((voice) => voice.weight)).toEqual([0.5, 0.5, 1]);
  });

  it('count all alike where all are evicted', () => {
    const reputations = new Reputations();
    for (const host of ['h1', 'h2', 'h3'])
      for (const squad of ['a', 'b']) reputations.learn({ host, squad, value: 0.1, standing: 'evicted' });
    const { voices, forlorn } = weigh(votes, reputations, 3);
    expect(forlorn).toBe(true);
    expect(voices.map((voice) => voice.weight)).toEqual([1, 1, 1]);
    expect(weigh([], reputations, 3)).toEqual({ voices: [], forlorn: false });
  });
});

describe('judging', () => {
  it('tells honest dissent from being overruled', () => {
    expect(judge('alone', false, false)).toBe('agreed');
    expect(judge('alone', true, false)).toBe('overruled');
    expect(judge('vouched', false, false)).toBe('agreed');
    expect(judge('vouched', true, false)).toBe('dissent');
  });

  it('where replicas differ goes by who stands apart', () => {
    for (const kind of ['contested', 'majority'] as const) {
      expect(judge(kind, false, false)).toBe('agreed');
      expect(judge(kind, true, false)).toBe('overruled');
      expect(judge(kind, true, true)).toBe('dissent');
    }
  });

  it('disproves a minority, unless it is the majority that stands apart', () => {
    expect(judge('minority', false, false)).toBe('disproved');
    expect(judge('minority', true, true)).toBe('disproved');
    expect(judge('minority', false, true)).toBe('agreed');
  });
});

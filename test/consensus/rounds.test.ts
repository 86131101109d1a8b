import {
  type Closed,
  EARLY_MS,
  MAX_OPEN,
  needsTicks,
  noRounds,
  PATIENCE_MS,
  RETURN_VOTES,
  type RoundEffect,
  type Rounds,
  stepRounds,
} from '@murmuration/consensus';
import type { Round, Vote } from '@murmuration/protocol';
import { describe, expect, it } from 'vitest';
import { incarnation, roster, round, vote } from './support.js';

const TWO = roster(1, { h1: ['a', 'b'], h2: ['a', 'b'] });

/** Drives one core and collects what it says. */
class Bench {
  readonly state: Rounds<string> = noRounds();
  readonly effects: RoundEffect<string>[] = [];
  now = 0;

  constructor(placement = TWO) {
    const anew = false;
    this.#step({ type: 'placement', roster: placement, anew });
  }

  #step(event: Parameters<typeof stepRounds<string>>[1]): RoundEffect<string>[] {
    const effects = stepRounds(this.state, event, this.now);
    this.effects.push(...effects);
    return effects;
  }

  open(of: Round): RoundEffect<string>[] {
    return this.#step({ type: 'opened', round: of, tag: `tag ${of.sequence}` });
  }
  vote(cast: Vote, publisher: string | null = cast.host): RoundEffect<string>[] {
    return this.#step({ type: 'vote', vote: cast, publisher });
  }
  at(now: number): RoundEffect<string>[] {
    this.now = now;
    return this.#step({ type: 'tick' });
  }
  place(placement: typeof TWO, anew = false): RoundEffect<string>[] {
    return this.#step({ type: 'placement', roster: placement, anew });
  }
  get closed(): Closed<string>[] {
    return this.effects.filter((effect) => effect.type === 'close');
  }
  refusals(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'refused' ? [effect.why] : []));
  }
}

describe('a round', () => {
  it('closes as complete when every host has voted, votes ordered by host', () => {
    const bench = new Bench();
    bench.open(round(1));
    bench.vote(vote('h2', ['a', 'b'], round(1)));
    expect(bench.closed).toHaveLength(0);
    bench.vote(vote('h1', ['a', 'b'], round(1)));
    expect(bench.closed).toMatchObject([
      { closedBy: 'complete', degraded: false, tag: 'tag 1', expected: ['h1', 'h2'] },
    ]);
    expect(bench.closed[0]?.votes.map((one) => one.host)).toEqual(['h1', 'h2']);
    expect(bench.state.heldBytes).toBe(0);
  });

  it('takes votes that came before it was opened', () => {
    const bench = new Bench();
    bench.vote(vote('h1', ['a', 'b'], round(1)));
    bench.vote(vote('h2', ['a', 'b'], round(1)));
    bench.open(round(1));
    expect(bench.closed).toMatchObject([{ closedBy: 'complete' }]);
    expect(bench.state.early.bytes).toBe(0);
  });

  it("closes at its deadline with what there is, by the length it asks for and not by the sender's clock", () => {
    const bench = new Bench();
    bench.now = 50;
    bench.open(round(1, { openedMs: 9e12, deadlineMs: 9e12 + 100 }));
    bench.vote(vote('h1', ['a'], round(1)));
    bench.at(149);
    expect(bench.closed).toHaveLength(0);
    bench.at(150);
    expect(bench.closed).toMatchObject([{ closedBy: 'deadline', degraded: false }]);
  });

  it('is degraded under its quorum', () => {
    const bench = new Bench(roster(1, { h1: ['a'], h2: ['a'], h3: ['a'], h4: ['a'] }));
    bench.open(round(1));
    bench.vote(vote('h1', ['a'], round(1)));
    bench.at(250);
    expect(bench.closed).toMatchObject([{ degraded: true }]);
    bench.open(round(2));
    bench.at(500);
    expect(bench.closed[1]).toMatchObject({ degraded: true, votes: [] });
  });

  it('is opened once, and not again after it was closed', () => {
    const bench = new Bench();
    bench.open(round(1));
    bench.open(round(1));
    for (const host of ['h1', 'h2']) bench.vote(vote(host, ['a'], round(1)));
    bench.open(round(1));
    bench.at(1000);
    expect(bench.closed).toHaveLength(1);
  });

  it('waits for a placement that the orchestrator knew before', () => {
    const bench = new Bench();
    const next = round(1, { epoch: 2n });
    bench.open(next);
    bench.vote(vote('h3', ['a'], next));
    bench.vote(vote('h1', ['a'], next));
    expect(bench.closed).toHaveLength(0);
    bench.place(roster(2, { h1: ['a'], h3: ['a'] }));
    expect(bench.closed[0]?.votes.map((one) => one.host)).toEqual(['h1', 'h3']);
  });

  it('no longer waits for a host that the newest placement has dropped', () => {
    const bench = new Bench();
    bench.open(round(1));
    bench.vote(vote('h1', ['a'], round(1)));
    bench.place(roster(2, { h1: ['a', 'b'] }));
    expect(bench.closed).toMatchObject([{ closedBy: 'complete', expected: ['h1', 'h2'] }]);
  });

  it('still takes the vote of a host that is being relieved', () => {
    const bench = new Bench(roster(1, { h1: ['a'], h2: ['a'], h3: ['a'] }));
    bench.open(round(1));
    bench.place(roster(2, { h1: ['a'], h2: ['a'] }));
    bench.vote(vote('h3', ['a'], round(1)));
    for (const host of ['h1', 'h2']) bench.vote(vote(host, ['a'], round(1)));
    expect(bench.closed[0]?.votes.map((one) => one.host)).toEqual(['h1', 'h2', 'h3']);
  });

  it('keeps the newest placement, unless the store was emptied', () => {
    const bench = new Bench(roster(5, { h1: ['a'] }));
    bench.place(roster(4, { h2: ['a'] }));
    expect(bench.state.roster.epoch).toBe(5n);
    bench.place(roster(1, { h2: ['a'] }), true);
    expect(bench.state.roster.epoch).toBe(1n);
  });

  it('is closed with the votes there are when the process ends', () => {
    const bench = new Bench();
    bench.open(round(1));
    bench.vote(vote('h1', ['a'], round(1)));
    stepRounds(bench.state, { type: 'end' }, 1).forEach((effect) => void bench.effects.push(effect));
    expect(bench.closed[0]?.votes).toHaveLength(1);
    expect(needsTicks(bench.state)).toBe(false);
  });
});

describe('a host that falls silent', () => {
  it('costs the rounds that were open one deadline, and those after none', () => {
    const bench = new Bench();
    // Sixteen frames under way, 4 ms apart, when h2 dies.
    for (let i = 0; i < 16; i++) {
      bench.now = i * 4;
      bench.open(round(i));
      bench.vote(vote('h1', ['a', 'b'], round(i)));
    }
    bench.at(250);
    expect(bench.closed).toHaveLength(1);
    bench.at(254);
    expect(bench.closed).toHaveLength(16);
    expect(bench.effects.filter((effect) => effect.type === 'behind')).toMatchObject([{ host: 'h2' }]);
    for (let i = 16; i < 50; i++) {
      bench.open(round(i));
      bench.vote(vote('h1', ['a', 'b'], round(i)));
      expect(bench.closed).toHaveLength(i + 1);
    }
    expect(bench.closed.every((closed) => !closed.degraded)).toBe(true);
  });

  it('is fused when it is in time, and waited for again after some votes in a row', () => {
    const bench = new Bench();
    for (const i of [0, 1]) {
      bench.open(round(i));
      bench.vote(vote('h1', ['a'], round(i)));
      bench.at((i + 1) * 250);
    }
    for (let i = 2; i < 2 + RETURN_VOTES; i++) {
      bench.open(round(i));
      // Behind, not absent: its vote comes after the round was closed without it, but before the deadline.
      bench.vote(vote('h1', ['a'], round(i)));
      expect(bench.closed).toHaveLength(i + 1);
      bench.vote(vote('h2', ['a'], round(i)));
    }
    expect(bench.effects.filter((effect) => effect.type === 'late')).toHaveLength(RETURN_VOTES);
    expect(bench.effects.at(-1)).toEqual({ type: 'caught-up', host: 'h2' });
    bench.open(round(99));
    bench.vote(vote('h1', ['a'], round(99)));
    expect(bench.state.open.size).toBe(1);
  });

  it('is not brought back by votes that come after the deadline', () => {
    const bench = new Bench();
    for (let i = 0; i < 12; i++) {
      bench.open(round(i));
      bench.vote(vote('h1', ['a'], round(i)));
      bench.at((i + 1) * 300);
      bench.vote(vote('h2', ['a'], round(i)));
    }
    expect(bench.effects.some((effect) => effect.type === 'caught-up')).toBe(false);
    expect(bench.closed.filter((closed) => closed.closedBy === 'deadline')).toHaveLength(2);
  });

  it('where nobody is waited for, a quorum closes a round', () => {
    const bench = new Bench(roster(1, { h1: ['a'], h2: ['a'], h3: ['a'] }));
    for (const i of [0, 1]) {
      bench.open(round(i));
      bench.at((i + 1) * 250);
    }
    bench.open(round(2));
    bench.vote(vote('h1', ['a'], round(2)));
    expect(bench.closed).toHaveLength(2);
    bench.vote(vote('h2', ['a'], round(2)));
    expect(bench.closed[2]).toMatchObject({ closedBy: 'complete', degraded: false });
  });
});

describe('patience', () => {
  /** Rounds in which every host votes, each so long after the first. */
  function practise(bench: Bench, hosts: readonly string[], lagMs: number, rounds = 40): void {
    for (let i = 0; i < rounds; i++) {
      const of = round(1000 + i);
      bench.open(of);
      for (const host of hosts) {
        bench.vote(vote(host, ['a'], of));
        bench.now += lagMs;
      }
    }
  }

  it('with a host that is usually quick ends long before the deadline', () => {
    const bench = new Bench();
    practise(bench, ['h1', 'h2'], 2);
    const start = bench.now;
    for (const i of [1, 2]) {
      bench.open(round(i));
      bench.vote(vote('h1', ['a'], round(i)));
    }
    bench.at(start + PATIENCE_MS - 1);
    expect(bench.state.open.size).toBe(2);
    bench.at(start + PATIENCE_MS);
    expect(bench.closed.at(-1)).toMatchObject({ closedBy: 'patience', degraded: false });
    expect(bench.closed.at(-1)?.votes).toHaveLength(1);
    expect(bench.effects.at(-1)).toEqual({ type: 'behind', host: 'h2' });
  });

  it('is longer with a host that is usually slow', () => {
    const bench = new Bench();
    practise(bench, ['h1', 'h2'], 60);
    const start = bench.now;
    bench.open(round(1));
    bench.vote(vote('h1', ['a'], round(1)));
    bench.at(start + 115);
    expect(bench.state.open.size).toBe(1);
    bench.at(start + 200);
    expect(bench.closed.at(-1)).toMatchObject({ closedBy: 'patience' });
  });

  it('gives up no liar that would be tolerated: of four hosts all are waited for, of five one is not', () => {
    for (const [hosts, closedBy] of [
      [['h1', 'h2', 'h3', 'h4'], 'deadline'],
      [['h1', 'h2', 'h3', 'h4', 'h5'], 'patience'],
    ] as const) {
      const bench = new Bench(roster(1, Object.fromEntries(hosts.map((host) => [host, ['a']]))));
      practise(bench, hosts, 1);
      const start = bench.now;
      bench.open(round(1));
      for (const host of hosts.slice(1)) bench.vote(vote(host, ['a'], round(1)));
      bench.at(start + 200);
      bench.at(start + 250);
      expect(bench.closed.at(-1)).toMatchObject({ closedBy, round: { sequence: 1n } });
    }
  });
});

describe('a vote is not counted', () => {
  const cases: [string, string, (of: Round) => [Vote, string?]][] = [
    ["under another host's token", 'impostor', (of) => [vote('h1', ['a'], of), 'h2']],
    ['of a host outside the placement', 'stranger', (of) => [vote('h9', ['a'], of)]],
    ['of another process with the id', 'stranger', (of) => [vote('h1', ['a'], of, { incarnation: '2-x' })]],
    ['of an older placement', 'stale', (of) => [vote('h1', ['a'], of, { epoch: 0n })]],
    ['with another bundle', 'bundle', (of) => [vote('h1', ['a'], of, { bundle: 'c'.repeat(64) })]],
    ['with a squad that nobody runs', 'squads', (of) => [vote('h1', ['z'], of)]],
    ['with a squad twice', 'squads', (of) => [vote('h1', ['a', 'a'], of)]],
    ['without squads', 'size', (of) => [vote('h1', [], of)]],
    ['with a byte too few', 'size', (of) => [vote('h1', ['a'], of, { votes: new Uint8Array(407) })]],
    ['for another number of people', 'size', (of) => [vote('h1', ['a'], { ...of, people: 2 })]],
    ['without digests', 'size', (of) => [vote('h1', ['a'], of, { digests: new Uint8Array(0) })]],
  ];
  it.each(cases)('%s', (_, why, make) => {
    const bench = new Bench();
    bench.open(round(1));
    const [cast, publisher] = make(round(1));
    bench.vote(cast, publisher ?? cast.host);
    expect(bench.refusals()).toEqual([why]);
    expect(bench.state.open.get('s/1/0')?.votes.size).toBe(0);
  });

  it('twice, before or after the close', () => {
    const bench = new Bench();
    bench.open(round(1));
    bench.vote(vote('h1', ['a'], round(1)));
    bench.vote(vote('h1', ['a'], round(1)));
    bench.vote(vote('h2', ['a'], round(1)));
    bench.vote(vote('h2', ['a'], round(1)));
    expect(bench.refusals()).toEqual(['duplicate', 'duplicate']);
  });

  it("a newer epoch than the round's is welcome", () => {
    const bench = new Bench();
    bench.open(round(1));
    bench.vote(vote('h1', ['a'], round(1), { epoch: 2n }));
    expect(bench.state.open.get('s/1/0')?.votes.has('h1')).toBe(true);
  });
});

describe('memory', () => {
  it('forgets votes for rounds that never open, and holds few of one host', () => {
    const bench = new Bench();
    for (let i = 0; i < 1000; i++) bench.vote(vote('h1', ['a'], round(i)));
    expect(bench.state.early.size).toBe(64);
    bench.vote(vote('h2', ['a'], round(5)));
    expect(bench.state.early.size).toBe(64);
    expect(bench.refusals().every((why) => why === 'unopened')).toBe(true);
    bench.at(EARLY_MS);
    expect(bench.state.early.size).toBe(0);
    expect(bench.state.early.bytes).toBe(0);
    expect(needsTicks(bench.state)).toBe(false);
  });

  it('opens no more rounds than it may', () => {
    const bench = new Bench();
    for (let i = 0; i < MAX_OPEN + 3; i++) bench.open(round(i));
    expect(bench.state.open.size).toBe(MAX_OPEN);
    expect(bench.effects.filter((effect) => effect.type === 'overflow')).toHaveLength(3);
    bench.at(250);
    expect(bench.closed).toHaveLength(MAX_OPEN);
  });

  it('forgets hosts that are gone', () => {
    const bench = new Bench();
    for (let i = 0; i < 100; i++) {
      const placed = roster(i + 1, { [`h${i}`]: ['a'] });
      bench.place(placed);
      bench.open(round(i, { epoch: BigInt(i + 1) }));
      bench.at(300 * (i + 1));
    }
    expect(bench.state.liveness.size).toBeLessThanOrEqual(1);
  });

  it('uses the incarnation of the host in the placement', () => {
    expect(incarnation('h1')).toBe(TWO.hosts.get('h1')?.incarnation);
  });
});

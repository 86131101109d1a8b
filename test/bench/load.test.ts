import { setTimeout as sleep } from 'node:timers/promises';
import { load } from '@murmuration/bench/load';
import { cpuShares, usageOf } from '@murmuration/bench/process';
import { Spread } from '@murmuration/bench/spread';
import { describe, expect, test } from 'vitest';

describe('Spread', () => {
  test('takes quantiles by the nearest rank', () => {
    const spread = new Spread([4, 1, 3, 2]);
    expect([spread.p50, spread.p99, spread.at(0), spread.count]).toEqual([2, 4, 1, 4]);
    expect(new Spread([]).p50).toBeNaN();
  });
});

describe('load', () => {
  test('keeps within the credits, and counts what found none as dropped', async () => {
    let open = 0;
    let most = 0;
    const line = {
      credits: 2,
      send: async () => {
        open += 1;
        most = Math.max(most, open);
        await sleep(200);
        open -= 1;
        return true;
      },
    };
    const measured = await load(line, 0.5, 100);
    expect(most).toBe(2);
    expect(measured.dropped + measured.latency.count).toBe(50);
    expect(measured.dropped).toBeGreaterThan(0);
  });

  test('without a rate sends whenever a credit comes back', async () => {
    let sent = 0;
    const line = {
      credits: 4,
      send: async () => {
        sent += 1;
        await sleep(5);
        return true;
      },
    };
    const measured = await load(line, 0.3, null);
    expect(measured.dropped).toBe(0);
    expect(measured.latency.count).toBe(sent);
    expect(sent).toBeGreaterThan(4);
  });

  test('counts answers that are no good, and ones that never come, as dropped', async () => {
    const answers = [Promise.resolve(true), Promise.resolve(false), new Promise<boolean>(() => {})];
    const line = { credits: 8, send: () => answers.shift() ?? Promise.reject(new Error('broken')) };
    const measured = await load(line, 0.4, 10);
    expect(measured.latency.count).toBe(1);
    expect(measured.dropped).toBe(3);
  });
});

describe.runIf(process.platform === 'linux')('usage of a process', () => {
  test('is read from /proc', () => {
    const usage = usageOf(process.pid);
    expect(usage?.memoryMib).toBeGreaterThan(10);
    expect(usage?.cpuSeconds).toBeGreaterThan(0);
    expect(usageOf(2 ** 30)).toBeNull();
  });

  test('shares are of one core', () => {
    const at = (cpuSeconds: number) => new Map([['a', { cpuSeconds, memoryMib: 1 }]]);
    expect(cpuShares(at(1), at(2), 4)).toEqual({ a: 0.25 });
  });
});

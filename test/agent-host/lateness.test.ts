import { Lateness } from '@murmuration/agent-host';
import { describe, expect, it } from 'vitest';

/** A crop opened at `openedMs` of the orchestrator's clock, with 250 ms of time. */
const crop = (openedMs: number, stream = 's') => ({ stream, openedMs, deadlineMs: openedMs + 250 });

describe.each([0, -3_600_000, 5000])('a crop is late, where the clocks differ by %d ms,', (skew) => {
  it('when it has waited longer than its round lasts', () => {
    const lateness = new Lateness();
    expect(lateness.isLate(crop(1000), 1001 + skew)).toBe(false);
    expect(lateness.isLate(crop(2000), 2200 + skew)).toBe(false);
    expect(lateness.isLate(crop(3000), 3300 + skew)).toBe(true);
    expect(lateness.isLate(crop(4000), 4002 + skew)).toBe(false);
  });

  it('as are all that piled up while the host was stopped', () => {
    const lateness = new Lateness();
    for (let i = 0; i < 100; i++) lateness.isLate(crop(i * 4), i * 4 + 1 + skew);
    const looked: number[] = [];
    for (let i = 100; i < 2600; i++)
      if (!lateness.isLate(crop(i * 4), 10_400 + i / 100 + skew)) looked.push(i);
    expect(looked[0]).toBeGreaterThan(2500);
    expect(looked.length).toBeGreaterThan(0);
  });

  it('but not for ever, when a clock was set', () => {
    const lateness = new Lateness();
    let missed = 0;
    for (let i = 0; i < 1000; i++) {
      const set = i < 100 ? 0 : 3000;
      if (lateness.isLate(crop(i * 4), i * 4 + 1 + set + skew)) missed += 1;
    }
    expect(missed).toBeGreaterThan(200);
    expect(missed).toBeLessThan(300);
  });
});

describe('lateness', () => {
  it('is told for each stream by itself: orchestrators have clocks of their own', () => {
    const lateness = new Lateness();
    for (let i = 0; i < 10; i++) {
      expect(lateness.isLate(crop(i * 10, 'one'), i * 10)).toBe(false);
      expect(lateness.isLate(crop(i * 10, 'two'), i * 10 + 9000)).toBe(false);
    }
  });

  it('remembers a bounded number of streams', () => {
    const lateness = new Lateness();
    for (let i = 0; i < 3000; i++) lateness.isLate(crop(0, `s${i}`), 0);
    expect(lateness.size).toBe(1024);
  });
});

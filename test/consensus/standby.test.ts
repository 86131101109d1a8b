import { GRACE_MS, SILENT_ROUNDS, Standby } from '@murmuration/consensus';
import { describe, expect, it } from 'vitest';

describe('standing by', () => {
  it('does nothing while the keeper decides, before or after the round is closed here', () => {
    const standby = new Standby<string>();
    expect(standby.closed('r1', 0, 'r1', 0)).toBe(false);
    standby.decided('r1', 0);
    standby.decided('r2', 0);
    expect(standby.closed('r2', 0, 'r2', 1)).toBe(false);
    expect(standby.overdue(1000)).toEqual([]);
  });

  it('decides what the keeper leaves undecided, and then at once until it is heard again', () => {
    const standby = new Standby<string>();
    for (let i = 0; i < 5; i++) standby.closed(`r${i}`, 0, `r${i}`, i * 5);
    expect(standby.overdue(GRACE_MS - 1)).toEqual([]);
    expect(standby.overdue(GRACE_MS)).toEqual(['r0']);
    // The second silence releases all that wait.
    expect(standby.overdue(GRACE_MS + 5)).toEqual(['r1', 'r2', 'r3', 'r4']);
    expect(standby.closed('r9', 0, 'r9', 100)).toBe(true);
    expect(standby.closed('other', 1, 'other', 100)).toBe(false);
    standby.decided('r10', 0);
    expect(standby.closed('r11', 0, 'r11', 110)).toBe(false);
    expect(SILENT_ROUNDS).toBe(2);
  });

  it('remembers a bounded number of rounds', () => {
    const standby = new Standby<number>();
    for (let i = 0; i < 5000; i++) {
      standby.closed(`a${i}`, 0, i, 0);
      standby.decided(`b${i}`, 1);
    }
    expect(standby.waiting).toBe(1024);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { Spread } from './spread.js';

/** An open stream to the swarm, as the load sees it. */
export interface Line {
  /** Frames that may be under way. */
  readonly credits: number;
  /** Sends the next frame. True once it is answered with poses, false where the answer was an error or degraded. */
  send(): Promise<boolean>;
}

export interface Measured {
  readonly seconds: number;
  /** Frames answered before the time was over. */
  readonly answered: number;
  /** Frames that were due but found no credit, or no good answer. */
  readonly dropped: number;
  /** From sending to answer, milliseconds. */
  readonly latency: Spread;
}

/** How long the last answers are waited for. */
const TAIL_MS = 2000;

/**
 * Sends frames for `seconds`: at `fps`, whether or not answers come (a frame that finds no credit left is dropped, not
 * sent late, as a camera would), or without `fps` as fast as credits come back.
 */
export async function load(line: Line, seconds: number, fps: number | null): Promise<Measured> {
  const start = performance.now();
  const end = start + seconds * 1000;
  const latencies: number[] = [];
  const open = new Set<Promise<void>>();
  let answered = 0;
  let dropped = 0;

  const send = (): void => {
    const sentAt = performance.now();
    const sent = line.send().then(
      (good) => {
        const now = performance.now();
        if (!good) dropped += 1;
        else latencies.push(now - sentAt);
        if (good && now <= end) answered += 1;
      },
      () => {
        dropped += 1;
      },
    );
    open.add(sent);
    void sent.finally(() => open.delete(sent));
  };

  if (fps === null) {
    while (performance.now() < end) {
      while (open.size < line.credits) send();
      await Promise.race(open);
    }
  } else {
    const due = Math.floor(seconds * fps);
    for (let i = 0; i < due; i++) {
      const wait = start + (i * 1000) / fps - performance.now();
      if (wait > 0) await sleep(wait);
      if (open.size < line.credits) send();
      else dropped += 1;
    }
  }
  await Promise.race([Promise.all(open), sleep(TAIL_MS)]);
  return { seconds, answered, dropped: dropped + open.size, latency: new Spread(latencies) };
}

/** When a frame's round is to be closed, and when its answer is given up. Unix milliseconds. */
export interface Deadlines {
  /** For hosts and consensus: votes after this are late. */
  readonly round: number;
  /** No decision by then: the round is lost. */
  readonly overdue: number;
  /** Whether what ends then is the client's patience, not ours. */
  readonly clientFirst: boolean;
}

/** A decision may come this much after its round's deadline: the way back, and a consensus process that was busy. */
export const GRACE_MS = 150;
/** Kept of the client's time for the way back to it; never more than a fifth of what is left. */
const WAY_BACK_MS = 10;

/**
 * @param client when the client has no more use for the answer; Infinity where it did not say
 * @returns null where it is too late to begin
 */
export function deadlinesFor(now: number, client: number, roundMs: number): Deadlines | null {
  const left = client - now;
  if (!(left > 0)) return null;
  const round = now + Math.min(roundMs, left - Math.min(WAY_BACK_MS, left / 5));
  const overdue = round + GRACE_MS;
  return client < overdue
    ? { round, overdue: client, clientFirst: true }
    : { round, overdue, clientFirst: false };
}

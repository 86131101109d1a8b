/** What is remembered of a supervised child's ends. */
export interface Restarts {
  /** Ends in a row, each soon after its start. */
  readonly inARow: number;
}

export const NO_RESTARTS: Restarts = { inARow: 0 };

const FIRST_MS = 100;
const LONGEST_MS = 5000;
/** A child that ran for so long was well: its next end is a first one again. */
const WELL_MS = 10_000;

/** After an end: what to remember, and how long to wait before the next start. Doubles from 0.1 s to 5 s. */
export function afterEnd(state: Restarts, ranMs: number): { state: Restarts; delayMs: number } {
  const before = ranMs >= WELL_MS ? 0 : state.inARow;
  return {
    state: { inARow: before + 1 },
    delayMs: Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(before, 16)),
  };
}

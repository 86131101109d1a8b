/** Past this the wall clock has been set, or has drifted: follow it. */
const DRIFT_MS = 2;

let offset = performance.timeOrigin;
let checkedAt = Number.NEGATIVE_INFINITY;

/**
 * Unix milliseconds with fractions, as rounds carry them between processes. `Date.now()` has no fractions, and
 * `performance.timeOrigin` is fixed at the start of a process that may run for months: so the one is corrected by the
 * other, once a second.
 */
export function unixNow(): number {
  const elapsed = performance.now();
  if (elapsed - checkedAt > 1000) {
    checkedAt = elapsed;
    const drift = Date.now() - (offset + elapsed);
    if (Math.abs(drift) > DRIFT_MS) offset += drift;
  }
  return offset + elapsed;
}

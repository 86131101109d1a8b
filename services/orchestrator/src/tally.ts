/** Counts of frames since the start, for GetStatus. */
export class Tally {
  answered = 0;
  degraded = 0;
  refused = 0;
}

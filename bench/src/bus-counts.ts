/** Messages that a nats-server has taken in and given out since its start, itself not counted. */
export interface BusCounts {
  readonly published: number;
  readonly delivered: number;
  readonly at: number;
}

/** Reads a nats-server's monitoring page; null where it has none. */
export async function busCounts(monitor: string | null): Promise<BusCounts | null> {
  if (monitor === null) return null;
  const response = await fetch(`${monitor}/varz`, { signal: AbortSignal.timeout(2000) });
  const varz = (await response.json()) as { in_msgs: number; out_msgs: number };
  return { published: varz.in_msgs, delivered: varz.out_msgs, at: performance.now() };
}

/** Messages a second. */
export interface BusRate {
  readonly published: number;
  readonly delivered: number;
}

export function rateBetween(before: BusCounts | null, after: BusCounts | null): BusRate | null {
  if (before === null || after === null) return null;
  const seconds = (after.at - before.at) / 1000;
  return {
    published: (after.published - before.published) / seconds,
    delivered: (after.delivered - before.delivered) / seconds,
  };
}

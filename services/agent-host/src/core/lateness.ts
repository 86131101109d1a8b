import type { Round } from '@murmuration/protocol/bus';

/** Streams whose clocks are remembered. */
const MOST_STREAMS = 1024;
/** By how much the least delay seen is raised for each millisecond: clocks drift, by far less than this. */
const CREEP = 0.001;
/** So many late crops in a row, over so many milliseconds, mean that a clock was set and not that this host is behind. */
const SET_AFTER = 32;
const SET_AFTER_MS = 1000;

interface Stream {
  /** The least that arrival was ever after opening: how far the two clocks differ, and the quickest way here. */
  least: number;
  at: number;
  /** Late crops in a row, and when the first of them came. */
  late: number;
  lateSince: number;
}

/**
 * Tells crops that came, or were come to, after their deadline. The orchestrator's clock and this host's need not agree: a
 * crop's delay is measured against the quickest crop of its stream.
 */
export class Lateness {
  readonly #streams = new Map<string, Stream>();

  /** Whether the round's time is over. `now`: milliseconds of a clock that is never set. */
  isLate(round: Pick<Round, 'stream' | 'openedMs' | 'deadlineMs'>, now: number): boolean {
    const offset = now - round.openedMs;
    const stream = this.#streams.get(round.stream);
    if (stream === undefined) {
      this.#remember(round.stream, { least: offset, at: now, late: 0, lateSince: now });
      return false;
    }
    stream.least = Math.min(offset, stream.least + CREEP * (now - stream.at));
    stream.at = now;
    if (offset - stream.least <= round.deadlineMs - round.openedMs) {
      stream.late = 0;
      return false;
    }
    if (stream.late === 0) stream.lateSince = now;
    stream.late += 1;
    if (stream.late < SET_AFTER || now - stream.lateSince < SET_AFTER_MS) return true;
    stream.least = offset;
    stream.late = 0;
    return false;
  }

  get size(): number {
    return this.#streams.size;
  }

  #remember(name: string, stream: Stream): void {
    this.#streams.set(name, stream);
    if (this.#streams.size <= MOST_STREAMS) return;
    for (const oldest of this.#streams.keys()) {
      this.#streams.delete(oldest);
      break;
    }
  }
}

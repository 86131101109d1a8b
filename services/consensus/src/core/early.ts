import type { Vote } from '@murmuration/protocol/bus';

/** How long a vote is kept whose round has not been opened here. */
export const EARLY_MS = 1000;
/** Rounds that one host may be ahead by, and bytes that all hosts may. */
export const EARLY_PER_HOST = 64;
export const EARLY_BYTES: number = 8 * 1024 * 1024;

interface Kept {
  readonly vote: Vote;
  readonly until: number;
}

/**
 * Votes that came before their round. NATS keeps the order of one publisher only, so a quick host's vote may overtake the
 * orchestrator's message, and a vote for a round that was never opened must not stay. Bounded by host, so that one host
 * cannot push out the votes of others.
 */
export class EarlyVotes {
  readonly #rounds = new Map<string, Map<string, Kept>>();
  readonly #perHost = new Map<string, number>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Rounds that votes are kept for. */
  get size(): number {
    return this.#rounds.size;
  }

  /** False where there is no room, or the host has voted for that round already. */
  keep(key: string, vote: Vote, now: number): boolean {
    const held = this.#perHost.get(vote.host) ?? 0;
    if (held >= EARLY_PER_HOST || this.#bytes + vote.votes.length > EARLY_BYTES) return false;
    const votes = this.#rounds.get(key) ?? new Map<string, Kept>();
    if (votes.has(vote.host)) return false;
    votes.set(vote.host, { vote, until: now + EARLY_MS });
    this.#rounds.set(key, votes);
    this.#perHost.set(vote.host, held + 1);
    this.#bytes += vote.votes.length;
    return true;
  }

  /** Takes out a round's votes. */
  take(key: string): Vote[] {
    const votes = [...(this.#rounds.get(key)?.values() ?? [])].map((kept) => kept.vote);
    this.#rounds.delete(key);
    for (const vote of votes) this.#forget(vote);
    return votes;
  }

  /** Drops what has waited too long. Returns how many votes that were. */
  expire(now: number): number {
    let dropped = 0;
    for (const [key, votes] of this.#rounds) {
      for (const [host, kept] of votes) {
        if (kept.until > now) continue;
        votes.delete(host);
        this.#forget(kept.vote);
        dropped += 1;
      }
      if (votes.size === 0) this.#rounds.delete(key);
    }
    return dropped;
  }

  #forget(vote: Vote): void {
    this.#bytes -= vote.votes.length;
    const left = (this.#perHost.get(vote.host) ?? 1) - 1;
    if (left <= 0) this.#perHost.delete(vote.host);
    else this.#perHost.set(vote.host, left);
  }
}

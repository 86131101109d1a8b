/** How one squad's vote on one person stood against the rest. */
export type Verdict =
  /** In agreement. */
  | 'agreed'
  /** Far from the decision, though a replica elsewhere came to the very same vote: squads may differ honestly. */
  | 'dissent'
  /** Far from the decision, and nobody vouches for it. */
  | 'overruled'
  /** Other bytes than most of at least three replicas gave for the same crop: faulty or lying, however small the lie. */
  | 'disproved';

/** free; evicted: its votes weigh nothing, but are watched; probation: back, with the least weight. */
export type Standing = 'free' | 'evicted' | 'probation';

/** What a verdict does to a reputation. Losing takes tens of rounds, earning it back hundreds. */
export const CHANGE: Readonly<Record<Verdict, number>> = {
  agreed: 0.002,
  dissent: -0.006,
  overruled: -0.06,
  disproved: -0.25,
};

export const SEED = 1;
export const EVICTED_BELOW = 0.3;
export const BACK_AT = 0.6;
export const FREE_AT = 0.9;
/** Hosts and squads of the past that are remembered: a host must not shed its past by staying away for a while. */
export const MAX_REPUTATIONS = 4096;

export interface Reputation {
  readonly host: string;
  readonly squad: string;
  /** 0 to 1. */
  value: number;
  /** Votes judged. */
  rounds: number;
  standing: Standing;
  /** Changed since it was last saved. */
  unsaved: boolean;
}

/** Somebody came to another standing. */
export interface StandingChange {
  readonly host: string;
  readonly squad: string;
  readonly from: Standing;
  readonly to: Standing;
  readonly value: number;
}

/** What one consensus process thinks of each host's squads. */
export class Reputations {
  readonly #all = new Map<string, Reputation>();

  get size(): number {
    return this.#all.size;
  }

  values(): Iterable<Reputation> {
    return this.#all.values();
  }

  of(host: string, squad: string): Readonly<Pick<Reputation, 'value' | 'standing'>> {
    return this.#all.get(key(host, squad)) ?? { value: SEED, standing: 'free' };
  }

  /** Null where the standing stays. */
  judge(host: string, squad: string, verdict: Verdict): StandingChange | null {
    const one = this.#get(host, squad);
    one.rounds += 1;
    return this.#set(one, one.value + CHANGE[verdict]);
  }

  /**
   * Takes in what another consensus process, or this one's predecessor, has saved. Bad news counts at once; good news only
   * where this process has no opinion of its own, so that a host cannot earn with one what it loses with another.
   */
  learn(saved: Pick<Reputation, 'host' | 'squad' | 'value' | 'standing'>): StandingChange | null {
    if (!(saved.value >= 0 && saved.value <= 1)) return null;
    const known = this.#all.get(key(saved.host, saved.squad));
    if (known?.unsaved === true && known.value <= saved.value) return null;
    const one = this.#get(saved.host, saved.squad);
    const from = one.standing;
    one.value = saved.value;
    one.standing = saved.standing;
    one.unsaved = false;
    return from === one.standing ? null : change(one, from);
  }

  #get(host: string, squad: string): Reputation {
    const name = key(host, squad);
    let one = this.#all.get(name);
    if (one === undefined) {
      one = { host, squad, value: SEED, rounds: 0, standing: 'free', unsaved: false };
      this.#all.set(name, one);
      if (this.#all.size > MAX_REPUTATIONS) this.#forgetOne(name);
    }
    return one;
  }

  /** Forgets the oldest that has nothing to hide, or the oldest. */
  #forgetOne(except: string): void {
    let victim: string | null = null;
    for (const [name, one] of this.#all) {
      if (name === except) continue;
      victim ??= name;
      if (one.standing !== 'free') continue;
      victim = name;
      break;
    }
    if (victim !== null) this.#all.delete(victim);
  }

  #set(one: Reputation, wanted: number): StandingChange | null {
    const value = Math.min(1, Math.max(0, wanted));
    if (value !== one.value) one.unsaved = true;
    one.value = value;
    const from = one.standing;
    if (value < EVICTED_BELOW) one.standing = 'evicted';
    else if (from === 'evicted' && value >= BACK_AT) one.standing = 'probation';
    else if (from === 'probation' && value >= FREE_AT) one.standing = 'free';
    return from === one.standing ? null : change(one, from);
  }
}

function key(host: string, squad: string): string {
  return `${host}.${squad}`;
}

function change(one: Reputation, from: Standing): StandingChange {
  return { host: one.host, squad: one.squad, from, to: one.standing, value: one.value };
}

import type { Bus, Subscribed } from '@murmuration/bus';
import { Beat, hostOf, isToken, type Placement, subjects } from '@murmuration/protocol';
import type { SparingLog } from '@murmuration/telemetry';
import {
  type Member,
  type Membership,
  type MembershipEffect,
  type MembershipEvent,
  type MembershipSettings,
  newMembership,
  placeable,
  stepMembership,
} from './core/membership.js';

const TICK_MS = 40;
/** A tick later than this says that the process stood still, with beats waiting unread. */
const STALL_MS = 100;

/** Listens for beats and keeps the membership. */
export class Members {
  readonly #settings: MembershipSettings;
  readonly #onEffect: (effect: MembershipEffect) => void;
  readonly #beats: Subscribed;
  readonly #bus: Subscribed;
  readonly #timer: NodeJS.Timeout;
  #state: Membership = newMembership();
  #tickedAt = performance.now();
  #expected = false;

  constructor(
    bus: Bus,
    settings: MembershipSettings,
    log: SparingLog,
    onEffect: (effect: MembershipEffect) => void,
  ) {
    this.#settings = settings;
    this.#onEffect = onEffect;
    this.#beats = bus.subscribe(
      subjects.beats,
      ({ subject, data }) => {
        const beat = Beat.decode(data);
        // The bus vouches for the subject, not for what the message says of itself.
        if (beat.host !== hostOf(subject) || !isToken(beat.host))
          log.warn('MESSAGE_INVALID', 'a beat speaks for another host', () => ({ subject }));
        else this.#step({ kind: 'beat', beat });
      },
      (error) => log.warn('MESSAGE_INVALID', 'a beat could not be read', () => ({ error: String(error) })),
    );
    this.#bus = bus.onState((state) => this.#step({ kind: 'bus', well: state === 'restored' }));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Everybody that is known, the dead of the last minute among them. */
  get all(): Member[] {
    return [...this.#state.members.values()];
  }

  /** Those that squads may run on. */
  get placeable(): Member[] {
    return placeable(this.#state);
  }

  /** The first placement that this process sees names hosts that it has not heard yet. */
  expect(placement: Placement): void {
    if (this.#expected) return;
    this.#expected = true;
    this.#step({ kind: 'expected', hosts: placement.hosts });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#beats.close();
    this.#bus.close();
  }

  #tick(): void {
    const now = performance.now();
    const late = now - this.#tickedAt - TICK_MS;
    this.#tickedAt = now;
    if (late > STALL_MS) this.#step({ kind: 'stalled', ms: late });
    this.#step({ kind: 'tick' });
  }

  #step(event: MembershipEvent): void {
    const { state, effects } = stepMembership(this.#state, event, performance.now(), this.#settings);
    this.#state = state;
    for (const effect of effects) this.#onEffect(effect);
  }
}

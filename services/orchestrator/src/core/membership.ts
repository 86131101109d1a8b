import { type Beat, HostPhase } from '@murmuration/protocol';

/**
 * Who is in the swarm, as one orchestrator sees it. Any beat is life; silence is suspicion, and then death, but only
 * while the bus is well, and not while most hosts fall silent at once: that looks like a partition, and moving every
 * squad onto the few that are heard would do more harm than waiting.
 */
export interface Membership {
  readonly members: ReadonlyMap<string, Member>;
  /** False while the bus is lost: silence says nothing then. */
  readonly busWell: boolean;
  /** Since when most hosts have been silent at once, or null. */
  readonly holdingSince: number | null;
}

export type MemberState = 'joining' | 'alive' | 'suspect' | 'dead' | 'draining';

export interface Member {
  readonly host: string;
  readonly incarnation: string;
  readonly state: MemberState;
  /** When it was last heard, or when listening for it began. */
  readonly heardAt: number;
  /** When it came into its state. */
  readonly since: number;
  /** Its last beat; null for one that is only known from the placement. */
  readonly beat: Beat | null;
}

export interface MembershipSettings {
  readonly suspectMs: number;
  readonly deadMs: number;
}

export type MembershipEvent =
  | { readonly kind: 'beat'; readonly beat: Beat }
  /** Time goes by. Send it several times within `suspectMs`. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'bus'; readonly well: boolean }
  /** This process itself stood still for so long: beats have been waiting unread. */
  | { readonly kind: 'stalled'; readonly ms: number }
  /** The placement names hosts that may not have been heard yet: their windows begin now. */
  | { readonly kind: 'expected'; readonly hosts: readonly { host: string; incarnation: string }[] };

/** Something that people and the placement care for. */
export interface MembershipEffect {
  readonly kind: 'joined' | 'suspected' | 'evicted' | 'recovered' | 'drained' | 'left' | 'held';
  readonly host: string;
  readonly reason: string;
}

export interface MembershipStep {
  readonly state: Membership;
  readonly effects: readonly MembershipEffect[];
}

/** The dead are shown for so long, and then forgotten. */
export const FORGET_MS = 60_000;
/** Windows of `deadMs` for which mass silence is waited out. */
export const HOLD_WINDOWS = 3;
/** Fewer hosts than this cannot be told from a partition by counting. */
const CROWD = 3;

export function newMembership(): Membership {
  return { members: new Map(), busWell: true, holdingSince: null };
}

/** One event. The same object comes back as `state` where nothing changed. */
export function stepMembership(
  state: Membership,
  event: MembershipEvent,
  now: number,
  settings: MembershipSettings,
): MembershipStep {
  switch (event.kind) {
    case 'beat':
      return heard(state, event.beat, now, settings);
    case 'tick':
      return state.busWell ? passed(state, now, settings) : { state, effects: [] };
    case 'bus': {
      if (event.well === state.busWell) return { state, effects: [] };
      if (!event.well) return { state: { ...state, busWell: false, holdingSince: null }, effects: [] };
      // All windows begin anew: nobody is dead before the bus has been well for one.
      return { state: { ...shifted(state, Infinity, now), busWell: true }, effects: [] };
    }
    case 'stalled':
      return { state: shifted(state, event.ms, now), effects: [] };
    case 'expected': {
      const members = new Map(state.members);
      for (const { host, incarnation } of event.hosts) {
        if (members.has(host)) continue;
        members.set(host, { host, incarnation, state: 'suspect', heardAt: now, since: now, beat: null });
      }
      return { state: { ...state, members }, effects: [] };
    }
  }
}

/** Those that squads may be given to, or left with. */
export function placeable(state: Membership): Member[] {
  return [...state.members.values()].filter((member) => PLACEABLE.has(member.state));
}

const PLACEABLE: ReadonlySet<MemberState> = new Set(['joining', 'alive', 'suspect']);

function heard(state: Membership, beat: Beat, now: number, settings: MembershipSettings): MembershipStep {
  const { host, incarnation } = beat;
  const known = state.members.get(host);
  const same = known?.incarnation === incarnation;
  if (known !== undefined && !same && known.state !== 'dead' && now - known.heardAt < settings.suspectMs) {
    // Two processes with one id: the first keeps it while it is heard. The other finds out and ends by itself.
    if (known.beat !== null) return { state, effects: [] };
  }
  const members = new Map(state.members);
  if (beat.phase === HostPhase.HOST_PHASE_GONE) {
    if (!same) return { state, effects: [] };
    members.delete(host);
    return { state: { ...state, members }, effects: [effect('left', host, 'it ended')] };
  }
  const next = stateOf(beat);
  const since = same && known.state === next ? known.since : now;
  members.set(host, { host, incarnation, state: next, heardAt: now, since, beat });
  return { state: { ...state, members }, effects: changes(known, same, next, host) };
}

function stateOf(beat: Beat): MemberState {
  if (beat.phase === HostPhase.HOST_PHASE_DRAINING) return 'draining';
  return beat.phase === HostPhase.HOST_PHASE_WORKING ? 'alive' : 'joining';
}

function changes(
  known: Member | undefined,
  same: boolean,
  next: MemberState,
  host: string,
): MembershipEffect[] {
  if (next === 'draining')
    return known?.state === 'draining' && same ? [] : [effect('drained', host, 'it is ending')];
  if (known === undefined) return [effect('joined', host, 'first beat')];
  if (!same) return [effect('joined', host, 'a new process took the place of the one before')];
  if (known.state === 'suspect' || known.state === 'dead') return [effect('recovered', host, 'heard again')];
  return [];
}

function passed(state: Membership, now: number, settings: MembershipSettings): MembershipStep {
  const counted = placeable(state);
  const silent = counted.filter((member) => now - member.heardAt >= settings.suspectMs);
  const effects: MembershipEffect[] = [];
  const holdingSince = holding(state, counted, silent, now, settings);
  if (holdingSince !== null && state.holdingSince === null)
    effects.push(effect('held', '', `${silent.length} of ${counted.length} hosts fell silent at once`));
  const held = holdingSince !== null && now - holdingSince < HOLD_WINDOWS * settings.deadMs;

  let members: Map<string, Member> | null = null;
  const put = (member: Member): void => {
    members ??= new Map(state.members);
    members.set(member.host, member);
  };
  for (const member of state.members.values()) {
    const silence = now - member.heardAt;
    if (member.state === 'dead') {
      if (now - member.since < FORGET_MS) continue;
      members ??= new Map(state.members);
      members.delete(member.host);
    } else if (silence >= settings.deadMs && !held) {
      put({ ...member, state: 'dead', since: now });
      effects.push(effect('evicted', member.host, `silent for ${Math.round(silence)} ms`));
    } else if (silence >= settings.suspectMs && member.state !== 'suspect' && member.state !== 'draining') {
      put({ ...member, state: 'suspect', since: now });
      effects.push(effect('suspected', member.host, `silent for ${Math.round(silence)} ms`));
    }
  }
  if (members === null && holdingSince === state.holdingSince) return { state, effects };
  return { state: { ...state, members: members ?? state.members, holdingSince }, effects };
}

/** Since when to hold our hand: most of a crowd is silent, and fell silent within one window. */
function holding(
  state: Membership,
  counted: readonly Member[],
  silent: readonly Member[],
  now: number,
  settings: MembershipSettings,
): number | null {
  if (counted.length < CROWD || silent.length * 2 <= counted.length) return null;
  if (state.holdingSince !== null) return state.holdingSince;
  const heard = silent.map((member) => member.heardAt).sort((a, b) => a - b);
  const needed = Math.floor(counted.length / 2) + 1;
  for (let i = 0; i + needed <= heard.length; i++) {
    const first = heard[i] ?? 0;
    const last = heard[i + needed - 1] ?? Infinity;
    if (last - first <= settings.deadMs) return now;
  }
  return null;
}

/** All windows begin later by `ms`, but not after now. */
function shifted(state: Membership, ms: number, now: number): Membership {
  const members = new Map<string, Member>();
  for (const [host, member] of state.members)
    members.set(host, { ...member, heardAt: Math.min(now, member.heardAt + ms) });
  return { ...state, members };
}

function effect(kind: MembershipEffect['kind'], host: string, reason: string): MembershipEffect {
  return { kind, host, reason };
}

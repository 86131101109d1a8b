import type { HostSquads, Placement } from '@murmuration/protocol';
import type { Member } from './membership.js';
import { place, type SquadCost } from './placement.js';

/**
 * The leader's way from "the hosts have changed" to a new placement in force:
 *
 *   idle -> gathering -> assigning -> committing -> idle
 *
 * Every host is asked to take up its squads first; the placement is written when all have. A host that refuses or does
 * not answer is left out for a while and the placement made again.
 */
export interface Placer {
  readonly leading: boolean;
  /** The placement in force, as far as this process knows. */
  readonly stored: Stored | null;
  readonly phase: Phase;
  /** Incarnations that failed an order, and until when they are left out. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** When each incarnation was last given an order. */
  readonly orderedAt: ReadonlyMap<string, number>;
  /** The highest epoch that anybody was seen to use. */
  readonly highest: bigint;
  /** Place again even where the hosts' squads stay as they are: the stored placement is behind what hosts run. */
  readonly forced: boolean;
}

export interface Stored {
  readonly placement: Placement;
  /** Of the bucket's entry, for compare-and-set; 0: there is none. */
  readonly revision: number;
}

export type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'gathering'; readonly since: number }
  | {
      readonly kind: 'assigning';
      readonly placement: Placement;
      /** Hosts that have not answered yet. */
      readonly awaited: ReadonlySet<string>;
      readonly until: number;
    }
  | { readonly kind: 'committing'; readonly placement: Placement };

export type PlacerEvent =
  | { readonly kind: 'tick'; readonly members: readonly Member[] }
  | { readonly kind: 'leading'; readonly leading: boolean }
  /** The bucket's entry as it was watched, or as it was read just now; null where a read found none. */
  | { readonly kind: 'watched'; readonly stored: Stored }
  | { readonly kind: 'read'; readonly stored: Stored | null }
  | {
      readonly kind: 'reply';
      readonly epoch: bigint;
      readonly host: string;
      readonly incarnation: string;
      /** "" for done. */
      readonly code: string;
      /** The epoch that the host is at. */
      readonly hostEpoch: bigint;
    }
  /** The end of `commit`; null where somebody else wrote first or the bus is away. */
  | { readonly kind: 'committed'; readonly epoch: bigint; readonly revision: number | null };

export type PlacerEffect =
  | { readonly kind: 'assign'; readonly epoch: bigint; readonly bundle: string; readonly order: HostSquads }
  | { readonly kind: 'commit'; readonly placement: Placement; readonly revision: number }
  /** Read the bucket again and hand the entry in. */
  | { readonly kind: 'read' }
  | { readonly kind: 'left-out'; readonly host: string; readonly code: string }
  | { readonly kind: 'unplaced'; readonly squads: readonly string[] };

export interface PlacerSettings {
  readonly id: string;
  readonly bundle: string;
  readonly squads: readonly SquadCost[];
  readonly replicas: number;
}

export interface PlacerStep {
  readonly state: Placer;
  readonly effects: readonly PlacerEffect[];
}

/** Changes within this time make one placement: a swarm that starts has all its hosts joining at once. */
export const GATHER_MS = 20;
/** The longest that hosts are waited for; the shell's requests end before. */
export const ASSIGN_MS = 2500;
/** A host that failed an order is left out for so long. */
export const LEFT_OUT_MS = 5000;
/** A host whose beat disagrees with the placement is told again this long after its last order. */
export const REPAIR_MS = 1000;

const IDLE: Phase = { kind: 'idle' };

export function newPlacer(): Placer {
  return {
    leading: false,
    stored: null,
    phase: IDLE,
    leftOut: new Map(),
    orderedAt: new Map(),
    highest: 0n,
    forced: false,
  };
}

export function stepPlacer(
  state: Placer,
  event: PlacerEvent,
  now: number,
  settings: PlacerSettings,
): PlacerStep {
  switch (event.kind) {
    case 'leading':
      return step({ ...state, leading: event.leading, phase: IDLE });
    case 'watched':
      return step(newer(state, event.stored) ? follow(state, event.stored) : state);
    case 'read':
      return step(read(state, event.stored));
    case 'tick':
      return state.leading ? ticked(state, event.members, now, settings) : step(state);
    case 'reply':
      return replied(state, event, now);
    case 'committed':
      return committed(state, event.epoch, event.revision);
  }
}

/** Whether a placement runs each of the squads on a host out of `living`. */
export function covers(
  placement: Placement | null,
  squads: readonly SquadCost[],
  living: ReadonlySet<string>,
): boolean {
  if (placement === null) return false;
  const run = new Set(
    placement.hosts.filter((host) => living.has(host.incarnation)).flatMap((host) => host.squads),
  );
  return squads.length > 0 && squads.every((squad) => run.has(squad.id));
}

function step(state: Placer, effects: readonly PlacerEffect[] = []): PlacerStep {
  return { state, effects };
}

function newer(state: Placer, stored: Stored): boolean {
  return state.stored === null || stored.placement.epoch >= state.stored.placement.epoch;
}

function follow(state: Placer, stored: Stored): Placer {
  return { ...state, stored, highest: max(state.highest, stored.placement.epoch) };
}

/**
 * What is stored may be older than what is known, or nothing: a server that comes back may come back with an empty
 * store. Then what we know is written again, under a new epoch.
 */
function read(state: Placer, stored: Stored | null): Placer {
  const known = state.stored;
  if (known === null) return stored === null ? state : follow(state, stored);
  if (stored !== null && newer(state, stored)) return follow(state, stored);
  return { ...state, stored: { ...known, revision: stored?.revision ?? 0 }, forced: true };
}

/** Hosts that take part: not left out, and not silent strangers. */
function candidates(state: Placer, members: readonly Member[], now: number): Member[] {
  return members.filter((member) => {
    if ((state.leftOut.get(member.incarnation) ?? 0) > now) return false;
    return member.state !== 'suspect' || runs(state, member) !== undefined;
  });
}

function runs(state: Placer, member: Member): HostSquads | undefined {
  return state.stored?.placement.hosts.find((host) => host.incarnation === member.incarnation);
}

function ticked(
  state: Placer,
  members: readonly Member[],
  now: number,
  settings: PlacerSettings,
): PlacerStep {
  const taking = candidates(state, members, now);
  if (state.phase.kind === 'committing') return step(state);
  if (state.phase.kind === 'assigning') return assigning(state, state.phase, taking, now);
  const planned = plan(state, taking, settings);
  if (taking.length === 0 || (!state.forced && same(planned.hosts, state, settings))) {
    return repaired({ ...state, phase: IDLE }, taking, now);
  }
  if (state.phase.kind === 'idle') return step({ ...state, phase: { kind: 'gathering', since: now } });
  if (now - state.phase.since < GATHER_MS) return step(state);
  return assign(state, taking, planned, now, settings);
}

function assigning(
  state: Placer,
  phase: Extract<Phase, { kind: 'assigning' }>,
  taking: readonly Member[],
  now: number,
): PlacerStep {
  const living = new Set(taking.map((member) => member.incarnation));
  const asked = phase.placement.hosts.filter((host) => phase.awaited.has(host.host));
  // One that died in the meantime will not answer: begin again without it.
  if (asked.some((host) => !living.has(host.incarnation))) return step({ ...state, phase: IDLE });
  if (now < phase.until) return step(state);
  const leftOut = new Map(state.leftOut);
  for (const host of asked) leftOut.set(host.incarnation, now + LEFT_OUT_MS);
  const effects = asked.map(({ host }) => ({ kind: 'left-out', host, code: 'no answer' }) as const);
  return step({ ...state, leftOut, phase: IDLE }, effects);
}

interface Plan {
  readonly hosts: readonly HostSquads[];
  readonly unplaced: readonly string[];
}

function plan(state: Placer, taking: readonly Member[], settings: PlacerSettings): Plan {
  const current = new Map(state.stored?.placement.hosts.map((host) => [host.host, host.squads]));
  const rooms = taking.map((member) => ({
    host: member.host,
    capacity: Number(member.beat?.capacity ?? 0n),
    squads: current.get(member.host) ?? [],
    frozen: member.state === 'suspect',
  }));
  const { hosts, unplaced } = place(settings.squads, rooms, settings.replicas);
  const placed = taking
    .map(({ host, incarnation }) => ({ host, incarnation, squads: [...(hosts.get(host) ?? [])] }))
    .sort((a, b) => (a.host < b.host ? -1 : 1));
  return { hosts: placed, unplaced };
}

function same(planned: readonly HostSquads[], state: Placer, settings: PlacerSettings): boolean {
  const placement = state.stored?.placement;
  if (placement === undefined || placement.bundle !== settings.bundle) return false;
  if (placement.hosts.length !== planned.length) return false;
  const known = new Map(placement.hosts.map((host) => [host.incarnation, host]));
  return planned.every((host) => {
    const before = known.get(host.incarnation);
    return before !== undefined && before.host === host.host && sameSet(before.squads, host.squads);
  });
}

function assign(
  state: Placer,
  taking: readonly Member[],
  planned: Plan,
  now: number,
  settings: PlacerSettings,
): PlacerStep {
  const seen = taking.reduce((epoch, member) => max(epoch, member.beat?.epoch ?? 0n), state.highest);
  const epoch = max(seen, state.stored?.placement.epoch ?? 0n) + 1n;
  const placement: Placement = {
    epoch,
    bundle: settings.bundle,
    hosts: [...planned.hosts],
    leader: settings.id,
  };
  // A host that is silent at the moment keeps what it has; it is told when it is heard again.
  const silent = new Set(taking.filter((member) => member.state === 'suspect').map((member) => member.host));
  const orders = placement.hosts.filter((order) => !silent.has(order.host));
  const awaited = new Set(orders.map((order) => order.host));
  const effects: PlacerEffect[] = orders.map((order) => ({
    kind: 'assign',
    epoch,
    bundle: settings.bundle,
    order,
  }));
  if (planned.unplaced.length > 0) effects.push({ kind: 'unplaced', squads: planned.unplaced });
  const next: Placer = {
    ...state,
    highest: epoch,
    orderedAt: ordered(state, orders, now),
    phase: { kind: 'assigning', placement, awaited, until: now + ASSIGN_MS },
  };
  return awaited.size > 0 ? step(next, effects) : commit(next, placement, effects);
}

function commit(state: Placer, placement: Placement, before: readonly PlacerEffect[] = []): PlacerStep {
  const revision = state.stored?.revision ?? 0;
  const phase: Phase = { kind: 'committing', placement };
  return step({ ...state, phase }, [...before, { kind: 'commit', placement, revision }]);
}

function replied(state: Placer, event: Extract<PlacerEvent, { kind: 'reply' }>, now: number): PlacerStep {
  const highest = max(state.highest, event.hostEpoch);
  const { phase } = state;
  const open =
    phase.kind === 'assigning' && phase.placement.epoch === event.epoch && phase.awaited.has(event.host);
  if (event.code === 'EPOCH_STALE') {
    // The host has seen a later placement than we know of: ours must be later still.
    return step({ ...state, highest, phase: open ? IDLE : phase, forced: true });
  }
  if (event.code !== '') {
    const leftOut = new Map(state.leftOut);
    for (const [incarnation, until] of leftOut) if (until <= now) leftOut.delete(incarnation);
    leftOut.set(event.incarnation, now + LEFT_OUT_MS);
    const effect: PlacerEffect = { kind: 'left-out', host: event.host, code: event.code };
    return step({ ...state, highest, leftOut, phase: open ? IDLE : phase }, [effect]);
  }
  if (!open || phase.kind !== 'assigning') return step({ ...state, highest });
  const awaited = new Set(phase.awaited);
  awaited.delete(event.host);
  const next: Placer = { ...state, highest, phase: { ...phase, awaited } };
  return awaited.size === 0 ? commit(next, phase.placement) : step(next);
}

function committed(state: Placer, epoch: bigint, revision: number | null): PlacerStep {
  const { phase } = state;
  if (phase.kind !== 'committing' || phase.placement.epoch !== epoch) return step(state);
  if (revision === null) return step({ ...state, phase: IDLE, forced: true }, [{ kind: 'read' }]);
  const stored: Stored = { placement: phase.placement, revision };
  return step({ ...state, phase: IDLE, forced: false, stored });
}

/**
 * Orders hosts again whose beats show that they are not at what the placement says. One that follows a placement of a
 * fallen leader, never written, will say that ours is stale; then a later one is made.
 */
function repaired(state: Placer, taking: readonly Member[], now: number): PlacerStep {
  const placement = state.stored?.placement;
  if (placement === undefined) return step(state);
  const behind: HostSquads[] = [];
  for (const member of taking) {
    const order = runs(state, member);
    if (order === undefined || member.beat === null || member.state === 'suspect') continue;
    if (now - (state.orderedAt.get(member.incarnation) ?? -Infinity) < REPAIR_MS) continue;
    const { epoch, squads } = member.beat;
    if (epoch >= placement.epoch && sameSet(squads, order.squads)) continue;
    behind.push(order);
  }
  if (behind.length === 0) return step(state);
  const effects = behind.map(
    (order) => ({ kind: 'assign', epoch: placement.epoch, bundle: placement.bundle, order }) as const,
  );
  return step({ ...state, orderedAt: ordered(state, behind, now) }, effects);
}

/** Notes orders; forgets those long past, since incarnations come and go. */
function ordered(state: Placer, orders: readonly HostSquads[], now: number): ReadonlyMap<string, number> {
  const next = new Map([...state.orderedAt].filter(([, at]) => now - at < REPAIR_MS));
  for (const order of orders) next.set(order.incarnation, now);
  return next;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

import { type Assign, type ErrorCode, HostPhase, isToken } from '@murmuration/protocol/bus';

/** Squads that a bundle may have. */
const MAX_SQUADS = 16;

/** What a host is to run, or runs. */
export interface Task {
  readonly epoch: bigint;
  readonly bundle: string;
  /** Sorted, so that one set is always the same list. */
  readonly squads: readonly string[];
}

interface Loading<R> {
  /** Tells the load that is wanted from those that were overtaken. */
  readonly load: number;
  readonly task: Task;
  /** Who waits for it. */
  readonly orders: readonly R[];
}

/**
 * What a host does: idle until it is assigned squads, loading them, working, draining, gone. While it loads it goes on
 * working with the squads that it has. `R` names an order that is still to be answered.
 */
export interface Duty<R> {
  readonly incarnation: string;
  readonly task: Task;
  readonly loading: Loading<R> | null;
  readonly loads: number;
  readonly life: 'on' | 'draining' | 'gone';
}

export type DutyEvent<R> =
  | { readonly type: 'assign'; readonly incarnation: string; readonly assign: Assign; readonly order: R }
  /** The leader wants the squads back. */
  | { readonly type: 'give-up'; readonly incarnation: string; readonly order: R }
  | { readonly type: 'loaded'; readonly load: number }
  | { readonly type: 'failed'; readonly load: number; readonly code: ErrorCode; readonly message: string }
  /** The process is to end: it goes on voting until `relieved`. */
  | { readonly type: 'drain' }
  /** The placement no longer counts on this host, or it has waited long enough for that. */
  | { readonly type: 'relieved' };

export type DutyEffect<R> =
  /** `code` is "" for done. */
  | {
      readonly type: 'reply';
      readonly order: R;
      readonly code: ErrorCode | '';
      readonly message: string;
      readonly epoch: bigint;
    }
  | { readonly type: 'load'; readonly load: number; readonly task: Task }
  /** Vote with what was loaded as `load` from now on. */
  | { readonly type: 'use'; readonly load: number }
  /** Vote no more. */
  | { readonly type: 'rest' }
  /** Tell the orchestrators at once. */
  | { readonly type: 'beat' };

export interface DutyStep<R> {
  readonly state: Duty<R>;
  readonly effects: readonly DutyEffect<R>[];
}

export function newDuty<R>(incarnation: string): Duty<R> {
  const task: Task = { epoch: 0n, bundle: '', squads: [] };
  return { incarnation, task, loading: null, loads: 0, life: 'on' };
}

/** The phase that its beats tell. */
export function phaseOf<R>(state: Duty<R>): HostPhase {
  if (state.life === 'gone') return HostPhase.HOST_PHASE_GONE;
  if (state.life === 'draining') return HostPhase.HOST_PHASE_DRAINING;
  return state.task.squads.length > 0 ? HostPhase.HOST_PHASE_WORKING : HostPhase.HOST_PHASE_IDLE;
}

export function stepDuty<R>(state: Duty<R>, event: DutyEvent<R>): DutyStep<R> {
  switch (event.type) {
    case 'assign':
      return assigned(state, event);
    case 'give-up':
      return givenUp(state, event);
    case 'loaded':
      return loaded(state, event.load);
    case 'failed':
      return failed(state, event);
    case 'drain':
      return state.life === 'on'
        ? { state: { ...state, life: 'draining' }, effects: [{ type: 'beat' }] }
        : { state, effects: [] };
    case 'relieved':
      return state.life === 'gone'
        ? { state, effects: [] }
        : { state: { ...state, life: 'gone' }, effects: [{ type: 'rest' }, { type: 'beat' }] };
  }
}

function assigned<R>(state: Duty<R>, event: DutyEvent<R> & { type: 'assign' }): DutyStep<R> {
  const { order, assign } = event;
  const refuse = (code: ErrorCode, message: string): DutyStep<R> => ({
    state,
    effects: [reply(state, order, code, message)],
  });
  if (event.incarnation !== state.incarnation)
    return refuse('ORDER_NOT_MINE', `The order is for ${event.incarnation}.`);
  if (state.life !== 'on') return refuse('DRAINING', 'The host is ending.');
  const wrong = whatIsWrongWith(assign);
  if (wrong !== null) return refuse('MESSAGE_INVALID', wrong);

  const { loading } = state;
  const task: Task = { epoch: assign.epoch, bundle: assign.bundle, squads: [...assign.squads].sort() };
  const newest = loading?.task.epoch ?? state.task.epoch;
  if (task.epoch < newest) return refuse('EPOCH_STALE', `Placement ${newest} came before.`);
  if (task.epoch === newest && newest > 0n) {
    // Said again, as by a leader that did not hear the reply; or by a second leader, which must not count on us.
    if (!same(task, loading?.task ?? state.task))
      return refuse('EPOCH_STALE', `Placement ${newest} is another one.`);
    if (loading === null) return { state, effects: [reply(state, order)] };
    return { state: { ...state, loading: { ...loading, orders: [...loading.orders, order] } }, effects: [] };
  }

  const overtaken = overtake(state, task.epoch);
  if (same(task, state.task) || task.squads.length === 0) return takeUp(state, task, order, overtaken);
  if (loading !== null && same(task, loading.task))
    return { state: { ...state, loading: { ...loading, task, orders: [order] } }, effects: overtaken };
  const load = state.loads + 1;
  return {
    state: { ...state, loads: load, loading: { load, task, orders: [order] } },
    effects: [...overtaken, { type: 'load', load, task }],
  };
}

/** A task that needs no loading: the same squads under a new epoch, or none. */
function takeUp<R>(state: Duty<R>, task: Task, order: R, before: readonly DutyEffect<R>[]): DutyStep<R> {
  const next = { ...state, task, loading: null };
  const rest: DutyEffect<R>[] = task.squads.length === 0 ? [{ type: 'rest' }] : [];
  return { state: next, effects: [...before, ...rest, reply(next, order), { type: 'beat' }] };
}

function givenUp<R>(state: Duty<R>, event: DutyEvent<R> & { type: 'give-up' }): DutyStep<R> {
  const { order } = event;
  if (event.incarnation !== state.incarnation)
    return {
      state,
      effects: [reply(state, order, 'ORDER_NOT_MINE', `The order is for ${event.incarnation}.`)],
    };
  // A look is one call that is over before the next message is read, so no round is half answered here.
  const task: Task = { ...state.task, squads: [] };
  return takeUp(state, task, order, overtake(state, state.task.epoch));
}

function loaded<R>(state: Duty<R>, load: number): DutyStep<R> {
  const { loading } = state;
  if (loading?.load !== load || state.life === 'gone') return { state, effects: [] };
  const next = { ...state, task: loading.task, loading: null };
  const replies = loading.orders.map((order) => reply(next, order));
  return { state: next, effects: [{ type: 'use', load }, ...replies, { type: 'beat' }] };
}

function failed<R>(state: Duty<R>, event: DutyEvent<R> & { type: 'failed' }): DutyStep<R> {
  const { loading } = state;
  if (loading?.load !== event.load) return { state, effects: [] };
  // It keeps the squads and the epoch that it had: the leader makes another placement, without it.
  const replies = loading.orders.map((order) => reply(state, order, event.code, event.message));
  return { state: { ...state, loading: null }, effects: replies };
}

/** Answers those that wait for a load that is not wanted any more. */
function overtake<R>(state: Duty<R>, epoch: bigint): DutyEffect<R>[] {
  const orders = state.loading?.orders ?? [];
  return orders.map((order) => reply(state, order, 'EPOCH_STALE', `Placement ${epoch} came after.`));
}

function reply<R>(state: Duty<R>, order: R, code: ErrorCode | '' = '', message = ''): DutyEffect<R> {
  return { type: 'reply', order, code, message, epoch: state.loading?.task.epoch ?? state.task.epoch };
}

function same(a: Task, b: Task): boolean {
  return (
    a.bundle === b.bundle &&
    a.squads.length === b.squads.length &&
    a.squads.every((squad, index) => squad === b.squads[index])
  );
}

function whatIsWrongWith(assign: Assign): string | null {
  if (!/^[0-9a-f]{64}$/.test(assign.bundle)) return 'The bundle is not named by a SHA-256 in hex.';
  if (assign.squads.length > MAX_SQUADS) return `${assign.squads.length} squads are more than ${MAX_SQUADS}.`;
  if (!assign.squads.every(isToken)) return 'A squad has no fit name.';
  return new Set(assign.squads).size === assign.squads.length ? null : 'A squad is named twice.';
}

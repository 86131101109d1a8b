/** A squad to place. */
export interface SquadCost {
  readonly id: string;
  /** Multiply-adds a look. */
  readonly cost: number;
}

/** A host that squads may be placed on. */
export interface HostRoom {
  readonly host: string;
  /** Most multiply-adds a look; 0: no limit. */
  readonly capacity: number;
  /** What it runs now. */
  readonly squads: readonly string[];
  /** It is not heard at the moment: what it has stays, nothing is added. */
  readonly frozen: boolean;
}

export interface Assignment {
  /** Squads of each host, in the bundle's order. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** Squads that found no room at all. */
  readonly unplaced: readonly string[];
}

/** Hosts that run each squad: as many as are wanted and there are, and more where hosts would be idle otherwise. */
export function replicasFor(hosts: number, squads: number, wanted: number): number {
  return squads === 0 ? 0 : Math.min(hosts, Math.max(wanted, Math.ceil(hosts / squads)));
}

/** One host while squads are dealt out. */
interface Room extends HostRoom {
  readonly has: Set<string>;
  load: number;
}

/**
 * Deals squads out to hosts: replicas of a squad on different hosts, no host idle, loads even, and as little moved as
 * that allows. Greedy and deterministic: with a handful of squads a better answer is not worth a solver.
 */
export function place(
  squads: readonly SquadCost[],
  hosts: readonly HostRoom[],
  wantedReplicas: number,
): Assignment {
  const costs = new Map(squads.map((squad) => [squad.id, squad.cost]));
  const rooms = hosts.toSorted((a, b) => (a.host < b.host ? -1 : 1)).map((host) => settle(host, costs));
  const replicas = replicasFor(rooms.length, squads.length, wantedReplicas);
  const table = new Table(rooms, costs);
  const heaviest = squads.toSorted((a, b) => b.cost - a.cost || (a.id < b.id ? -1 : 1));

  for (const { id } of heaviest) while (table.replicas(id) > replicas && table.drop(id));
  // Round by round, so that no squad has its second replica before each has its first.
  for (let round = 1; round <= replicas; round++) {
    for (const { id } of heaviest) if (table.replicas(id) < round) table.add(id);
  }
  for (const { id } of heaviest) if (table.replicas(id) === 0) table.makeRoom(id);
  table.feedIdle();
  table.even();

  const order = squads.map((squad) => squad.id);
  return {
    hosts: new Map(rooms.map((room) => [room.host, order.filter((id) => room.has.has(id))])),
    unplaced: order.filter((id) => table.replicas(id) === 0),
  };
}

/** A host with what it runs of today's bundle, as far as it has the capacity. */
function settle(host: HostRoom, costs: ReadonlyMap<string, number>): Room {
  const room: Room = { ...host, has: new Set(), load: 0 };
  for (const id of host.squads) {
    const cost = costs.get(id);
    if (cost === undefined || room.has.has(id) || !fits(room, cost)) continue;
    room.has.add(id);
    room.load += cost;
  }
  return room;
}

function fits(room: Room, cost: number): boolean {
  return room.capacity === 0 || room.load + cost <= room.capacity;
}

class Table {
  readonly #rooms: readonly Room[];
  readonly #costs: ReadonlyMap<string, number>;

  constructor(rooms: readonly Room[], costs: ReadonlyMap<string, number>) {
    this.#rooms = rooms;
    this.#costs = costs;
  }

  replicas(id: string): number {
    return this.#with(id).length;
  }

  /** Adds a replica on the least loaded host that can take it. */
  add(id: string): boolean {
    const room = least(this.#rooms.filter((candidate) => this.#takes(candidate, id)));
    if (room !== undefined) this.#give(room, id);
    return room !== undefined;
  }

  /** Takes a replica from the most loaded host that has others as well, or from any. */
  drop(id: string): boolean {
    const having = this.#with(id);
    const room = most(having.filter((candidate) => candidate.has.size > 1)) ?? most(having);
    if (room !== undefined) this.#take(room, id);
    return room !== undefined;
  }

  /** For a squad without any host: takes spare replicas of others from a host until it fits there. */
  makeRoom(id: string): void {
    const cost = this.#cost(id);
    for (const room of this.#rooms) {
      if (room.frozen || room.capacity < cost) continue;
      const spare = [...room.has].filter((other) => this.replicas(other) > 1);
      const freed = spare.reduce((sum, other) => sum + this.#cost(other), 0);
      if (room.load - freed + cost > room.capacity) continue;
      for (const other of spare) if (!fits(room, cost)) this.#take(room, other);
      this.#give(room, id);
      return;
    }
  }

  /** Moves a replica to each idle host from the most loaded one that keeps another. */
  feedIdle(): void {
    for (const idle of this.#rooms) {
      if (idle.has.size > 0 || idle.frozen) continue;
      const from = most(
        this.#rooms.filter((room) => room.has.size > 1 && this.#movable(room, idle).length > 0),
      );
      const id = from === undefined ? undefined : this.#movable(from, idle)[0];
      if (from === undefined || id === undefined) continue;
      this.#take(from, id);
      this.#give(idle, id);
    }
  }

  /**
   * Moves replicas from more to less loaded hosts while two differ by more than the heaviest squad; what is more even
   * than that is not worth loading weights for. Each move lowers the sum of the squared loads, so it ends.
   */
  even(): void {
    for (;;) {
      const move = this.#bestMove();
      if (move === null) return;
      this.#take(move.from, move.id);
      this.#give(move.to, move.id);
    }
  }

  #bestMove(): { from: Room; to: Room; id: string } | null {
    let best: { from: Room; to: Room; id: string } | null = null;
    let gained = 0;
    const heaviest = Math.max(...this.#costs.values());
    for (const from of this.#rooms) {
      if (from.frozen || from.has.size < 2) continue;
      for (const to of this.#rooms) {
        if (from.load - to.load <= heaviest) continue;
        for (const id of this.#movable(from, to)) {
          const cost = this.#cost(id);
          const gain = cost * (from.load - to.load - cost);
          if (gain > gained) {
            best = { from, to, id };
            gained = gain;
          }
        }
      }
    }
    return best;
  }

  #movable(from: Room, to: Room): string[] {
    return from === to || from.frozen ? [] : [...from.has].filter((id) => this.#takes(to, id));
  }

  #takes(room: Room, id: string): boolean {
    return !room.frozen && !room.has.has(id) && fits(room, this.#cost(id));
  }

  #with(id: string): Room[] {
    return this.#rooms.filter((room) => room.has.has(id));
  }

  #cost(id: string): number {
    return this.#costs.get(id) ?? 0;
  }

  #give(room: Room, id: string): void {
    room.has.add(id);
    room.load += this.#cost(id);
  }

  #take(room: Room, id: string): void {
    room.has.delete(id);
    room.load -= this.#cost(id);
  }
}

function least(rooms: readonly Room[]): Room | undefined {
  return rooms.reduce<Room | undefined>(
    (best, room) => (best === undefined || room.load < best.load ? room : best),
    undefined,
  );
}

function most(rooms: readonly Room[]): Room | undefined {
  return rooms.reduce<Room | undefined>(
    (best, room) => (best === undefined || room.load > best.load ? room : best),
    undefined,
  );
}

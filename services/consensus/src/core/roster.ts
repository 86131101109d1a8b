import type { Placement } from '@murmuration/protocol/bus';

/** One host as the placement has it. */
export interface Member {
  readonly incarnation: string;
  readonly squads: ReadonlySet<string>;
}

/** A placement, made for looking up. */
export interface Roster {
  readonly epoch: bigint;
  readonly bundle: string;
  readonly hosts: ReadonlyMap<string, Member>;
  /** Squads that run anywhere. */
  readonly squads: ReadonlySet<string>;
}

/** Before any placement is known. */
export const NO_ROSTER: Roster = { epoch: -1n, bundle: '', hosts: new Map(), squads: new Set() };

export function rosterOf(placement: Placement): Roster {
  const hosts = new Map<string, Member>();
  const squads = new Set<string>();
  for (const host of placement.hosts) {
    hosts.set(host.host, { incarnation: host.incarnation, squads: new Set(host.squads) });
    for (const squad of host.squads) squads.add(squad);
  }
  return { epoch: placement.epoch, bundle: placement.bundle, hosts, squads };
}

/** Liars that so many hosts of equal weight tolerate: f < n / 3. */
export function toleratedBy(hosts: number): number {
  return Math.max(0, Math.ceil(hosts / 3) - 1);
}

/** The fewest votes with which a decision of `hosts` hosts is not degraded. */
export function quorumOf(hosts: number): number {
  return Math.max(1, Math.ceil(hosts / 2));
}

import {
  type Assignment,
  type HostRoom,
  place,
  replicasFor,
  type SquadCost,
} from '@murmuration/orchestrator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const squadsOf = (costs: readonly number[]): SquadCost[] => costs.map((cost, i) => ({ id: `s${i}`, cost }));
const hostNamed = (i: number, squads: readonly string[] = []): HostRoom => ({
  host: `h${i}`,
  capacity: 0,
  squads,
  frozen: false,
});
const hostsOf = (count: number): HostRoom[] => Array.from({ length: count }, (_, i) => hostNamed(i));
/** The same hosts after an assignment was carried out. */
const after = (hosts: readonly HostRoom[], { hosts: given }: Assignment): HostRoom[] =>
  hosts.map((host) => ({ ...host, squads: given.get(host.host) ?? [] }));
const replicasOf = ({ hosts }: Assignment, id: string): number =>
  [...hosts.values()].filter((squads) => squads.includes(id)).length;
const loadOf = (squads: readonly SquadCost[], ids: readonly string[]): number =>
  squads.filter((squad) => ids.includes(squad.id)).reduce((sum, squad) => sum + squad.cost, 0);
/** Squads that a host has to take up. */
const moved = (before: readonly HostRoom[], { hosts }: Assignment): number =>
  [...hosts].reduce((sum, [host, squads]) => {
    const had = before.find((room) => room.host === host)?.squads ?? [];
    return sum + squads.filter((id) => !had.includes(id)).length;
  }, 0);

const costs = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 16 });
const count = fc.integer({ min: 1, max: 12 });
const wanted = fc.integer({ min: 1, max: 4 });

describe('placement', () => {
  it('runs every squad on as many different hosts as are wanted and there are, and leaves no host idle', () => {
    fc.assert(
      fc.property(costs, count, wanted, (costsOf, hostCount, replicas) => {
        const squads = squadsOf(costsOf);
        const result = place(squads, hostsOf(hostCount), replicas);
        expect(result.unplaced).toEqual([]);
        const each = replicasFor(hostCount, squads.length, replicas);
        expect(each).toBe(Math.min(hostCount, Math.max(replicas, Math.ceil(hostCount / squads.length))));
        for (const { id } of squads) expect(replicasOf(result, id)).toBe(each);
        for (const given of result.hosts.values()) {
          expect(given.length).toBeGreaterThan(0);
          expect(new Set(given).size).toBe(given.length);
        }
      }),
    );
  });

  it('keeps loads even: no two hosts differ by more than the heaviest squad', () => {
    fc.assert(
      fc.property(costs, count, wanted, (costsOf, hostCount, replicas) => {
        const squads = squadsOf(costsOf);
        const { hosts } = place(squads, hostsOf(hostCount), replicas);
        const loads = [...hosts.values()].map((ids) => loadOf(squads, ids));
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(Math.max(...costsOf));
      }),
    );
  });

  it('moves nothing when nothing has changed, also while some hosts are silent', () => {
    fc.assert(
      fc.property(costs, count, wanted, fc.nat(), (costsOf, hostCount, replicas, silent) => {
        const squads = squadsOf(costsOf);
        const first = place(squads, hostsOf(hostCount), replicas);
        const settled = after(hostsOf(hostCount), first);
        expect(place(squads, settled, replicas).hosts).toEqual(first.hosts);
        const frozen = settled.map((host, i) => ({ ...host, frozen: ((silent >> i) & 1) === 1 }));
        expect(place(squads, frozen, replicas).hosts).toEqual(first.hosts);
      }),
    );
  });

  it('moves little when a host is lost: what it ran, and at most a replica a host to keep loads even', () => {
    fc.assert(
      fc.property(
        costs,
        fc.integer({ min: 2, max: 12 }),
        wanted,
        fc.nat(),
        (costsOf, hosts, replicas, pick) => {
          const squads = squadsOf(costsOf);
          const settled = after(hostsOf(hosts), place(squads, hostsOf(hosts), replicas));
          const lost = settled[pick % hosts];
          const left = settled.filter((host) => host !== lost);
          const result = place(squads, left, replicas);
          expect(result.unplaced).toEqual([]);
          expect(moved(left, result)).toBeLessThanOrEqual((lost?.squads.length ?? 0) + hosts);
        },
      ),
    );
  });

  it('gives a host that joins its share, and no more than that moves', () => {
    fc.assert(
      fc.property(costs, count, wanted, (costsOf, hostCount, replicas) => {
        const squads = squadsOf(costsOf);
        const settled = after(hostsOf(hostCount), place(squads, hostsOf(hostCount), replicas));
        const grown = [...settled, hostNamed(hostCount)];
        const result = place(squads, grown, replicas);
        const share = result.hosts.get(`h${hostCount}`) ?? [];
        expect(share.length).toBeGreaterThan(0);
        const loads = [...result.hosts.values()].map((ids) => loadOf(squads, ids));
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(Math.max(...costsOf));
        const more =
          replicasFor(hostCount + 1, squads.length, replicas) -
          replicasFor(hostCount, squads.length, replicas);
        expect(moved(grown, result)).toBeLessThanOrEqual(share.length + more * squads.length + hostCount);
      }),
    );
  });

  it('adds nothing to a host that is silent, and takes nothing from it', () => {
    const squads = squadsOf([10, 10, 10]);
    const hosts: HostRoom[] = [
      { ...hostNamed(0, ['s0', 's1']), frozen: true },
      hostNamed(1, ['s1', 's2']),
      hostNamed(2, ['s0', 's2']),
      hostNamed(3),
    ];
    const result = place(squads, hosts, 2);
    expect(result.hosts.get('h0')).toEqual(['s0', 's1']);
    expect(result.hosts.get('h3')?.length).toBeGreaterThan(0);
  });

  it('keeps to capacities, and gives every squad one host before any has two', () => {
    fc.assert(
      fc.property(
        costs,
        fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 8 }),
        (costsOf, room) => {
          const squads = squadsOf(costsOf);
          const hosts = room.map((capacity, i) => ({ ...hostNamed(i), capacity }));
          const result = place(squads, hosts, 2);
          for (const { host, capacity } of hosts) {
            if (capacity > 0)
              expect(loadOf(squads, result.hosts.get(host) ?? [])).toBeLessThanOrEqual(capacity);
          }
          for (const id of result.unplaced) expect(replicasOf(result, id)).toBe(0);
        },
      ),
    );
    const tight = [0, 1].map((i) => ({ ...hostNamed(i, ['s0']), capacity: 10 }));
    const result = place(squadsOf([10, 10]), tight, 2);
    expect(result.unplaced).toEqual([]);
  });

  it('says which squads find no room, and forgets squads of another bundle', () => {
    const result = place(squadsOf([10, 20]), [{ ...hostNamed(0, ['old']), capacity: 15 }], 2);
    expect(result.hosts.get('h0')).toEqual(['s0']);
    expect(result.unplaced).toEqual(['s1']);
    expect(place(squadsOf([1]), [], 2)).toEqual({ hosts: new Map(), unplaced: ['s0'] });
  });
});

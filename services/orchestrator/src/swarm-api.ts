import type { handleUnaryCall } from '@grpc/grpc-js';
import type {
  AgentInfo,
  GetStatusRequest,
  GetStatusResponse,
  HostInfo,
  ListAgentsRequest,
  ListAgentsResponse,
  ListHostsRequest,
  ListHostsResponse,
} from '@murmuration/protocol';
import type { Bundle } from './bundle.js';
import type { Member } from './core/membership.js';
import type { Leadership } from './leadership.js';
import type { Members } from './members.js';
import type { Placements } from './placements.js';
import type { Reputations } from './reputations.js';
import type { Streams } from './streams.js';
import type { Tally } from './tally.js';

export interface SwarmSources {
  readonly id: string;
  readonly bundle: Bundle;
  readonly members: Members;
  readonly placements: Placements;
  readonly leadership: Leadership;
  readonly reputations: Reputations;
  readonly streams: Streams;
  readonly tally: Tally;
}

/** The state of the swarm, for people and tools: `murmuration.v1.Swarm`. */
export class SwarmApi {
  readonly #from: SwarmSources;

  constructor(sources: SwarmSources) {
    this.#from = sources;
  }

  readonly listHosts: handleUnaryCall<ListHostsRequest, ListHostsResponse> = (_call, send) => {
    const hosts = this.#from.members.all
      .map((member) => this.#host(member))
      .sort((a, b) => (a.host < b.host ? -1 : 1));
    send(null, { hosts });
  };

  readonly listAgents: handleUnaryCall<ListAgentsRequest, ListAgentsResponse> = (_call, send) => {
    const agents = this.#from.bundle.info.squads.flatMap((squad) => {
      const hosts = this.#hostsOf(squad.id);
      return squad.agents.map(
        (agent): AgentInfo => ({
          agent: agent.id,
          kind: agent.kind,
          squad: squad.id,
          joint: agent.joint < 0 ? undefined : agent.joint,
          parameters: agent.parameters,
          hosts,
        }),
      );
    });
    send(null, { agents });
  };

  readonly getStatus: handleUnaryCall<GetStatusRequest, GetStatusResponse> = (_call, send) => {
    const { id, bundle, placements, leadership, tally, streams } = this.#from;
    send(null, {
      orchestrator: id,
      leader: leadership.leader,
      epoch: placements.current?.epoch ?? 0n,
      bundle: bundle.hash,
      bundleName: bundle.info.name,
      ready: placements.complete,
      framesAnswered: BigInt(tally.answered),
      framesDegraded: BigInt(tally.degraded),
      framesRefused: BigInt(tally.refused),
      streams: streams.open,
    });
  };

  #host({ host, incarnation, state, beat }: Member): HostInfo {
    const { placements, bundle, reputations } = this.#from;
    const placed = placements.current?.hosts.find((entry) => entry.incarnation === incarnation);
    const squads = placed?.squads ?? [];
    const agents = bundle.info.squads
      .filter((squad) => squads.includes(squad.id))
      .reduce((sum, squad) => sum + squad.agents.length, 0);
    return {
      host,
      pid: beat?.pid ?? 0,
      address: beat?.address ?? '',
      state,
      squads,
      agents,
      load: beat?.load ?? 0,
      reputation: reputations.of(host, squads),
    };
  }

  #hostsOf(squad: string): string[] {
    const hosts = this.#from.placements.current?.hosts ?? [];
    return hosts.filter((host) => host.squads.includes(squad)).map((host) => host.host);
  }
}

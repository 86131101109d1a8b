import { type Client, connect } from '@murmuration/client';
import type { HostInfo } from '@murmuration/protocol';
import { JOINTS } from '@murmuration/protocol';
import { Command } from 'commander';
import { round2 } from '../core/summary.js';
import { address, DEFAULT_ADDRESS } from '../options.js';
import { say, sayJson, table } from '../output.js';

interface Options {
  readonly json?: true;
  readonly address: string;
}

export function hostsCommand(): Command {
  return stateCommand('hosts', 'the hosts of the swarm', async (client, json) => {
    const hosts = await client.hosts();
    if (json) sayJson(hosts.map(hostLine));
    else {
      const heading = ['host', 'state', 'squads', 'agents', 'load', 'reputation', 'pid', 'address'];
      const rows = hosts.map((host) => [
        host.host,
        host.state,
        host.squads.join(' ') || '-',
        String(host.agents),
        host.load.toFixed(2),
        host.reputation.toFixed(2),
        String(host.pid),
        host.address,
      ]);
      say(rows.length === 0 ? 'no hosts' : table(heading, rows));
    }
  });
}

/** One host as `--json` prints it. */
export function hostLine(host: HostInfo): unknown {
  const { host: id, pid, address: at, state, squads, agents, load, reputation } = host;
  return {
    host: id,
    pid,
    address: at,
    state,
    squads,
    agents,
    load: round2(load),
    reputation: round2(reputation),
  };
}

export function agentsCommand(): Command {
  return stateCommand('agents', 'the agents of the swarm', async (client, json) => {
    const agents = await client.agents();
    if (json) {
      sayJson(
        agents.map(({ agent, kind, squad, joint, parameters, hosts }) => {
          return { agent, kind, squad, joint: joint ?? null, parameters, hosts };
        }),
      );
    } else {
      const heading = ['agent', 'kind', 'joint', 'parameters', 'hosts'];
      const rows = agents.map((agent) => [
        agent.agent,
        agent.kind,
        agent.joint === undefined ? '' : (JOINTS[agent.joint] ?? String(agent.joint)),
        String(agent.parameters),
        agent.hosts.join(' ') || '-',
      ]);
      say(rows.length === 0 ? 'no agents' : table(heading, rows));
    }
  });
}

function stateCommand(
  name: string,
  description: string,
  show: (client: Client, json: boolean) => Promise<void>,
): Command {
  return new Command(name)
    .description(description)
    .option('--json', 'print one list')
    .option('--address <host:port>', 'an orchestrator', address, DEFAULT_ADDRESS)
    .action(async (options: Options) => {
      const client = connect(options.address);
      try {
        await show(client, options.json === true);
      } finally {
        client.close();
      }
    });
}

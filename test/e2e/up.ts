import { TestProcess, until } from '../support/index.js';

/** A swarm as `murmuration up` runs it. */
export interface Up {
  readonly process: TestProcess;
  readonly grpc: string;
  readonly http: string;
  readonly nats: string;
  /** By name: orchestrator, consensus, host-1 ... as they were when it became ready. */
  readonly pids: Readonly<Record<string, number>>;
  /** As Ctrl-C does it; returns how it ended. */
  stop(): Promise<number | NodeJS.Signals>;
}

/** Starts `murmuration up` on free ports and waits until it says that it is ready. */
export async function up(options: { hosts: number; args?: readonly string[] }): Promise<Up> {
  const args = ['cli/bin/murmuration.js', 'up', '--json', '--hosts', String(options.hosts)];
  const ports = ['--grpc-port', '0', '--http-port', '0', '--nats-port', '0'];
  const process = new TestProcess('murmuration up', [...args, ...ports, ...(options.args ?? [])], {});
  const line = await until(
    () => {
      if (process.ended) throw new Error(process.lines.join('\n'));
      return process.lines.find((text) => text.startsWith('{"ready"'));
    },
    { timeout: 90_000, name: 'murmuration up is ready' },
  ).catch(async (error: unknown) => {
    await process.kill();
    throw new Error(`${(error as Error).message}\n${process.lines.join('\n')}`, { cause: error });
  });
  const { grpc, http, nats, pids } = JSON.parse(line) as Pick<Up, 'grpc' | 'http' | 'nats' | 'pids'>;
  return { process, grpc, http, nats, pids, stop: () => process.stop() };
}

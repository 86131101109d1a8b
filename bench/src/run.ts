import { setTimeout as sleep } from 'node:timers/promises';
import { type BusRate, busCounts, rateBetween } from './bus-counts.js';
import { type Floors, measureFloors } from './floors.js';
import { openLine } from './line.js';
import { load } from './load.js';
import { type Frame, picture } from './pictures.js';
import { cpuShares, usagesOf } from './process.js';
import { type Result, ratiosOf } from './result.js';
import type { PictureKind, Scenario } from './scenarios.js';
import { type LocalSwarm, startSwarm } from './swarm.js';

/** Load before that which counts: code is compiled, connections are open, hosts' planes are in the cache. */
const WARM_UP_SECONDS = 1.5;
const FLOOR_SECONDS = 2;
const IDLE_SECONDS = 1;
/** This process' name among the others. */
const CLIENT = 'client';

/**
 * Starts one swarm, measures the floors beside it, then each scenario in turn, and ends it. `note` gets a line for
 * each step, for people.
 */
export async function runAll(
  scenarios: readonly Scenario[],
  seconds: number,
  note: (line: string) => void,
): Promise<Result[]> {
  note('starting a swarm of two hosts');
  const swarm = await startSwarm();
  const interrupted = () => process.exit(130);
  process.once('SIGINT', interrupted);
  try {
    const idle = await idleRate(swarm);
    const floors = new Map<PictureKind, Floors>();
    const results: Result[] = [];
    for (const scenario of scenarios) {
      const frame = await picture(scenario.picture);
      let floor = floors.get(scenario.picture);
      if (floor === undefined) {
        note(`floors: NATS and gRPC alone, ${frame.image.data.length} bytes a frame`);
        floor = await measureFloors(swarm.natsUrl, frame.image.data.length, FLOOR_SECONDS);
        floors.set(scenario.picture, floor);
      }
      note(`${scenario.name}: ${seconds} s`);
      results.push(await measure(swarm, scenario, frame, seconds, floor, idle));
    }
    return results;
  } finally {
    process.off('SIGINT', interrupted);
    await swarm.stop();
  }
}

/** What the swarm says to itself with nothing to do: beats, leases. */
async function idleRate(swarm: LocalSwarm): Promise<BusRate | null> {
  const before = await busCounts(swarm.monitor);
  await sleep(IDLE_SECONDS * 1000);
  return rateBetween(before, await busCounts(swarm.monitor));
}

async function measure(
  swarm: LocalSwarm,
  scenario: Scenario,
  frame: Frame,
  seconds: number,
  floors: Floors,
  idle: BusRate | null,
): Promise<Result> {
  const pids = new Map([...swarm.pids, [CLIENT, process.pid]]);
  const line = await openLine(swarm.address, frame);
  try {
    await load(line, WARM_UP_SECONDS, scenario.fps);
    const [counted, used, start] = [await busCounts(swarm.monitor), usagesOf(pids), performance.now()];
    const measured = await load(line, seconds, scenario.fps);
    const elapsed = (performance.now() - start) / 1000;
    const after = usagesOf(pids);
    const rate = rateBetween(counted, await busCounts(swarm.monitor));
    const frames = measured.latency.count / elapsed;
    const perFrame = (kind: keyof BusRate): number | null =>
      rate === null || idle === null ? null : (rate[kind] - idle[kind]) / frames;
    const cpu = cpuShares(used, after, elapsed);
    const swarmCpu = Object.entries(cpu).reduce(
      (sum, [name, share]) => sum + (name === CLIENT ? 0 : share),
      0,
    );
    return {
      name: scenario.name,
      seconds,
      fps: measured.answered / seconds,
      p50Ms: measured.latency.p50,
      p99Ms: measured.latency.p99,
      dropped: measured.dropped,
      cpu,
      cpuMsPerFrame: (swarmCpu * 1000) / frames,
      memoryMib: Object.fromEntries([...after].map(([name, usage]) => [name, usage.memoryMib])),
      messagesPerFrame: perFrame('published'),
      deliveriesPerFrame: perFrame('delivered'),
      floors,
      ratios: ratiosOf(measured.latency.p50, floors),
    };
  } finally {
    line.close();
  }
}

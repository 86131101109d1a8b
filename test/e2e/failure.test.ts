import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, connect } from '@murmuration/client';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT, startSwarm, until } from '../support/index.js';
import { type Up, up } from './up.js';

const PICTURE = readFileSync(join(ROOT, 'samples', 'walkers', 'frame-00.jpg'));
const BOXES = [{ x: 363, y: 36, width: 134, height: 343 }];

/** Sends a frame every 20 ms until told to stop; each outcome is "ok", "degraded" or an error's code. */
function feed(client: Client): { stop(): Promise<string[]> } {
  const outcomes: string[] = [];
  let stopped = false;
  const run = async (): Promise<void> => {
    const stream = await client.stream({ name: 'feed', credits: 8 });
    const send = async (): Promise<void> => {
      while (!stopped) {
        await stream.send({ image: PICTURE, boxes: BOXES });
        await sleep(20);
      }
      stream.end();
    };
    const receive = async (): Promise<void> => {
      for await (const answer of stream) {
        outcomes.push(answer.error?.code ?? (answer.degraded ? 'degraded' : 'ok'));
      }
    };
    await Promise.all([send(), receive()]);
  };
  const running = run();
  running.catch(() => {}); // told by stop()
  return {
    stop: async () => {
      stopped = true;
      await running;
      return outcomes;
    },
  };
}

/** Whether there is a process with this number. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether something takes connections on this port of 127.0.0.1. */
function listens(port: number): Promise<boolean> {
  return new Promise((answered) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => answered(true)).once('error', () => answered(false));
    socket.once('connect', () => socket.destroy());
  });
}

describe('when a process dies under load', () => {
  let swarm: Up | null = null;
  afterEach(async () => {
    await swarm?.stop();
    swarm = null;
  });

  it('a killed host costs no frame, and comes back', async () => {
    swarm = await up({ hosts: 3 });
    const { grpc, pids } = swarm;
    const client = connect(grpc);
    try {
      const feeding = feed(client);
      await sleep(1000);
      process.kill(pids['host-1'] ?? 0, 'SIGKILL');
      await until(
        async () => {
          const host = (await client.hosts()).find(({ host: id }) => id === 'host-1');
          return (
            host !== undefined &&
            host.pid !== pids['host-1'] &&
            host.state === 'alive' &&
            host.squads.length > 0
          );
        },
        { timeout: 60_000, name: 'host-1 is back with squads', every: 100 },
      );
      await sleep(500);
      const outcomes = await feeding.stop();
      expect(outcomes.length).toBeGreaterThan(20);
      expect(outcomes.filter((outcome) => outcome !== 'ok' && outcome !== 'degraded')).toEqual([]);
    } finally {
      client.close();
    }
  });

  it('Ctrl-C drains all within ten seconds, and leaves nothing running', async () => {
    swarm = await up({ hosts: 2 });
    const began = performance.now();
    swarm.process.signal('SIGINT');
    expect(await swarm.process.exited).toBe(0);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(Object.values(swarm.pids).filter(runs)).toEqual([]);
  });
});

describe('when the supervisor itself is killed', () => {
  it('nothing is left running', async () => {
    const swarm = await up({ hosts: 2 });
    await swarm.process.kill();
    const left = (): number[] => Object.values(swarm.pids).filter(runs);
    await until(() => left().length === 0, { timeout: 30_000, name: 'all services have ended' });
    const port = Number(swarm.nats.split(':').at(-1));
    await until(() => listens(port).then((yes) => !yes), { timeout: 30_000, name: 'the bus has ended' });
  });
});

describe('when the bus dies', () => {
  it('the swarm goes on once it is back', async () => {
    await using swarm = await startSwarm({ hosts: 2 });
    const client = connect(swarm.address);
    try {
      const before = await client.detect(PICTURE, { boxes: BOXES });
      expect(before.poses).toHaveLength(1);
      await swarm.nats.kill();
      await sleep(1500);
      const lost = await client.detect(PICTURE, { boxes: BOXES, timeoutMs: 3000 }).then(
        () => 'answered',
        (error: { code: string }) => error.code,
      );
      expect(lost).not.toBe('answered');
      const again = await swarm.nats.again();
      try {
        const pose = await until(async () => (await client.detect(PICTURE, { boxes: BOXES })).poses[0], {
          timeout: 60_000,
          name: 'frames are answered again',
          every: 100,
        });
        expect(pose.keypoints).toHaveLength(17);
        for (const part of [...swarm.hosts, ...swarm.orchestrators, ...swarm.consensus]) {
          expect(part.ended).toBe(false);
        }
      } finally {
        await again.stop();
      }
    } finally {
      client.close();
    }
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JOINTS } from '@murmuration/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pck } from '../../cli/src/core/accuracy.js';
import { readCoco } from '../../cli/src/core/coco.js';
import { jsonLines, murmuration, ROOT, tempDir } from '../support/index.js';
import { type Up, up } from './up.js';

/** Real photographs that may not be in the repository; where they are not, the sample stands in. */
const STUDIO = join(ROOT, '..', 'shared', 'data', 'pose', 'studio');
const PHOTOGRAPHS = 40;
/** PCK@0.2; well under what is measured, so that it fails for a defect and not for a new bundle. */
const FLOOR = { studio: 0.5, walkers: 0.4 };

if (!existsSync(STUDIO))
  console.warn('STUDIO PHOTOGRAPHS SKIPPED: their folder is not beside this repository.');

const SAME = JOINTS.map((_, joint) => joint);
/** Each joint's counterpart on the other side. */
const SWAPPED = SAME.map((joint) => (joint === 0 ? 0 : joint % 2 === 1 ? joint + 1 : joint - 1));

interface Accuracy {
  readonly images: number;
  readonly people: number;
  readonly pck02: number;
  readonly pck02ByJoint: Record<string, number>;
  readonly oksAp: number;
  readonly oksAp50: number;
  readonly bundle: string;
}

describe('photographs through murmuration up', () => {
  let swarm: Up;
  beforeAll(async () => {
    swarm = await up({ hosts: 2 });
  });
  afterAll(async () => {
    await swarm.stop();
  });

  const evaluate = async (annotations: string, images: string): Promise<Accuracy> => {
    const args = [
      'eval',
      '--json',
      '--annotations',
      annotations,
      '--images',
      images,
      '--address',
      swarm.grpc,
    ];
    const { code, stdout, stderr } = await murmuration(args, { timeoutMs: 110_000 });
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const [accuracy] = jsonLines(stdout) as [Accuracy];
    return accuracy;
  };

  it('finds the joints of the sample', async () => {
    const folder = join('samples', 'walkers');
    const { code, stdout } = await murmuration(['send', folder, '--json', '--address', swarm.grpc]);
    expect(code).toBe(0);
    const lines = jsonLines(stdout) as { file: string; poses: { keypoints: number[][] }[] }[];
    const shares = readCoco(readFileSync(join(ROOT, folder, 'labels.json'), 'utf8')).map((image) => {
      const found = lines.find((line) => line.file === join(folder, image.file))?.poses[0]?.keypoints;
      const points = (found ?? []).map(([x = 0, y = 0]): [number, number] => [x, y]);
      const shareOf = (order: readonly number[]): number => {
        const pck = new Pck();
        const pose = { score: 1, points: order.map((joint) => points[joint] ?? ([0, 0] as const)) };
        for (const person of image.people) pck.add(person, pose);
        return pck.share ?? 0;
      };
      // The man is seen from behind. Which side is his left is left open: it is not what this test is about.
      return Math.max(shareOf(SAME), shareOf(SWAPPED));
    });
    console.log(`walkers: PCK@0.2 but for the sides ${shares.map((share) => share.toFixed(2)).join(', ')}`);
    expect(shares).toHaveLength(3);
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeGreaterThan(FLOOR.walkers);
  });

  it.skipIf(!existsSync(STUDIO))('finds the joints of studio photographs', async () => {
    const coco = JSON.parse(readFileSync(`${STUDIO}.json`, 'utf8')) as { images: unknown[] };
    const part = join(tempDir('studio'), 'part.json');
    writeFileSync(part, JSON.stringify({ ...coco, images: coco.images.slice(0, PHOTOGRAPHS) }));
    const accuracy = await evaluate(part, STUDIO);
    console.log(`studio, first ${PHOTOGRAPHS}: PCK@0.2 ${accuracy.pck02}, OKS AP ${accuracy.oksAp}`);
    expect(accuracy.images).toBe(PHOTOGRAPHS);
    expect(accuracy.bundle).toMatch(/^[0-9a-f]{64}$/);
    expect(accuracy.pck02).toBeGreaterThan(FLOOR.studio);
    expect(accuracy.oksAp50).toBeGreaterThan(0);
    expect(Object.keys(accuracy.pck02ByJoint)).toHaveLength(12);
  });

  it('answers each frame of the sample, in its pixels, and draws it', async () => {
    const out = tempDir('overlays');
    const args = ['send', join('samples', 'walkers'), '--json', '--out', out, '--address', swarm.grpc];
    const { code, stdout } = await murmuration(args);
    expect(code).toBe(0);
    const lines = jsonLines(stdout) as {
      file: string;
      frame: number;
      poses: { box: number[]; score: number; track: number; keypoints: number[][] }[];
      degraded: boolean;
      latencyMs: number;
      summary: unknown;
    }[];
    const { summary } = lines.pop() ?? {};
    expect(summary).toMatchObject({ frames: 24, answered: 24 });
    expect(Object.keys(summary as object)).toEqual([
      'frames',
      'answered',
      'degraded',
      'fps',
      'p50Ms',
      'p99Ms',
    ]);
    expect(lines.map((line) => line.file)).toEqual(
      Array.from({ length: 24 }, (_, i) =>
        join('samples', 'walkers', `frame-${String(i).padStart(2, '0')}.jpg`),
      ),
    );
    const boxes = JSON.parse(readFileSync(join(ROOT, 'samples', 'walkers', 'boxes.json'), 'utf8')) as Record<
      string,
      number[][]
    >;
    for (const [i, line] of lines.entries()) {
      expect(Object.keys(line)).toEqual(['file', 'frame', 'poses', 'degraded', 'latencyMs']);
      expect(line.poses).toHaveLength(1);
      const [pose] = line.poses;
      expect(pose?.box).toEqual(boxes[`frame-${String(i).padStart(2, '0')}.jpg`]?.[0]);
      expect(pose?.keypoints).toHaveLength(17);
      for (const point of pose?.keypoints ?? []) {
        expect(point).toHaveLength(4);
        expect(point.every(Number.isFinite)).toBe(true);
      }
      const drawn = readFileSync(join(out, `frame-${String(i).padStart(2, '0')}.jpg`));
      expect(drawn.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
      expect(drawn.equals(readFileSync(join(ROOT, line.file)))).toBe(false);
    }
  });

  it('takes a box by hand, and the whole picture without one', async () => {
    const picture = join(tempDir(), 'one.jpg');
    writeFileSync(picture, readFileSync(join(ROOT, 'samples', 'walkers', 'frame-00.jpg')));
    const posesOf = async (extra: string[]): Promise<{ box: number[]; keypoints: number[][] }[]> => {
      const { stdout } = await murmuration(['send', picture, '--json', '--address', swarm.grpc, ...extra]);
      return (jsonLines(stdout) as { poses: { box: number[]; keypoints: number[][] }[] }[])[0]?.poses ?? [];
    };
    expect((await posesOf([]))[0]?.box).toEqual([0, 0, 768, 432]);
    const two = await posesOf(['--box', '363,36,134,343', '--box', '300,0,260,400']);
    expect(two.map((pose) => pose.box)).toEqual([
      [363, 36, 134, 343],
      [300, 0, 260, 400],
    ]);
    // Poses are in the picture's pixels, whatever box they were looked for in: the middle of the shoulders is where it is.
    for (const pose of two) {
      const [left, right] = [pose.keypoints[5], pose.keypoints[6]];
      const x = ((left?.[0] ?? 0) + (right?.[0] ?? 0)) / 2;
      const y = ((left?.[1] ?? 0) + (right?.[1] ?? 0)) / 2;
      expect(Math.hypot(x - 425, y - 115)).toBeLessThan(50);
    }
  });

  it('shows its hosts and agents', async () => {
    const hosts = await murmuration(['hosts', '--json', '--address', swarm.grpc]);
    const [list] = jsonLines(hosts.stdout) as [Record<string, unknown>[]];
    expect(list).toHaveLength(2);
    for (const host of list) {
      expect(Object.keys(host)).toEqual([
        'host',
        'pid',
        'address',
        'state',
        'squads',
        'agents',
        'load',
        'reputation',
      ]);
      expect(host['state']).toBe('alive');
    }
    const agents = await murmuration(['agents', '--json', '--address', swarm.grpc]);
    const [all] = jsonLines(agents.stdout) as [{ agent: string; parameters: number; hosts: string[] }[]];
    expect(all.length).toBeGreaterThanOrEqual(100);
    expect(new Set(all.map((agent) => agent.agent)).size).toBe(all.length);
    for (const agent of all) expect(agent.hosts.length).toBeGreaterThan(0);
    expect((await murmuration(['hosts', '--address', swarm.grpc])).stdout).toContain('alive');
  });

  it('gives its state over HTTP', async () => {
    const response = await fetch(swarm.http, { signal: AbortSignal.timeout(5000) });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      ready: true,
      hosts: [{ state: 'alive' }, { state: 'alive' }],
    });
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, connect } from '@murmuration/client';
import { Fault, MAX_PEOPLE, type Pose } from '@murmuration/protocol';
import { Command, Option } from 'commander';
import { averagePrecision, type Found, type Judged, oks, oksAp, Pck } from '../core/accuracy.js';
import { type LabelledImage, type Person, readCoco } from '../core/coco.js';
import { percentile, round2 } from '../core/summary.js';
import { address, DEFAULT_ADDRESS } from '../options.js';
import { note, say, sayJson } from '../output.js';

interface Options {
  readonly annotations: string;
  readonly images: string;
  readonly boxes: 'labelled' | 'found';
  readonly json?: true;
  readonly address: string;
}

/** The swarm's accuracy on labelled pictures; shares are 0 to 1, null where nothing was labelled for them. */
export interface Accuracy {
  readonly images: number;
  readonly people: number;
  readonly pck02: number | null;
  readonly pck02ByJoint: Readonly<Record<string, number>>;
  readonly oksAp: number | null;
  readonly oksAp50: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly bundle: string;
}

/** Pictures under way at once. */
const AT_ONCE = 4;
/** A picture is tried so often: an answer that is late on a busy machine says nothing about accuracy. */
const TRIES = 5;

export function evalCommand(): Command {
  return new Command('eval')
    .description('accuracy of the running swarm on labelled pictures')
    .requiredOption('--annotations <coco.json>', 'keypoints in the format of COCO')
    .requiredOption('--images <dir>', 'the folder of the pictures')
    .addOption(
      new Option('--boxes <labelled|found>', 'hand over the labelled boxes, or none')
        .choices(['labelled', 'found'])
        .default('labelled'),
    )
    .option('--json', 'print one object')
    .option('--address <host:port>', 'an orchestrator', address, DEFAULT_ADDRESS)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const text = await readFile(options.annotations, 'utf8').catch((cause) => {
    throw new Fault('FILE_UNREADABLE', `${options.annotations} cannot be read.`, { cause });
  });
  const images = readCoco(text);
  if (images.length === 0) throw new Fault('ANNOTATIONS_INVALID', `${options.annotations} labels nobody.`);
  const client = connect(options.address);
  try {
    await client.ready();
    const accuracy = await evaluate(client, images, options.images, options.boxes);
    if (options.json === true) sayJson(accuracy);
    else show(accuracy);
  } finally {
    client.close();
  }
}

/** Sends every picture through the swarm and compares. @throws Fault where one cannot be read or gets no answer */
export async function evaluate(
  client: Client,
  images: readonly LabelledImage[],
  folder: string,
  boxes: 'labelled' | 'found',
): Promise<Accuracy> {
  const latencies: number[] = [];
  const queue = images.entries();
  const judged: Judged[] = [];
  const worker = async (): Promise<void> => {
    for (const [i, image] of queue) judged[i] = await judge(client, image, folder, boxes, latencies);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const pck = new Pck();
  for (const [i, image] of images.entries()) {
    const poses = judged[i]?.poses ?? [];
    // With labelled boxes the answers come in the boxes' order; else each person is compared with the best fit.
    for (const [n, person] of image.people.entries()) {
      pck.add(person, boxes === 'labelled' ? (poses[n] ?? null) : closest(person, poses));
    }
  }
  const rounded = (value: number | null): number | null =>
    value === null ? null : Math.round(value * 1e4) / 1e4;
  const at = (share: number): number | null => {
    const value = percentile(latencies, share);
    return value === null ? null : round2(value);
  };
  return {
    images: images.length,
    people: images.reduce((sum, image) => sum + image.people.length, 0),
    pck02: rounded(pck.share),
    pck02ByJoint: Object.fromEntries(
      Object.entries(pck.byJoint).map(([joint, share]) => [joint, rounded(share) ?? 0]),
    ),
    oksAp: rounded(oksAp(judged)),
    oksAp50: rounded(averagePrecision(judged, 0.5)),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    bundle: (await client.status()).bundle,
  };
}

async function judge(
  client: Client,
  image: LabelledImage,
  folder: string,
  boxes: 'labelled' | 'found',
  latencies: number[],
): Promise<Judged> {
  const path = join(folder, image.file);
  const picture = await readFile(path).catch((cause) => {
    throw new Fault('FILE_UNREADABLE', `${path} cannot be read.`, { cause });
  });
  const wanted =
    boxes === 'labelled'
      ? image.people.map(({ box: [x, y, width, height] }) => ({ x, y, width, height }))
      : [];
  const poses: Found[] = [];
  for (let from = 0; from === 0 || from < wanted.length; from += MAX_PEOPLE) {
    const began = performance.now();
    const part = wanted.slice(from, from + MAX_PEOPLE);
    poses.push(...(await detect(client, picture, part, path)).map(foundOf));
    latencies.push(performance.now() - began);
  }
  return { people: image.people, ignored: image.ignored, poses };
}

async function detect(
  client: Client,
  picture: Uint8Array,
  boxes: { x: number; y: number; width: number; height: number }[],
  path: string,
): Promise<Pose[]> {
  for (let tries = 1; ; tries++) {
    try {
      return (await client.detect(picture, { boxes })).poses;
    } catch (error) {
      const fault = Fault.from(error);
      if (fault.retryMs === null || tries >= TRIES)
        throw new Fault(fault.code, `${path}: ${fault.message}`, { cause: error });
      note(`${path}: ${fault.code}, trying again`);
      await new Promise((soon) => setTimeout(soon, fault.retryMs ?? 0));
    }
  }
}

function foundOf(pose: Pose): Found {
  return { score: pose.score, points: pose.keypoints.map((point) => [point.x, point.y]) };
}

function closest(person: Person, poses: readonly Found[]): Found | null {
  return poses.toSorted((a, b) => oks(person, b) - oks(person, a))[0] ?? null;
}

function show(accuracy: Accuracy): void {
  const percent = (value: number | null): string => (value === null ? '-' : (100 * value).toFixed(1));
  say(`${accuracy.images} pictures, ${accuracy.people} people`);
  say(
    `PCK@0.2 ${percent(accuracy.pck02)}   OKS AP ${percent(accuracy.oksAp)}, AP50 ${percent(accuracy.oksAp50)}`,
  );
  const joints = Object.entries(accuracy.pck02ByJoint);
  say(joints.map(([joint, share]) => `${joint} ${percent(share)}`).join(', '));
  say(
    `latency p50 ${accuracy.p50Ms ?? '-'} ms, p99 ${accuracy.p99Ms ?? '-'} ms; bundle ${accuracy.bundle.slice(0, 12)}`,
  );
}

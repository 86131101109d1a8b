import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Box, CROP_SIDE, Encoding, type Image } from '@murmuration/protocol';
import type { PictureKind } from './scenarios.js';
import { ROOT } from './swarm.js';

/** What is sent each time. */
export interface Frame {
  readonly image: Image;
  readonly boxes: Box[];
}

const CLIP = join(ROOT, 'samples', 'walkers');

export async function picture(kind: PictureKind): Promise<Frame> {
  return kind === 'jpeg' ? await clipFrame() : rawFrame();
}

/** The first picture of the sample clip, with the box that comes with it. */
async function clipFrame(): Promise<Frame> {
  const boxes: Record<string, number[][]> = JSON.parse(await readFile(join(CLIP, 'boxes.json'), 'utf8'));
  const [first] = Object.entries(boxes);
  if (first === undefined) throw new Error(`${CLIP}/boxes.json names no picture.`);
  const [name, [[x = 0, y = 0, width = 0, height = 0] = []]] = first as [string, [number[]]];
  const data = await readFile(join(CLIP, name));
  const image = { encoding: Encoding.ENCODING_JPEG, data, width: 0, height: 0 };
  return { image, boxes: [{ x, y, width, height }] };
}

/** As many raw pixels as a crop has, without a box: nothing to decode. */
function rawFrame(): Frame {
  const data = Uint8Array.from({ length: CROP_SIDE * CROP_SIDE * 3 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
  return {
    image: { encoding: Encoding.ENCODING_RGB8, data, width: CROP_SIDE, height: CROP_SIDE },
    boxes: [],
  };
}

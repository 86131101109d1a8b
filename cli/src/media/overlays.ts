import { mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { Fault, type Pose } from '@murmuration/protocol';
import { drawPose } from './draw.js';
import { type Frame, framesOf, type Source } from './sources.js';

const QUALITY = 90;

/** Writes each answered frame with its skeletons drawn into `folder`, as JPEG. Returns how many. @throws Fault */
export async function writeOverlays(
  folder: string,
  sources: readonly Source[],
  answers: ReadonlyMap<number, readonly Pose[]>,
): Promise<number> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw new Fault('FILE_UNREADABLE', `The folder ${folder} cannot be made.`, { cause });
  });
  const { encodeJpeg } = await import('@murmuration/native');
  let number = 0;
  const taken = new Set<string>();
  for await (const frame of framesOf(sources)) {
    const poses = answers.get(number++);
    if (poses === undefined) continue;
    const pixels = await frame.pixels();
    for (const pose of poses) drawPose(pixels, pose.keypoints);
    let name = nameOf(frame);
    // Files of one name from two folders.
    for (let n = 2; taken.has(name); n++) name = `${n}-${nameOf(frame)}`;
    taken.add(name);
    const path = join(folder, name);
    await writeFile(path, encodeJpeg(pixels.data, pixels.width, pixels.height, QUALITY)).catch((cause) => {
      throw new Fault('FILE_UNREADABLE', `${path} cannot be written.`, { cause });
    });
  }
  return taken.size;
}

function nameOf(frame: Frame): string {
  const { file, kind } = frame.source;
  const stem = basename(file, extname(file));
  return kind === 'video' ? `${stem}-${String(frame.index).padStart(5, '0')}.jpg` : `${stem}.jpg`;
}

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
  let written = 0;
  for await (const frame of framesOf(sources)) {
    const poses = answers.get(number++);
    if (poses === undefined) continue;
    const pixels = await frame.pixels();
    for (const pose of poses) drawPose(pixels, pose.keypoints);
    const path = join(folder, nameOf(frame));
    await writeFile(path, encodeJpeg(pixels.data, pixels.width, pixels.height, QUALITY)).catch((cause) => {
      throw new Fault('FILE_UNREADABLE', `${path} cannot be written.`, { cause });
    });
    written += 1;
  }
  return written;
}

function nameOf(frame: Frame): string {
  const { file, kind } = frame.source;
  const stem = basename(file, extname(file));
  return kind === 'video' ? `${stem}-${String(frame.index).padStart(5, '0')}.jpg` : `${stem}.jpg`;
}

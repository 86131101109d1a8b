import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { type Picture, rgb } from '@murmuration/client';
import { type Box, Fault } from '@murmuration/protocol';
import type { Rgb } from './draw.js';
import { videoFrames } from './video.js';

const PICTURES = new Set(['.jpg', '.jpeg', '.png']);
const VIDEOS = new Set(['.mp4', '.mov', '.mkv', '.avi', '.webm', '.m4v', '.mpg', '.mpeg']);
/** Beside pictures: the boxes of the people in each, by file name. */
const SIDECAR = 'boxes.json';

/** A file that frames come from. */
export interface Source {
  readonly file: string;
  readonly kind: 'picture' | 'video';
  /** Of its people; none: the whole picture is taken as one person. */
  readonly boxes: readonly Box[];
}

/** One frame to be sent. */
export interface Frame {
  readonly source: Source;
  /** Its number in a video, from 0; 0 of a picture. */
  readonly index: number;
  readonly picture: Picture;
  /** Its pixels, to draw into. */
  pixels(): Promise<Rgb>;
}

/**
 * The pictures and videos that the paths name, folders' contents in the order of their names. `boxes` go before those
 * of a sidecar file. @throws Fault FILE_UNREADABLE
 */
export async function findSources(paths: readonly string[], boxes: readonly Box[]): Promise<Source[]> {
  const sidecars = new Map<string, ReadonlyMap<string, Box[]>>();
  const sourceOf = async (file: string, kind: Source['kind']): Promise<Source> => {
    if (boxes.length > 0 || kind === 'video') return { file, kind, boxes };
    const folder = dirname(file);
    const sidecar = sidecars.get(folder) ?? (await readSidecar(folder));
    sidecars.set(folder, sidecar);
    return { file, kind, boxes: sidecar.get(basename(file)) ?? [] };
  };
  const sources: Source[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch((cause) => {
      throw new Fault('FILE_UNREADABLE', `${path} cannot be read.`, { cause });
    });
    const files = stats.isDirectory() ? (await readdir(path)).sort().map((name) => join(path, name)) : [path];
    const before = sources.length;
    for (const file of files) {
      const kind = kindOf(file);
      if (kind !== null) sources.push(await sourceOf(file, kind));
    }
    if (sources.length === before) {
      throw new Fault('FILE_UNREADABLE', `${path} holds no JPEG, PNG or video file.`);
    }
  }
  return sources;
}

function kindOf(file: string): Source['kind'] | null {
  const extension = extname(file).toLowerCase();
  if (PICTURES.has(extension)) return 'picture';
  return VIDEOS.has(extension) ? 'video' : null;
}

async function readSidecar(folder: string): Promise<ReadonlyMap<string, Box[]>> {
  const path = join(folder, SIDECAR);
  const text = await readFile(path, 'utf8').catch(() => null); // most folders have none
  if (text === null) return new Map();
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, [number, number, number, number][]>);
    return new Map(
      entries.map(([file, boxes]) => [file, boxes.map(([x, y, width, height]) => ({ x, y, width, height }))]),
    );
  } catch (cause) {
    throw new Fault('FILE_UNREADABLE', `${path} is not {"file": [[x, y, width, height]]}.`, { cause });
  }
}

/** The frames of the sources, one after another, read as they are asked for. @throws Fault */
export async function* framesOf(sources: readonly Source[]): AsyncGenerator<Frame> {
  for (const source of sources) {
    if (source.kind === 'video') {
      let index = 0;
      for await (const pixels of videoFrames(source.file)) {
        yield {
          source,
          index: index++,
          picture: rgb(pixels.data, pixels.width, pixels.height),
          pixels: async () => pixels,
        };
      }
    } else {
      const bytes = await readFile(source.file).catch((cause) => {
        throw new Fault('FILE_UNREADABLE', `${source.file} cannot be read.`, { cause });
      });
      yield { source, index: 0, picture: bytes, pixels: () => pixelsOf(bytes) };
    }
  }
}

/** The kernel is loaded where it is needed: the commands that do not draw work without it. */
async function pixelsOf(bytes: Uint8Array): Promise<Rgb> {
  const { decode } = await import('@murmuration/native');
  const frame = decode(bytes);
  return { data: frame.data(), width: frame.width, height: frame.height };
}

import { spawn } from 'node:child_process';
import { Fault } from '@murmuration/protocol';
import type { Rgb } from './draw.js';

/** One frame may have so many bytes: what the server takes. */
const MAX_FRAME = 32 * 1024 * 1024;

/**
 * The frames of a video as pixels, by ffmpeg (`FFMPEG`, or the one on PATH), which is stopped when the reader stops.
 * @throws Fault TOOL_MISSING, FILE_UNREADABLE
 */
export async function* videoFrames(path: string): AsyncGenerator<Rgb> {
  const program = process.env['FFMPEG'] || 'ffmpeg';
  const args = ['-v', 'error', '-nostdin', '-i', path, '-f', 'image2pipe', '-c:v', 'ppm', '-'];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  const ended = new Promise<Error | number | null>((done) => {
    child.once('error', done);
    child.once('close', (code) => done(code));
  });
  try {
    let held: Buffer = Buffer.alloc(0);
    for await (const chunk of child.stdout) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (let frame = takePpm(held); frame !== null; frame = takePpm(held)) {
        yield frame.picture;
        held = held.subarray(frame.bytes);
      }
      if (held.length > MAX_FRAME + 64)
        throw new Fault('IMAGE_TOO_LARGE', `A frame of ${path} is too large.`);
    }
    const how = await ended;
    if (how instanceof Error) {
      throw new Fault('TOOL_MISSING', `Videos are read by ffmpeg, and "${program}" is not there.`, {
        cause: how,
      });
    }
    if (how !== 0) throw new Fault('FILE_UNREADABLE', `ffmpeg cannot read ${path}: ${said.trim()}.`);
  } finally {
    child.kill('SIGKILL');
  }
}

/** The first whole picture of a run of binary PPMs, and the bytes that it takes; null where it is not all there yet. */
export function takePpm(bytes: Buffer): { picture: Rgb; bytes: number } | null {
  const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 64));
  if (head === null) return null;
  const [width, height] = [Number(head[1]), Number(head[2])];
  const end = head[0].length + width * height * 3;
  if (bytes.length < end) return null;
  return {
    picture: { data: Uint8Array.from(bytes.subarray(head[0].length, end)), width, height },
    bytes: end,
  };
}

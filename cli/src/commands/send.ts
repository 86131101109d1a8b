import { stderr } from 'node:process';
import { connect } from '@murmuration/client';
import { type Box, Fault } from '@murmuration/protocol';
import { Command } from 'commander';
import { round2, type Summary } from '../core/summary.js';
import { writeOverlays } from '../media/overlays.js';
import { findSources } from '../media/sources.js';
import { address, box, DEFAULT_ADDRESS } from '../options.js';
import { note, say, sayJson } from '../output.js';
import { type Answered, sendAll } from '../send.js';

interface Options {
  readonly box?: readonly Box[];
  readonly json?: true;
  readonly out?: string;
  readonly address: string;
}

export function sendCommand(): Command {
  return new Command('send')
    .description('pictures, folders and videos in, poses out')
    .argument('<path...>', 'JPEG and PNG files, videos, or folders of them')
    .option('--box <x,y,w,h>', 'a person in every frame, in pixels; may be given several times', box)
    .option('--json', 'print an object a frame, then the summary')
    .option('--out <dir>', 'write the frames with skeletons drawn there')
    .option('--address <host:port>', 'an orchestrator', address, DEFAULT_ADDRESS)
    .action(send);
}

async function send(paths: string[], options: Options): Promise<void> {
  const sources = await findSources(paths, options.box ?? []);
  const client = connect(options.address);
  try {
    await client.ready();
    const total = sources.every((source) => source.kind === 'picture') ? sources.length : null;
    const bar = new Progress(total, options.json !== true);
    const show = (answered: Answered): void => {
      if (options.json === true) sayJson(lineOf(answered));
      const { error } = answered.answer;
      if (error !== undefined) note(`${answered.frame.source.file}: ${error.code}: ${error.message}`);
      bar.step();
    };
    const sent = await sendAll(client, sources, { onAnswer: show, keep: options.out !== undefined });
    bar.end();
    if (options.out !== undefined) await writeOverlays(options.out, sources, sent.poses);
    if (options.json === true) sayJson({ summary: sent.summary });
    else say(describe(sent.summary));
    const missing = sent.summary.frames - sent.summary.answered;
    if (missing > 0)
      throw new Fault('FRAMES_UNANSWERED', `${missing} of ${sent.summary.frames} frames got no pose.`);
  } finally {
    client.close();
  }
}

/** The summary for people. */
export function describe(summary: Summary): string {
  const degraded = summary.degraded === 0 ? '' : `, ${summary.degraded} of them on too few votes`;
  return [
    `${summary.answered} of ${summary.frames} frames answered${degraded}`,
    `${summary.fps} frames a second, latency p50 ${summary.p50Ms ?? '-'} ms, p99 ${summary.p99Ms ?? '-'} ms`,
  ].join('\n');
}

function lineOf({ frame, answer, latencyMs }: Answered): unknown {
  return {
    file: frame.source.file,
    frame: frame.index,
    poses: answer.poses.map((pose) => ({
      box: pose.box === undefined ? null : [pose.box.x, pose.box.y, pose.box.width, pose.box.height],
      score: pose.score,
      track: pose.track,
      keypoints: pose.keypoints.map((point) => [point.x, point.y, point.confidence, point.spread]),
    })),
    degraded: answer.degraded,
    latencyMs: round2(latencyMs),
    ...(answer.error === undefined
      ? {}
      : { error: { code: answer.error.code, message: answer.error.message } }),
  };
}

/** A line on the terminal that counts frames; nothing where stderr is no terminal. */
class Progress {
  readonly #total: number | null;
  readonly #shown: boolean;
  #done = 0;
  #last = 0;

  constructor(total: number | null, wanted: boolean) {
    this.#total = total;
    this.#shown = wanted && stderr.isTTY === true;
  }

  step(): void {
    this.#done += 1;
    const now = performance.now();
    if (!this.#shown || (now - this.#last < 100 && this.#done !== this.#total)) return;
    this.#last = now;
    if (this.#total === null) stderr.write(`\r${this.#done} frames `);
    else {
      const filled = Math.round((30 * this.#done) / this.#total);
      stderr.write(`\r[${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${this.#done}/${this.#total} `);
    }
  }

  end(): void {
    if (this.#shown) stderr.write('\r\u001b[K');
  }
}

import type { Client } from '@murmuration/client';
import { Fault, type Pose, type StreamAnswer } from '@murmuration/protocol';
import { type Summary, Tally } from './core/summary.js';
import { type Frame, framesOf, type Source } from './media/sources.js';

/** What became of one frame. */
export interface Answered {
  readonly frame: Frame;
  /** Its place among all frames sent, from 0. */
  readonly number: number;
  readonly answer: StreamAnswer;
  /** Milliseconds from its sending to its answer. */
  readonly latencyMs: number;
}

export interface Sent {
  readonly summary: Summary;
  /** Of the answered frames, by number; empty unless they were to be kept. */
  readonly poses: ReadonlyMap<number, readonly Pose[]>;
}

/** Enough to keep every process busy; more would only queue up, and count as latency. */
const IN_FLIGHT = 4;

let streams = 0;

export interface SendOptions {
  readonly onAnswer: (answered: Answered) => void;
  /** Frames under way at once. */
  readonly inFlight?: number;
  /** Keep the poses, about 3 KB a frame. */
  readonly keep: boolean;
}

/** Sends all frames of the sources over one stream and hands on each answer as it comes. @throws Fault */
export async function sendAll(
  client: Client,
  sources: readonly Source[],
  { onAnswer, inFlight = IN_FLIGHT, keep }: SendOptions,
): Promise<Sent> {
  const name = `send-${process.pid}-${++streams}`;
  const stream = await client.stream({ name, credits: inFlight });
  const waiting = new Map<bigint, { frame: Frame; number: number; at: number }>();
  const poses = new Map<number, readonly Pose[]>();
  const tally = new Tally();
  const began = performance.now();

  const send = async (): Promise<void> => {
    let number = 0;
    try {
      for await (const frame of framesOf(sources)) {
        const sequence = await stream.send({ image: frame.picture, boxes: frame.source.boxes });
        waiting.set(sequence, { frame, number: number++, at: performance.now() });
        tally.sent();
      }
    } finally {
      stream.end();
    }
  };
  const receive = async (): Promise<void> => {
    for await (const answer of stream) {
      const sent = waiting.get(answer.sequence);
      if (sent === undefined) continue;
      waiting.delete(answer.sequence);
      const latencyMs = performance.now() - sent.at;
      if (answer.error === undefined) {
        tally.answered(latencyMs, answer.degraded);
        if (keep) poses.set(sent.number, answer.poses);
      }
      onAnswer({ frame: sent.frame, number: sent.number, answer, latencyMs });
    }
  };
  await Promise.all([send(), receive()]);
  if (waiting.size > 0)
    throw new Fault('FRAMES_UNANSWERED', `The stream ended with ${waiting.size} frames open.`);
  return { summary: tally.summary(performance.now() - began), poses };
}

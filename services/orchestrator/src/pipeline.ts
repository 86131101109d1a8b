import {
  type Box,
  type Decision,
  Fault,
  type FrameTiming,
  type Image,
  type Pose,
} from '@murmuration/protocol';
import { ATTRIBUTES, type Context, failSpan, inSpan, SPANS, startSpan, traced } from '@murmuration/telemetry';
import { unixNow } from './clock.js';
import { type Deadlines, deadlinesFor } from './core/deadline.js';
import { type Crops, cropsOf } from './frames.js';
import type { Channel } from './looker.js';
import { posesOf } from './poses.js';
import type { Tally } from './tally.js';

/** A frame as the pipeline takes it. */
export interface FrameJob {
  readonly sequence: bigint;
  readonly image: Image | undefined;
  readonly boxes: readonly Box[];
  /** Unix milliseconds; `patience` is Infinity where the client did not say. */
  readonly arrived: number;
  readonly patience: number;
  /** The frame's span. */
  readonly context: Context;
}

export interface FrameResult {
  readonly poses: Pose[];
  readonly degraded: boolean;
  readonly timing: FrameTiming;
}

/** Called once, perhaps before {@link Pipeline.run} returns. */
export type Answered = (outcome: FrameResult | Fault) => void;

/** What the pipeline must know of the swarm. */
export interface SwarmView {
  /** The placement in force. */
  readonly epoch: bigint;
  readonly bundle: string;
  /** Why no frame can be answered now, or null. */
  refusal(): Fault | null;
}

/** A frame's way from its bytes to its poses: decode and cut, ask the swarm, answer. */
export class Pipeline {
  readonly #swarm: SwarmView;
  readonly #tally: Tally;
  readonly #roundMs: number;
  readonly #maxInFlight: number;
  #inFlight = 0;

  constructor(swarm: SwarmView, tally: Tally, limits: { roundMs: number; maxInFlight: number }) {
    this.#swarm = swarm;
    this.#tally = tally;
    this.#roundMs = limits.roundMs;
    this.#maxInFlight = limits.maxInFlight;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Works on a frame.
   * @returns gives the frame up: `answered` is not called any more
   */
  run(job: FrameJob, channel: Channel, answered: Answered): () => void {
    let open = true;
    const end = (outcome: FrameResult | Fault): void => {
      if (!open) return;
      open = false;
      this.#inFlight -= 1;
      this.#count(outcome);
      answered(outcome);
    };
    this.#inFlight += 1;
    try {
      this.#begin(job, channel, end);
    } catch (error) {
      end(Fault.from(error));
    }
    return () => {
      if (!open) return;
      open = false;
      this.#inFlight -= 1;
      channel.giveUp(job.sequence);
    };
  }

  #begin(job: FrameJob, channel: Channel, end: Answered): void {
    if (this.#inFlight > this.#maxInFlight)
      throw new Fault('TOO_MANY_IN_FLIGHT', `${this.#maxInFlight} frames are under way in this process.`);
    const refusal = this.#swarm.refusal();
    if (refusal !== null) throw refusal;
    if (unixNow() >= job.patience) throw tooLate();

    const decodeStart = unixNow();
    const crops = inSpan(SPANS.decode, job.context, {}, () => cropsOf(job.image, job.boxes));
    const roundStart = unixNow();
    const deadlines = deadlinesFor(roundStart, job.patience, this.#roundMs);
    if (deadlines === null) throw tooLate();
    const asked = { boxes: crops.boxes, regions: crops.regions, bundle: this.#swarm.bundle };
    this.#ask(
      job,
      crops,
      deadlines,
      channel,
      (decision) => {
        const decided = unixNow();
        const poses = inSpan(SPANS.answer, job.context, {}, () => posesOf(decision, asked, asked.bundle));
        end({
          poses,
          degraded: decision.degraded,
          timing: {
            decodeMs: roundStart - decodeStart,
            roundMs: decided - roundStart,
            totalMs: unixNow() - job.arrived,
          },
        });
      },
      end,
    );
  }

  #ask(
    job: FrameJob,
    crops: Crops,
    deadlines: Deadlines,
    channel: Channel,
    decided: (decision: Decision) => void,
    end: Answered,
  ): void {
    const people = crops.boxes.length;
    const { span, context } = startSpan(SPANS.round, job.context, { [ATTRIBUTES.people]: people });
    const question = {
      sequence: job.sequence,
      epoch: this.#swarm.epoch,
      people,
      pixels: crops.pixels,
      deadlines,
      context: traced(context),
    };
    channel.ask(question, (outcome) => {
      if (outcome instanceof Fault) {
        failSpan(span, outcome);
        span.end();
        return end(outcome);
      }
      span.end();
      try {
        decided(outcome);
      } catch (error) {
        end(Fault.from(error));
      }
    });
  }

  #count(outcome: FrameResult | Fault): void {
    if (outcome instanceof Fault) this.#tally.refused += 1;
    else {
      this.#tally.answered += 1;
      if (outcome.degraded) this.#tally.degraded += 1;
    }
  }
}

function tooLate(): Fault {
  return new Fault('DEADLINE_PASSED', 'The time for the frame was over before the swarm could be asked.');
}

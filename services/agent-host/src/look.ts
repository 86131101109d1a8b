import { hash } from 'node:crypto';
import type { Bus, Received } from '@murmuration/bus';
import { Crop, type Round, subjects, Vote } from '@murmuration/protocol/bus';
import { failSpan, SPANS, type SparingLog, startSpan, traced } from '@murmuration/telemetry';
import type { Task } from './core/duty.js';
import { Lateness } from './core/lateness.js';
import { cropOf, VoteArrays } from './core/layout.js';
import { termsOf } from './core/terms.js';

/** The kernel as the hot path needs it: `packages/native`'s Swarm. */
export interface Kernel {
  /** A crop in, all squads' votes out, into the caller's array. */
  look(crop: Uint8Array, votes: Uint16Array): void;
}

interface Working {
  readonly kernel: Kernel;
  readonly arrays: VoteArrays;
  readonly squads: string[];
}

/** What became of the crops since the start. */
export interface LookCounts {
  voted: number;
  /** Came, or were come to, after their deadline: a vote would have been too late. */
  late: number;
  /** Of a newer placement than the host's: it has no say in them. */
  ahead: number;
  unreadable: number;
  failed: number;
}

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

/** The hot path of a host: a frame's crops in, one vote out. */
export class Looker {
  readonly #bus: Bus;
  readonly #log: SparingLog;
  readonly #host: string;
  readonly #incarnation: string;
  readonly #lateness = new Lateness();
  #working: Working | null = null;
  #task: Task | null = null;
  readonly counts: LookCounts = { voted: 0, late: 0, ahead: 0, unreadable: 0, failed: 0 };

  constructor(bus: Bus, log: SparingLog, host: string, incarnation: string) {
    this.#bus = bus;
    this.#log = log;
    this.#host = host;
    this.#incarnation = incarnation;
  }

  /** Votes with `kernel`, which runs the squads of `task` in their order, from the next crop on. */
  use(kernel: Kernel, task: Task): void {
    this.#working = { kernel, arrays: new VoteArrays(task.squads.length), squads: [...task.squads] };
    this.#task = task;
  }

  /** The same squads under another placement. */
  renew(task: Task): void {
    this.#task = task;
  }

  rest(): void {
    this.#working = null;
    this.#task = null;
  }

  /** Answers one Crop message. Never throws: a bad message costs a line of the log, not the host. */
  readonly onCrop = (message: Received): void => {
    const working = this.#working;
    const task = this.#task;
    if (working === null || task === null) return;
    const crop = this.#read(message);
    if (crop === null) return;
    const { round, pixels } = crop;
    if (this.#lateness.isLate(round, performance.now())) {
      this.counts.late += 1;
      this.#log.warn(
        'CROP_LATE',
        'a crop came after its deadline: the host or the bus is behind, or the clocks differ',
      );
      return;
    }
    if (round.epoch > task.epoch) {
      this.counts.ahead += 1;
      return;
    }
    const { span, context } = startSpan(SPANS.look, message.context, {
      'murmuration.host': this.#host,
      'murmuration.stream': round.stream,
      'murmuration.sequence': Number(round.sequence),
      'murmuration.people': round.people,
      'murmuration.squads': working.squads.length,
    });
    try {
      const vote = this.#look(working, task, round, pixels);
      this.#bus.publish(subjects.vote(round.partition, this.#host), vote, traced(context));
      this.counts.voted += 1;
    } catch (error) {
      this.counts.failed += 1;
      failSpan(span, error);
      this.#log.warn('INTERNAL', 'the kernel refused a crop', () => ({ error: String(error) }));
    } finally {
      span.end();
    }
  };

  #read(message: Received): { round: Round; pixels: Uint8Array } | null {
    let wrong: string;
    try {
      const crop = Crop.decode(message.data);
      const round = termsOf(crop);
      if (typeof round !== 'string') return { round, pixels: crop.pixels };
      wrong = round;
    } catch (error) {
      wrong = String(error);
    }
    this.counts.unreadable += 1;
    this.#log.warn('MESSAGE_INVALID', 'a crop could not be read', () => ({
      subject: message.subject,
      wrong,
    }));
    return null;
  }

  #look(working: Working, task: Task, round: Round, pixels: Uint8Array): Uint8Array {
    const { kernel, arrays, squads } = working;
    const start = performance.now();
    for (let person = 0; person < round.people; person++)
      kernel.look(cropOf(pixels, person), arrays.person(person));
    const lookUs = Math.round((performance.now() - start) * 1000);
    arrays.seal(round.people, sha256);
    return Vote.encode({
      stream: round.stream,
      sequence: round.sequence,
      look: round.look,
      epoch: task.epoch,
      host: this.#host,
      incarnation: this.#incarnation,
      bundle: task.bundle,
      squads,
      votes: arrays.votes(round.people),
      digests: arrays.digests(round.people),
      lookUs,
    }).finish();
  }
}

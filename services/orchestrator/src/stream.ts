import type { ServerDuplexStream } from '@grpc/grpc-js';
import {
  Fault,
  isToken,
  type StreamAnswer,
  type StreamFrame,
  type StreamOpen,
  type StreamRequest,
  type StreamResponse,
  toGrpc,
} from '@murmuration/protocol';
import {
  ATTRIBUTES,
  type Context,
  contextFrom,
  failSpan,
  SPANS,
  SpanKind,
  startSpan,
} from '@murmuration/telemetry';
import { unixNow } from './clock.js';
import { Lane, limitsFor } from './core/lanes.js';
import { draining } from './ingest.js';
import type { Channel, Looker } from './looker.js';
import type { FrameResult, Pipeline } from './pipeline.js';
import type { Tally } from './tally.js';

export type StreamCall = ServerDuplexStream<StreamRequest, StreamResponse>;

/** Answers that a client may leave unread, beyond two for each credit, before its frames are left unread too. */
const SLACK = 16;

export interface StreamDeps {
  readonly pipeline: Pipeline;
  readonly looker: Looker;
  readonly tally: Tally;
  readonly mostCredits: number;
  /** Admits a name, and gives the stream's token. @throws Fault STREAM_NAME_TAKEN, TOO_MANY_STREAMS, DRAINING */
  register(name: string): string;
  release(name: string): void;
  /** The call is over. */
  ended(stream: Stream): void;
}

interface Waiting {
  readonly frame: StreamFrame;
  readonly arrived: number;
}

/** What exists once a stream is open. */
interface Opened {
  readonly name: string;
  readonly channel: Channel;
  readonly lane: Lane<Waiting, StreamAnswer>;
  readonly granted: number;
  /** The most unread answers before reading stops. */
  readonly mostUnread: number;
}

/** One call of `Stream`: frames in, answers out in their order. */
export class Stream {
  readonly #call: StreamCall;
  readonly #deps: StreamDeps;
  readonly #context: Context;
  readonly #underWay = new Map<bigint, () => void>();
  #opened: Opened | null = null;
  #draining = false;
  /** The client sends no more. */
  #halfClosed = false;
  /** The client does not read its answers at the moment. */
  #blocked = false;
  #over = false;

  constructor(call: StreamCall, deps: StreamDeps) {
    this.#call = call;
    this.#deps = deps;
    this.#context = contextFrom((name) => call.metadata.get(name)[0]?.toString());
    call.on('data', (message: StreamRequest) => this.#receive(message));
    call.on('end', () => {
      this.#halfClosed = true;
      this.#flush();
    });
    call.on('drain', () => {
      this.#blocked = false;
      this.#flush();
    });
    call.on('cancelled', () => this.#finish());
    call.on('close', () => this.#finish());
  }

  /** Lets what is under way finish, refuses what comes, and ends the call. */
  drain(): void {
    this.#draining = true;
    this.#flush();
  }

  #receive({ message }: StreamRequest): void {
    if (this.#over) return;
    try {
      if (message === undefined) throw new Fault('MESSAGE_EMPTY', 'A message of the stream says nothing.');
      if (message.$case === 'open') this.#open(message.value);
      else this.#frame(message.value);
    } catch (error) {
      this.#fail(Fault.from(error));
    }
  }

  #open({ stream: name, credits, latestWins }: StreamOpen): void {
    if (this.#opened !== null)
      throw new Fault('STREAM_NOT_OPEN', 'The stream is open already.', { field: 'open' });
    if (!isToken(name))
      throw new Fault('STREAM_NAME_INVALID', `"${name.slice(0, 80)}" cannot name a stream.`, {
        field: 'open.stream',
      });
    if (this.#draining) throw draining();
    const limits = limitsFor(credits, this.#deps.mostCredits, latestWins);
    const token = this.#deps.register(name);
    this.#opened = {
      name,
      channel: this.#deps.looker.channel(token),
      lane: new Lane(limits),
      granted: limits.granted,
      mostUnread: 2 * limits.capacity + SLACK,
    };
    this.#call.write({ message: { $case: 'opened', value: { credits: limits.granted } } });
  }

  #frame(frame: StreamFrame): void {
    const opened = this.#opened;
    if (opened === null) throw new Fault('STREAM_NOT_OPEN', 'A frame came before the stream was opened.');
    const { lane } = opened;
    const { sequence } = frame;
    if (this.#draining) lane.reject(sequence, refusal(sequence, draining()));
    else if (!lane.follows(sequence)) {
      const fault = new Fault(
        'SEQUENCE_NOT_INCREASING',
        `Frame ${sequence} does not follow the one before.`,
        {
          field: 'frame.sequence',
        },
      );
      this.#refuse(() => lane.reject(sequence, refusal(sequence, fault)));
    } else {
      const waiting = { frame, arrived: unixNow() };
      const admitted = lane.admit(sequence, waiting);
      if (admitted.kind === 'start') this.#start(opened, waiting);
      else if (admitted.kind === 'refuse') {
        const fault = new Fault('TOO_MANY_IN_FLIGHT', `The stream was granted ${opened.granted} credits.`);
        this.#refuse(() => lane.settle(sequence, refusal(sequence, fault)));
      } else if (admitted.kind === 'replace') {
        const { dropped } = admitted;
        const fault = new Fault('FRAME_DROPPED', `Frame ${sequence} came before its turn did.`);
        this.#refuse(() => lane.settle(dropped, refusal(dropped, fault)));
      }
    }
    this.#flush();
  }

  #refuse(settle: () => void): void {
    this.#deps.tally.refused += 1;
    settle();
  }

  #start(opened: Opened, { frame, arrived }: Waiting): void {
    const { sequence } = frame;
    const attributes = { [ATTRIBUTES.clientStream]: opened.name, [ATTRIBUTES.sequence]: Number(sequence) };
    const { span, context } = startSpan(SPANS.frame, this.#context, attributes, SpanKind.SERVER);
    const job = {
      sequence,
      image: frame.image,
      boxes: frame.boxes,
      arrived,
      patience: arrived + timeoutOf(frame),
      context,
    };
    let done = false;
    const giveUp = this.#deps.pipeline.run(job, opened.channel, (outcome) => {
      done = true;
      this.#underWay.delete(sequence);
      if (outcome instanceof Fault) failSpan(span, outcome);
      span.end();
      opened.lane.finish(
        sequence,
        outcome instanceof Fault ? refusal(sequence, outcome) : answer(sequence, outcome),
      );
      this.#flush();
    });
    if (done) return;
    this.#underWay.set(sequence, () => {
      giveUp();
      span.end();
    });
  }

  /** Begins what waits, sends what is answered, and reads on or stops reading. Safe to call at any time. */
  #flush(): void {
    if (this.#over) return;
    const opened = this.#opened;
    if (opened !== null) {
      const { lane } = opened;
      for (let next = lane.next(); next !== null; next = lane.next()) this.#start(opened, next.frame);
      while (!this.#blocked) {
        const value = lane.take();
        if (value === null) break;
        this.#blocked = !this.#call.write({ message: { $case: 'answer', value } });
      }
      const stuffed = lane.open >= opened.mostUnread;
      if (stuffed && !this.#call.isPaused()) this.#call.pause();
      else if (!stuffed && this.#call.isPaused()) this.#call.resume();
      if (lane.open > 0) return;
    }
    if (this.#draining) this.#fail(draining());
    else if (this.#halfClosed) {
      this.#finish();
      this.#call.end();
    }
  }

  /** Ends the call with a status. */
  #fail(fault: Fault): void {
    if (this.#over) return;
    this.#finish();
    this.#call.emit('error', toGrpc(fault));
  }

  /** Lets go of everything. */
  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    for (const giveUp of this.#underWay.values()) giveUp();
    this.#underWay.clear();
    if (this.#opened !== null) {
      this.#opened.channel.close();
      this.#deps.release(this.#opened.name);
    }
    this.#deps.ended(this);
    // What the client still sends is read and thrown away, or the call would never close.
    this.#call.resume();
  }
}

/** Milliseconds that the client gives a frame; Infinity where it does not say. */
function timeoutOf({ timeout }: StreamFrame): number {
  return timeout === undefined ? Infinity : Number(timeout.seconds) * 1000 + timeout.nanos / 1e6;
}

function answer(sequence: bigint, { poses, degraded, timing }: FrameResult): StreamAnswer {
  return { sequence, poses, degraded, timing, error: undefined };
}

function refusal(sequence: bigint, fault: Fault): StreamAnswer {
  const error = { code: fault.code, message: fault.said, field: fault.field ?? '' };
  return { sequence, poses: [], degraded: false, timing: undefined, error };
}

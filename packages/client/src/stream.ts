import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import {
  type Box,
  Fault,
  faultOf,
  type StreamAnswer,
  type StreamRequest,
  type StreamResponse,
} from '@murmuration/protocol';
import { imageOf, type Picture } from './image.js';

const OPEN_MS = 5000;

export interface StreamOptions {
  /** 1 to 64 of A-Z a-z 0-9 _ -, unique among the server's open streams. */
  readonly name: string;
  /** Frames to have in flight at most; 0 or absent: the server's default. */
  readonly credits?: number;
  /** For live cameras: a waiting frame is dropped for a newer one, and answered with FRAME_DROPPED. */
  readonly latestWins?: boolean;
  readonly signal?: AbortSignal;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface OutgoingFrame {
  readonly image: Picture;
  /** Without boxes the whole picture is taken as one person. */
  readonly boxes?: readonly Box[];
  /** An answer later than this is of no use. */
  readonly timeoutMs?: number;
  /** Strictly increasing; counted from 1 where absent. */
  readonly sequence?: bigint;
}

type Call = ClientDuplexStream<StreamRequest, StreamResponse>;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (fault: Fault) => void;
}

interface Reader {
  readonly resolve: (result: IteratorResult<StreamAnswer, undefined>) => void;
  readonly reject: (fault: Fault) => void;
}

/**
 * One stream: frames in by {@link send}, answers out by `for await`, in the frames' order. Read while sending: a credit
 * comes back when its answer is taken, so nothing piles up here, and a sender that nobody reads for waits for ever.
 */
export class FrameStream implements AsyncIterable<StreamAnswer> {
  readonly #call: Call;
  /** Frames that may be in flight, as the server granted them. */
  readonly credits: number;
  /** Frames that may be sent and not taken; over the credits where the server is to choose which it drops. */
  readonly #window: number;
  readonly #answers: StreamAnswer[] = [];
  readonly #senders: Waiter[] = [];
  readonly #readers: Reader[] = [];
  #inFlight = 0;
  #sequence = 0n;
  #over: { readonly fault: Fault | null } | null = null;

  private constructor(call: Call, credits: number, latestWins: boolean) {
    this.#call = call;
    this.credits = credits;
    this.#window = latestWins ? 2 * credits : credits;
  }

  /** @throws Fault where the server refuses the stream, or does not answer */
  static async open(call: Call, options: StreamOptions): Promise<FrameStream> {
    const { name, credits = 0, latestWins = false, signal } = options;
    const abort = (): void => call.cancel();
    signal?.addEventListener('abort', abort, { once: true });
    return await new Promise((resolve, reject) => {
      let stream: FrameStream | null = null;
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        call.cancel();
      }, OPEN_MS);
      const end = (fault: Fault | null): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        if (stream !== null) stream.#end(fault);
        else if (timedOut)
          reject(new Fault('SERVER_UNREACHABLE', `The server did not open the stream within ${OPEN_MS} ms.`));
        else
          reject(fault ?? new Fault('SERVER_UNREACHABLE', 'The server ended the stream before opening it.'));
      };
      call.on('data', ({ message }: StreamResponse) => {
        if (message?.$case === 'opened' && stream === null) {
          clearTimeout(timer);
          stream = new FrameStream(call, message.value.credits, latestWins);
          resolve(stream);
        } else if (message?.$case === 'answer' && stream !== null) stream.#receive(message.value);
      });
      call.on('error', (error: ServiceError) => end(faultOf(error)));
      call.on('end', () => end(null));
      if (signal?.aborted === true) abort();
      call.write({ message: { $case: 'open', value: { stream: name, credits, latestWins } } });
    });
  }

  /**
   * Sends a frame, as soon as there is a credit for it.
   * @returns its number
   * @throws Fault where the stream is over
   */
  async send(frame: OutgoingFrame): Promise<bigint> {
    while (this.#over === null && this.#inFlight >= this.#window)
      await new Promise<void>((resolve, reject) => this.#senders.push({ resolve, reject }));
    this.#check();
    const sequence = frame.sequence ?? this.#sequence + 1n;
    this.#sequence = sequence;
    this.#inFlight += 1;
    const value = {
      sequence,
      image: imageOf(frame.image),
      boxes: [...(frame.boxes ?? [])],
      timeout: frame.timeoutMs === undefined ? undefined : durationOf(frame.timeoutMs),
    };
    this.#call.write({ message: { $case: 'frame', value } });
    return sequence;
  }

  /** No more frames: the iteration ends once all answers have been taken. */
  end(): void {
    this.#call.end();
  }

  /** Gives everything up. */
  cancel(): void {
    this.#call.cancel();
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamAnswer, undefined> {
    return {
      next: () => this.#take(),
      return: async () => {
        this.cancel();
        return { done: true, value: undefined };
      },
    };
  }

  #check(): void {
    if (this.#over === null) return;
    throw this.#over.fault ?? new Fault('STREAM_NOT_OPEN', 'The stream is over.');
  }

  #take(): Promise<IteratorResult<StreamAnswer, undefined>> {
    const value = this.#answers.shift();
    if (value !== undefined) {
      this.#credit();
      return Promise.resolve({ done: false, value });
    }
    if (this.#over?.fault) return Promise.reject(this.#over.fault);
    if (this.#over !== null) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  #receive(value: StreamAnswer): void {
    const reader = this.#readers.shift();
    if (reader === undefined) {
      this.#answers.push(value);
      return;
    }
    this.#credit();
    reader.resolve({ done: false, value });
  }

  #credit(): void {
    this.#inFlight -= 1;
    this.#senders.shift()?.resolve();
  }

  #end(fault: Fault | null): void {
    if (this.#over !== null) return;
    this.#over = { fault };
    // Senders find out by themselves; readers get what is left first, which is nothing where they wait.
    for (const sender of this.#senders.splice(0)) sender.resolve();
    for (const reader of this.#readers.splice(0)) {
      if (fault === null) reader.resolve({ done: true, value: undefined });
      else reader.reject(fault);
    }
  }
}

function durationOf(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.trunc(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

import { Fault } from '@murmuration/protocol';
import { draining } from './ingest.js';
import type { Looker } from './looker.js';
import type { Pipeline } from './pipeline.js';
import { Stream, type StreamCall } from './stream.js';
import type { Tally } from './tally.js';

export interface StreamsSettings {
  readonly maxStreams: number;
  readonly streamCredits: number;
  /** Makes a token that nobody else on the bus has. */
  readonly token: () => string;
}

/** All open streams of this process. */
export class Streams {
  readonly #pipeline: Pipeline;
  readonly #looker: Looker;
  readonly #tally: Tally;
  readonly #settings: StreamsSettings;
  readonly #calls = new Set<Stream>();
  readonly #names = new Set<string>();
  #draining = false;

  constructor(pipeline: Pipeline, looker: Looker, tally: Tally, settings: StreamsSettings) {
    this.#pipeline = pipeline;
    this.#looker = looker;
    this.#tally = tally;
    this.#settings = settings;
  }

  get open(): number {
    return this.#names.size;
  }

  handle(call: StreamCall): void {
    const stream = new Stream(call, {
      pipeline: this.#pipeline,
      looker: this.#looker,
      tally: this.#tally,
      mostCredits: this.#settings.streamCredits,
      register: (name) => this.#register(name),
      release: (name) => void this.#names.delete(name),
      ended: (ended) => void this.#calls.delete(ended),
    });
    this.#calls.add(stream);
    if (this.#draining) stream.drain();
  }

  /** Lets all streams finish what is under way and ends them. */
  drain(): void {
    this.#draining = true;
    for (const stream of [...this.#calls]) stream.drain();
  }

  #register(name: string): string {
    if (this.#draining) throw draining();
    if (this.#names.has(name))
      throw new Fault('STREAM_NAME_TAKEN', `The stream "${name}" is open already.`, { field: 'open.stream' });
    if (this.#names.size >= this.#settings.maxStreams)
      throw new Fault('TOO_MANY_STREAMS', `${this.#names.size} streams are open.`);
    this.#names.add(name);
    return this.#settings.token();
  }
}

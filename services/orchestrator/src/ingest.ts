import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { type DetectRequest, type DetectResponse, Fault, toGrpc } from '@murmuration/protocol';
import { contextFrom, failSpan, SPANS, SpanKind, startSpan } from '@murmuration/telemetry';
import { unixNow } from './clock.js';
import type { Channel } from './looker.js';
import type { Pipeline } from './pipeline.js';

/** Answers unary calls. All of them share one channel, and are numbered in it. */
export class Detect {
  readonly #pipeline: Pipeline;
  readonly #channel: Channel;
  #sequence = 0n;
  #draining = false;

  constructor(pipeline: Pipeline, channel: Channel) {
    this.#pipeline = pipeline;
    this.#channel = channel;
  }

  /** From now on calls are refused; those under way go on. */
  drain(): void {
    this.#draining = true;
  }

  handle(call: ServerUnaryCall<DetectRequest, DetectResponse>, send: sendUnaryData<DetectResponse>): void {
    const arrived = unixNow();
    if (this.#draining) {
      send(toGrpc(draining()));
      return;
    }
    const parent = contextFrom((name) => call.metadata.get(name)[0]?.toString());
    const { span, context } = startSpan(SPANS.frame, parent, {}, SpanKind.SERVER);
    this.#sequence += 1n;
    const job = {
      sequence: this.#sequence,
      image: call.request.image,
      boxes: call.request.boxes,
      arrived,
      patience: patienceOf(call.getDeadline()),
      context,
    };
    const giveUp = this.#pipeline.run(job, this.#channel, (outcome) => {
      if (outcome instanceof Fault) {
        failSpan(span, outcome);
        span.end();
        return send(toGrpc(outcome));
      }
      span.end();
      send(null, outcome);
    });
    call.on('cancelled', () => {
      giveUp();
      failSpan(span, new Fault('CANCELLED', 'The caller gave up.'));
      span.end();
    });
  }
}

/** A call's deadline as Unix milliseconds, Infinity where it has none. */
function patienceOf(deadline: Date | number): number {
  return deadline instanceof Date ? deadline.getTime() : deadline;
}

export function draining(): Fault {
  return new Fault('DRAINING', 'This orchestrator is ending.');
}

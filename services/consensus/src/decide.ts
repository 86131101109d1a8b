import type { Bus } from '@murmuration/bus';
import { Decision, subjects } from '@murmuration/protocol/bus';
import {
  ATTRIBUTES,
  type Context,
  failSpan,
  SPANS,
  type SparingLog,
  startSpan,
  traced,
} from '@murmuration/telemetry';
import type { Closed } from './core/rounds.js';
import type { Panel } from './panel.js';

/** Publishes what the panel decides. */
export class Decider {
  readonly #bus: Bus;
  readonly #log: SparingLog;
  readonly #panel: Panel;

  constructor(bus: Bus, log: SparingLog, panel: Panel) {
    this.#bus = bus;
    this.#log = log;
    this.#panel = panel;
  }

  /** Never throws: a round that cannot be fused is not answered, and the orchestrator's own bound ends it. */
  decide(closed: Closed<Context>): void {
    const { round } = closed;
    const { span, context } = startSpan(SPANS.fuse, closed.tag, {
      [ATTRIBUTES.stream]: round.stream,
      [ATTRIBUTES.sequence]: Number(round.sequence),
      [ATTRIBUTES.people]: round.people,
      [ATTRIBUTES.votes]: closed.votes.length,
      [ATTRIBUTES.expected]: closed.expected.length,
      [ATTRIBUTES.closedBy]: closed.closedBy,
    });
    try {
      const decision = Decision.encode(this.#panel.decide(closed)).finish();
      this.#bus.publish(subjects.decision(round.partition, round.stream), decision, traced(context));
    } catch (error) {
      failSpan(span, error);
      this.#log.warn('VOTE_INVALID', 'a round could not be fused', () => ({ error: String(error) }));
    } finally {
      span.end();
    }
  }
}

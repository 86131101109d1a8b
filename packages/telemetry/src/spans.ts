import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

// No other package imports OpenTelemetry's API itself: a second copy of another version knows nothing of the tracer and
// propagator that the first one was given, and says nothing of it either.
export {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type TextMapGetter,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';

/** The names of all spans: one schema, so that a trace can be searched for. */
export const SPANS = {
  /** A frame, from its arrival to its answer. */
  frame: 'murmuration.frame',
  /** Decoding the picture and cutting the crops. */
  decode: 'murmuration.decode',
  /** From the round's opening to its decision. */
  round: 'murmuration.round',
  /** One host's look at all crops of a frame. */
  look: 'murmuration.look',
  /** Fusing the votes of a round. */
  fuse: 'murmuration.fuse',
  /** Turning a decision into the client's answer. */
  answer: 'murmuration.answer',
} as const;

/** The names of all attributes that spans carry. */
export const ATTRIBUTES = {
  /** The stream's token on the bus, and the frame's number within it. */
  stream: 'murmuration.stream',
  sequence: 'murmuration.sequence',
  /** What the client calls its stream. */
  clientStream: 'murmuration.client_stream',
  people: 'murmuration.people',
  host: 'murmuration.host',
  /** Squads that the host runs. */
  squads: 'murmuration.squads',
  /** Hosts that voted, and hosts of the placement. */
  votes: 'murmuration.votes',
  expected: 'murmuration.expected',
  /** complete or deadline. */
  closedBy: 'murmuration.closed_by',
} as const;

const tracer = () => trace.getTracer('murmuration');

/** Starts a span under `parent`. Contexts are handed on by hand: async iterators and callbacks lose the active one. */
export function startSpan(
  name: string,
  parent: Context,
  attributes: Attributes = {},
  kind: SpanKind = SpanKind.INTERNAL,
): { span: Span; context: Context } {
  const span = tracer().startSpan(name, { attributes, kind }, parent);
  return { span, context: trace.setSpan(parent, span) };
}

/** Runs `work` within a span and ends it, marked as failed where it throws. */
export function inSpan<T>(name: string, parent: Context, attributes: Attributes, work: (span: Span) => T): T {
  const { span, context: inner } = startSpan(name, parent, attributes);
  try {
    return context.with(inner, () => work(span));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}

export function failSpan(span: Span, error: unknown): void {
  span.setStatus({
    code: SpanStatusCode.ERROR,
    message: error instanceof Error ? error.message : String(error),
  });
}

import {
  type Context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';

/** Looks up a header by its lower-case name. */
export type HeaderReader = (name: string) => string | undefined;

const getter: TextMapGetter<HeaderReader> = {
  keys: () => ['traceparent', 'tracestate'],
  get: (carrier, key) => carrier(key),
};

/** The trace that a caller is in, out of its W3C Trace Context headers; the root where it is in none. */
export function contextFrom(headers: HeaderReader): Context {
  return propagation.extract(ROOT_CONTEXT, headers, getter);
}

/** The context where it belongs to a trace, else undefined: what is handed to the bus, so that no empty headers travel. */
export function traced(context: Context): Context | undefined {
  const span = trace.getSpanContext(context);
  return span !== undefined && isSpanContextValid(span) ? context : undefined;
}

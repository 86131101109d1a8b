import {
  type Context,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  type TextMapSetter,
  trace,
} from '@murmuration/telemetry';
import { headers, type MsgHdrs } from '@nats-io/transport-node';

const setter: TextMapSetter<MsgHdrs> = { set: (carrier, key, value) => carrier.set(key, value) };
const getter: TextMapGetter<MsgHdrs> = {
  keys: (carrier) => [...carrier.keys()],
  get: (carrier, key) => carrier.get(key) || undefined,
};

/** Headers that carry a trace context (W3C Trace Context), or undefined where there is no trace: then no header is sent. */
export function headersFor(context: Context | undefined): MsgHdrs | undefined {
  if (context === undefined || trace.getSpanContext(context) === undefined) return undefined;
  const carrier = headers();
  propagation.inject(context, carrier, setter);
  return [...carrier.keys()].length > 0 ? carrier : undefined;
}

/** The trace context that a message came with. */
export function contextOf(carrier: MsgHdrs | undefined): Context {
  return carrier === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, carrier, getter);
}

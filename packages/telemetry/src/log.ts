import { isSpanContextValid, trace } from '@opentelemetry/api';
import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * A service's log: one JSON object a line on stderr, with the trace it belongs to.
 * `MURMURATION_LOG` sets the level: fatal, error, warn, info (default), debug, trace, silent.
 */
export function createLog(service: string, instance: string): Logger {
  const wanted = process.env['MURMURATION_LOG'] ?? 'info';
  const level = wanted === 'silent' || wanted in pino.levels.values ? wanted : 'info';
  const log = pino(
    {
      level,
      base: { service, instance },
      mixin: () => {
        const span = trace.getActiveSpan()?.spanContext();
        return span !== undefined && isSpanContextValid(span) ? { trace: span.traceId } : {};
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  if (level !== wanted) log.warn({ wanted }, 'MURMURATION_LOG is no level; using info');
  return log;
}

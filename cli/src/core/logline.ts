/** A line of a service's log, for people. */
export interface Shown {
  /** pino's: 30 info, 40 warn, 50 error, 60 fatal. */
  readonly level: number;
  readonly text: string;
}

const LEVELS: readonly [number, string][] = [
  [60, 'fatal'],
  [50, 'error'],
  [40, 'warn'],
  [30, 'info'],
  [20, 'debug'],
];
/** Fields that the prefix already says, or that mean nothing on one machine. */
const LEFT_OUT = new Set(['level', 'time', 'msg', 'service', 'instance', 'pid', 'hostname', 'trace']);

/** Turns a line of JSON into "warn: message (field value, ...)"; anything else counts as a warning and stays as it is. */
export function readLogLine(line: string): Shown {
  const entry = parse(line);
  if (entry === null) return { level: 40, text: line };
  const level = typeof entry['level'] === 'number' ? entry['level'] : 40;
  const name = LEVELS.find(([at]) => level >= at)?.[1] ?? 'trace';
  const fields = Object.entries(entry)
    .filter(([field, value]) => !LEFT_OUT.has(field) && value !== '')
    .map(([field, value]) => `${field} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const rest = fields.length === 0 ? '' : ` (${fields.join(', ')})`;
  return { level, text: `${name}: ${entry['msg'] ?? ''}${rest}` };
}

function parse(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null; // a line of JSON that was cut short
  }
}

import { stderr, stdout } from 'node:process';
import { styleText } from 'node:util';
import { Fault } from '@murmuration/protocol';

/** Prints one line on stdout. */
export function say(line = ''): void {
  stdout.write(`${line}\n`);
}

/** Prints one JSON value a line on stdout. */
export function sayJson(value: unknown): void {
  stdout.write(`${JSON.stringify(value)}\n`);
}

/** Prints one line on stderr: progress and warnings, which are no result. */
export function note(line: string): void {
  stderr.write(`${line}\n`);
}

/** What went wrong and what to do, on stderr. */
export function sayFault(thrown: unknown): void {
  const fault = Fault.from(thrown);
  note(`${styleText('red', 'error', { stream: stderr })} ${fault.code}: ${fault.message}`);
  note(`${styleText('yellow', 'advice', { stream: stderr })} ${fault.advice}`);
  if (fault.code === 'INTERNAL' && fault.cause instanceof Error) note(fault.cause.stack ?? '');
}

/** Rows under a heading, columns as wide as their widest cell. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

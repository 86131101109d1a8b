import type { Result } from './result.js';

type Column = readonly [head: string, cell: (result: Result) => string];

const fixed = (value: number | null, places: number): string =>
  value === null || Number.isNaN(value) ? '-' : value.toFixed(places);

const COLUMNS: readonly Column[] = [
  ['scenario', (result) => result.name],
  ['FPS', (result) => fixed(result.fps, 1)],
  ['p50 ms', (result) => fixed(result.p50Ms, 2)],
  ['p99 ms', (result) => fixed(result.p99Ms, 2)],
  ['dropped', (result) => String(result.dropped)],
  ['msgs/frame', (result) => fixed(result.messagesPerFrame, 1)],
  ['CPU ms/frame', (result) => fixed(result.cpuMsPerFrame, 2)],
  ['p50/bus', (result) => fixed(result.ratios.bus, 1)],
  ['p50/gRPC', (result) => fixed(result.ratios.grpc, 1)],
  ['p50/both', (result) => fixed(result.ratios.both, 1)],
];

/** Columns padded to their widest cell; names to the left, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** What was measured, for people. */
export function summary(results: readonly Result[]): string {
  const frames = table(
    COLUMNS.map(([head]) => head),
    results.map((result) => COLUMNS.map(([, cell]) => cell(result))),
  );
  const processes = [...new Set(results.flatMap((result) => Object.keys(result.cpu)))];
  const used = table(
    ['CPU share (MiB)', ...processes],
    results.map((result) => [
      result.name,
      ...processes.map(
        (name) => `${fixed(result.cpu[name] ?? null, 2)} (${fixed(result.memoryMib[name] ?? null, 0)})`,
      ),
    ]),
  );
  return `${frames}\n\n${used}`;
}

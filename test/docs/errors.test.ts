import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { CATALOGUE, type ErrorCode, Fault } from '@murmuration/protocol';
import { expect, test } from 'vitest';

const PAGE = fileURLToPath(new URL('../../docs/reference/errors.md', import.meta.url));

const INTRO = `# Errors

Every error has a code of this table: over gRPC as the \`reason\` of \`google.rpc.ErrorInfo\`, in a stream's answer as
\`error.code\`, in a log as \`code\`, on the command line in brackets. Codes are added, never renamed. The message says
what is wrong in this case; the advice is the same for all cases. Where there is a time under "retry after", the same
call may succeed then, and the error carries \`google.rpc.RetryInfo\`.

The table is made from [errors.ts](../../packages/protocol/src/errors.ts) by its test:
\`npx vitest run test/docs -u\`.
`;

const HEAD = ['code', 'gRPC status', 'retry after', 'advice'];

function row(code: ErrorCode): string[] {
  const fault = new Fault(code, '');
  return [
    `\`${code}\``,
    status[fault.grpc],
    fault.retryMs === null ? '' : `${fault.retryMs} ms`,
    fault.advice,
  ];
}

/** A Markdown table as the formatter leaves it: columns padded to the same width. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[], fill = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const rule = line(
    head.map(() => ''),
    '-',
  );
  return [line(head), rule, ...body.map((cells) => line(cells))].join('\n');
}

function page(): string {
  const codes = Object.keys(CATALOGUE) as ErrorCode[];
  return `${INTRO}\n${table([HEAD, ...codes.map(row)])}\n`;
}

test('docs/reference/errors.md is the catalogue', async () => {
  await expect(page()).toMatchFileSnapshot(PAGE);
});

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/**
 * Runs a program to its end and returns its stdout. Ended after `timeoutMs`; throws with the last line that it said.
 */
export function tool(
  program: string,
  args: readonly string[],
  options: { timeoutMs: number; env?: NodeJS.ProcessEnv },
): Promise<string> {
  return new Promise((done, failed) => {
    const settings = {
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL' as const,
      maxBuffer: 4 * 1024 * 1024,
      ...(options.env === undefined ? {} : { env: options.env }),
    };
    execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error === null) return done(stdout);
      const said = stderr.trim().split('\n').at(-1);
      const why = error.killed ? `took longer than ${options.timeoutMs / 1000} s` : said || error.message;
      failed(new Error(`${program}: ${why}`, { cause: error }));
    });
  });
}

/** @throws Error where the file's SHA-256 is another. */
export async function checkSum(path: string, sha256: string): Promise<void> {
  const found = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (found !== sha256) throw new Error(`its SHA-256 is ${found}, not ${sha256}`);
}

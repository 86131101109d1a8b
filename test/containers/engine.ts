import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the docker command at the repository's root and returns what it printed. */
export async function docker(args: readonly string[], timeoutMs = 60_000): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, {
    cwd: ROOT,
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.trim();
}

/**
 * Builds the three images, or says why there are none: not asked for, no engine, a build that failed. The reason is
 * also printed, so that a run without these tests is never taken for one with them.
 */
export async function imagesOrReason(): Promise<string | null> {
  const reason = await prepare();
  if (reason !== null) console.warn(`CONTAINER TESTS SKIPPED: ${reason}`);
  return reason;
}

async function prepare(): Promise<string | null> {
  if (process.env['MURMURATION_CONTAINERS'] !== '1')
    return 'set MURMURATION_CONTAINERS=1 to build and run them.';
  try {
    await docker(['info', '--format', '{{.ServerVersion}}'], 10_000);
  } catch {
    return 'no Docker engine answers.';
  }
  try {
    await docker(['compose', 'build'], 30 * 60_000);
    return null;
  } catch (error) {
    return `the images could not be built: ${(error as Error).message.slice(-2000)}`;
  }
}

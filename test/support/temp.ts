import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

const made = new Set<string>();
process.once('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A new empty folder, gone when the process ends. */
export function tempDir(name = 'test'): string {
  const folder = mkdtempSync(join(tmpdir(), `murmuration-${name}-`));
  made.add(folder);
  return folder;
}

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

/** A service's program. */
export function serviceMain(service: string): string {
  return join(ROOT, 'services', service, 'dist', 'main.js');
}

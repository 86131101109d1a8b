import { createRequire } from 'node:module';
import { Fault } from '@murmuration/protocol/bus';
import type { Native } from './native.js';

const require = createRequire(import.meta.url);

/** @throws Fault NATIVE_MISSING where the addon is not built, or was built for another machine. */
export function load(): Native {
  try {
    return require('../murmuration.node') as Native;
  } catch (cause) {
    throw new Fault('NATIVE_MISSING', `The kernel cannot be loaded: ${(cause as Error).message}.`, { cause });
  }
}

import { afterAll } from 'vitest';

/**
 * What a test file leaves behind when one of its tests fails half-way: its processes and folders. Cleared after its last
 * test, because a test worker is ended without its exit handlers being run.
 */
const leftovers: (() => void)[] = [];

afterAll(() => {
  for (const clear of leftovers.splice(0).reverse()) clear();
});

/** Runs `clear` once the file's tests are over; it must do no harm where there is nothing left. */
export function atEnd(clear: () => void): void {
  leftovers.push(clear);
}

import { defineConfig } from 'vitest/config';

/**
 * Four tiers, told apart by a file's name or folder: `unit` needs nothing but the code; `integration` starts processes
 * and a real nats-server; `e2e` a whole swarm; `containers` a container engine. Tiers run one after another, and all but
 * `unit` one file at a time: a swarm that shares two cores with another swarm misses its deadlines.
 */
const processes = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.integration.test.ts', 'test/e2e/**', 'test/containers/**'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.integration.test.ts'],
          exclude: ['test/e2e/**', 'test/containers/**'],
          sequence: { groupOrder: 1 },
          ...processes,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          sequence: { groupOrder: 2 },
          ...processes,
        },
      },
      {
        extends: true,
        test: {
          name: 'containers',
          include: ['test/containers/**/*.test.ts'],
          sequence: { groupOrder: 3 },
          ...processes,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});

#!/usr/bin/env node
// Runs the command under the Node that the lock file pins, whatever Node called it; plain JavaScript for the Node that
// did. npx puts the pinned one first on PATH, so the detour is for those who call this file by another way.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const pinned = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
const NEEDED = 24;

if (!existsSync(main)) {
  process.stderr.write('murmuration is not built yet. Run: npm run setup\n');
  process.exitCode = 1;
} else if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  await import(main);
} else if (existsSync(pinned)) {
  const child = spawn(pinned, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.on('SIGINT', () => {}); // the terminal sends it to both; the child ends in its own time
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGTERM'));
  process.exitCode = await new Promise((ended) => child.once('close', (code) => ended(code ?? 1)));
} else {
  process.stderr.write(`Node ${NEEDED} is needed, this is ${process.versions.node}. Run: npm run setup\n`);
  process.exitCode = 1;
}

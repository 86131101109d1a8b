/**
 * `npm test`: sets up, checks the tests' types, runs vitest and the kernel's tests, and ends with the counts of both.
 * With arguments only vitest runs, with them: `npm test -- test/cli`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { environment, hand, main, ROOT, setup } from './setup.mjs';

const REPORT = join(ROOT, '.cache', 'vitest.json');

/** Vitest's counts; one failure where it ended without a report, or with an error outside a test. */
function vitestCounts(code) {
  if (!existsSync(REPORT)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(REPORT, 'utf8'));
  const failed = report.numFailedTests;
  // A file that could not be loaded fails without a failed test in it.
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const broken = failed + unloaded.length;
  return {
    passed: report.numPassedTests,
    failed: broken === 0 && code !== 0 ? 1 : broken,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Sums cargo's lines `test result: ok. 12 passed; 0 failed; 1 ignored; ...`. */
function cargoCounts(output, code) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const line of output.matchAll(/test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/g)) {
    counts.passed += Number(line[1]);
    counts.failed += Number(line[2]);
    counts.skipped += Number(line[3]);
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1; // it did not build, or a test ended the process
  return counts;
}

async function cargo() {
  // Not the release profile: the kernel's tests are to run with overflow checks, which prove that sums fit.
  const args = ['test', '--manifest-path', join(ROOT, 'native', 'Cargo.toml'), '--workspace'];
  const child = spawn('cargo', args, { cwd: ROOT, env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    process.stdout.write(chunk);
    output += chunk;
  });
  const code = await new Promise((ended) => {
    child.once('error', () => ended(1));
    child.once('close', (status) => ended(status ?? 1));
  });
  return cargoCounts(output, code);
}

await main(async () => {
  await setup();
  const wanted = process.argv.slice(2);
  if (wanted.length > 0) return await hand(['node_modules/vitest/vitest.mjs', 'run', ...wanted]);

  const types = await hand(['node_modules/typescript/bin/tsc', '-b', 'test']);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(REPORT, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const vitest = vitestCounts(await hand(['node_modules/vitest/vitest.mjs', 'run', ...reporters]));
  const kernel = await cargo();
  const sum = (name) => vitest[name] + kernel[name];
  if (types !== 0) process.stdout.write('the types of the tests do not hold: see the top\n');
  const failed = sum('failed') + (types === 0 ? 0 : 1);
  process.stdout.write(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped\n`);
  return failed === 0 ? 0 : 1;
});

import { parseArgs } from 'node:util';
import { rounded } from './result.js';
import { runAll } from './run.js';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { summary } from './table.js';

const USAGE = `Usage: npm run bench -- [--json] [--seconds N] [NAME...]
Names: ${SCENARIOS.map((scenario) => scenario.name).join(', ')}; all of them by default.`;

interface Wanted {
  readonly json: boolean;
  readonly seconds: number;
  readonly scenarios: readonly Scenario[];
}

/** @throws Error where the arguments say nothing that can be done */
function wanted(args: string[]): Wanted {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, seconds: { type: 'string', default: '5' } },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds <= 300)) throw new Error(`--seconds is "${values.seconds}", not 1 to 300.`);
  const unknown = positionals.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(', ')}.`);
  const scenarios = SCENARIOS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  return { json: values.json, seconds, scenarios };
}

async function main(): Promise<number> {
  let asked: Wanted;
  try {
    asked = wanted(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  try {
    const results = await runAll(asked.scenarios, asked.seconds, (line) => console.error(line));
    if (asked.json) for (const result of results) console.log(JSON.stringify(rounded(result)));
    else console.log(summary(results));
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

process.exit(await main());

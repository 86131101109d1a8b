import { stderr } from 'node:process';
import { styleText } from 'node:util';
import { readLogLine } from '../core/logline.js';

const COLOURS = ['cyan', 'magenta', 'green', 'yellow', 'blue'] as const;
const WARN = 40;
const ERROR = 50;

/** Prints the processes' log lines on stderr, each with its process' name in a colour of its own. */
export function printer(verbose: boolean): (name: string, line: string) => void {
  const seen = new Map<string, (typeof COLOURS)[number]>();
  return (name, line) => {
    // nats-server's own log has a form of its own; most of it is about its start.
    const isBus = name === 'nats';
    const shown = isBus
      ? { level: /\[(ERR|FTL)\]|ended|fetch/.test(line) ? WARN : 0, text: line }
      : readLogLine(line);
    if (!verbose && shown.level < WARN) return;
    const colour = seen.get(name) ?? COLOURS[seen.size % COLOURS.length] ?? 'cyan';
    seen.set(name, colour);
    const text = shown.level >= ERROR ? styleText('red', shown.text, { stream: stderr }) : shown.text;
    stderr.write(`${styleText(colour, `[${name}]`, { stream: stderr })} ${text}\n`);
  };
}

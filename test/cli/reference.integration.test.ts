import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { murmuration, ROOT } from '../support/index.js';

/** Each command has a section, `## NAME` or several names in one heading, that names its flags. */
const reference = readFileSync(join(ROOT, 'docs', 'reference', 'commands.md'), 'utf8');

it.each(['up', 'demo', 'send', 'eval', 'hosts', 'agents', 'doctor'])(
  'the reference names every flag of %s',
  async (name) => {
    const section = reference.split(/^## /m).find((part) => {
      return part.split('\n', 1)[0]?.split(', ').includes(name);
    });
    expect(section).toBeDefined();
    const { stdout } = await murmuration([name, '--help']);
    const flags = [...stdout.matchAll(/(--[a-z-]+)/g)].map((match) => match[1]);
    for (const flag of new Set(flags)) if (flag !== '--help') expect(section).toContain(flag);
  },
);

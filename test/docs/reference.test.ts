import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buckets, keys, subjects } from '@murmuration/protocol';
import { ATTRIBUTES, SPANS } from '@murmuration/telemetry';
import { describe, expect, test } from 'vitest';
import { ROOT, read, sources } from './support.js';

/** Names that services read through Config, as they stand in the sources. */
function settings(): Set<string> {
  const found = new Set<string>();
  for (const path of [...sources('services'), ...sources('packages/service/src')]) {
    for (const [, name] of read(path).matchAll(/\.(?:text|number|matching|flag)\(\s*'([A-Z][A-Z0-9_]+)'/g)) {
      if (name !== undefined) found.add(name);
    }
  }
  return found;
}

describe('docs/reference', () => {
  test('configuration.md lists every setting that a service reads', () => {
    const page = read('docs/reference/configuration.md');
    const missing = [...settings()].filter((name) => !page.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });

  test('telemetry.md names every span and attribute, and no other', () => {
    const named = new Set(read('docs/reference/telemetry.md').match(/murmuration\.[a-z_]+(?=[`\s])/g));
    const all = [...Object.values(SPANS), ...Object.values(ATTRIBUTES)];
    expect([...named].sort()).toEqual(all.sort());
  });

  test('subjects.md names every subject and bucket', () => {
    const page = read('docs/reference/subjects.md');
    const spelt = [
      subjects.beat('HOST'),
      subjects.order('HOST'),
      subjects.crop('STREAM'),
      subjects.round(0, 'STREAM').replace('.0.', '.<partition>.'),
      subjects.vote(0, 'HOST').replace('.0.', '.<partition>.'),
      subjects.decision(0, 'STREAM').replace('.0.', '.<partition>.'),
      subjects.event('KIND'),
      keys.placement,
      keys.leader,
    ].map((subject) => subject.replace(/HOST|STREAM|KIND/g, (word) => `<${word.toLowerCase()}>`));
    for (const name of [...spelt, ...Object.values(buckets)]) expect(page).toContain(`\`${name}\``);
  });
});

describe('docs', () => {
  const pages = ['docs', 'docs/guides', 'docs/reference', 'docs/decisions'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  );

  test.each(pages)('%s links to files that are there', (page) => {
    const prose = read(page)
      .replace(/```.*?```/gs, '')
      .replace(/`[^`]*`/g, '');
    const targets = [...prose.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => target ?? '');
    const broken = targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)));
    expect(broken).toEqual([]);
  });
});

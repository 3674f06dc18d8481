import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { catalogue } from './catalogue';

/** Said by a code or a kind that comes at run time. */
const byKind = /^(error|alarm|role|agreement|language|password|table|card|me\.notices|message\.do|place\.nth)\./;

it('has no string that nobody says', () => {
  const root = join(import.meta.dirname, '..');
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(svelte|ts)$/.test(path) && !/^i18n.words|\.test\.ts$/.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
  const unsaid = Object.keys(catalogue).filter((word) => !byKind.test(word) && !sources.includes(`'${word}'`));
  expect(unsaid).toEqual([]);
});

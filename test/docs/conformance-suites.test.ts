import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { areaOf } from '../../src/conformance/check.ts';

it('names no check that does not exist', async () => {
  const text = await readFile(new URL('../../docs/conformance-suites.md', import.meta.url), 'utf8');
  const known = new Set(CATALOGUE.map(({ id }) => id));
  const areas = [...new Set(CATALOGUE.map(areaOf))].join('|');
  const named = [...text.matchAll(new RegExp(`\`((?:${areas})\\.[a-z0-9-]+\\.[a-z0-9-]+)\``, 'g'))].map(
    ([, id]) => id!,
  );
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((id) => !known.has(id))).toEqual([]);
});

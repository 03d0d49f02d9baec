import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SCRUB_NAMES } from '../../src/replay/scrub.ts';

const page = readFileSync(new URL('../../docs/matching.md', import.meta.url), 'utf8');

test.each(SCRUB_NAMES)('docs/matching.md lists the pattern %s', (name) => {
  expect(page).toContain(`\`${name}\``);
});

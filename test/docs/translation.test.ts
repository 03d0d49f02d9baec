import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MEMORY_LIMITS } from '../../src/state/responses.ts';
import { renderPage } from '../translate/coverage/page.ts';
import { computeCoverage } from '../translate/coverage/sections.ts';

const page = readFileSync(new URL('../../docs/translation.md', import.meta.url), 'utf8');

it('docs/translation.md says what the translators do (npm run coverage:translation)', () => {
  expect(renderPage(page, computeCoverage())).toBe(page);
});

it('docs/translation.md says how much is remembered, and for how long', () => {
  const { chars, ttlMs } = MEMORY_LIMITS;
  expect(page).toContain(`${chars / 1024 / 1024} Mi characters`);
  expect(page).toContain(`for ${ttlMs / 3_600_000} hours`);
});

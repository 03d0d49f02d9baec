import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BATTERY } from '../decode/battery/cases.ts';
import { renderDocument } from '../decode/battery/document.ts';
import type { Measured } from '../decode/battery/table.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const measured = JSON.parse(read('fixtures/zstd/measured.json')) as Record<string, Measured>;

// That the answers in measured.json are those we give is the matter of test/decode/battery.test.ts.
it('docs/codings.md is what the battery and its measurements come to (npm run codings)', () => {
  expect(Object.keys(measured)).toEqual(BATTERY.map(({ id }) => id));
  expect(read('docs/codings.md')).toBe(renderDocument(BATTERY, measured));
});

it('no case took more memory than the limit and 16 MiB', () => {
  for (const { memory } of Object.values(measured)) expect(memory).toMatch(/^≤ \d+ MiB$/);
});

it('the reference program decodes what we decode, but for what RFC 9659 and our limits forbid and other formats', () => {
  const differing = BATTERY.filter(({ id, answer }) => {
    const { reference } = measured[id]!;
    return reference !== '-' && 'status' in answer !== reference.startsWith('refuses');
  });
  expect(differing.map(({ id }) => id)).toEqual([
    'zstd/window-128mib',
    'zstd/gzip-inside',
    'zstd/window-over-limit',
    'zstd/bomb-rle',
    'zstd/bomb-zeros',
    'zstd/bomb-frames',
    'zstd/too-many-frames',
    'zstd/too-many-blocks',
    'gzip/bomb-zeros',
  ]);
});

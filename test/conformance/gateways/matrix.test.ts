import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { confirmationOf, writeMatrix } from '../../../src/conformance/gateways/matrix.ts';
import { readEntries } from '../../../src/conformance/gateways/write-matrix.ts';

const DOCUMENT = new URL('../../../docs/gateways.md', import.meta.url);

describe('docs/gateways.md', async () => {
  const entries = await readEntries();

  it('is what the baselines say', async () => {
    expect(await readFile(DOCUMENT, 'utf8')).toBe(writeMatrix(entries));
  });

  it('tells of at least eight gateways', () => {
    expect(new Set(entries.map(({ description }) => JSON.stringify(description.install))).size).toBeGreaterThanOrEqual(
      8,
    );
  });
});

describe('a confirmation', () => {
  const group = { checks: ['zstd.'], how: 'group' };
  const one = { checks: ['errors.status.400-stream'], how: 'one' };
  const dash = { checks: ['errors.strange-'], how: 'dash' };

  it.each([
    ['zstd.responses.long', 'group'],
    ['errors.status.400-stream', 'one'],
    ['errors.status.400-streams', undefined],
    ['wire.zstd.a', undefined],
    ['errors.strange-reset', 'dash'],
  ])('of %s is %s', (check, how) => {
    expect(confirmationOf(check, [group, one, dash])?.how).toBe(how);
  });
});

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { confirmationOf, findingsOf } from '../../../src/conformance/gateways/confirmation.ts';
import { unconfirmedOf, writeMatrix } from '../../../src/conformance/gateways/matrix.ts';
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

  it.each(entries.map((entry) => [entry.description.name, entry] as const))(
    'of %s: what an earlier measurement found is found again, or it is said why not',
    (_, { baseline, known }) => {
      const told = new Set(baseline.seen.map(({ check }) => check));
      for (const { finding, found, note } of known) {
        expect(finding).not.toBe('');
        if (found.length === 0) expect(note ?? '', finding).not.toBe('');
        for (const check of found) expect([...told], finding).toContain(check);
      }
    },
  );
});

describe('what was found of a gateway', async () => {
  const entries = await readEntries();

  it.each(entries.map((entry) => [entry.description.name, entry] as const))(
    '%s: no check broke down by itself',
    (_, { baseline }) => {
      expect(baseline.seen.filter(({ why }) => why.startsWith('the check itself failed'))).toEqual([]);
    },
  );

  it.each(entries.map((entry) => [entry.description.name, entry] as const))(
    '%s: every failure was made sure of',
    (_, entry) => {
      expect(unconfirmedOf(entry).filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    },
  );

  it.each(entries.map((entry) => [entry.description.name, entry] as const))(
    '%s: every confirmation speaks of something, and says how',
    (_, { baseline, confirmations }) => {
      const spoken = new Set(findingsOf(baseline).map((finding) => confirmationOf(finding, confirmations)));
      for (const confirmation of confirmations) {
        expect(confirmation.how).toMatch(/\w{3}/);
        expect(spoken, confirmation.checks.join()).toContain(confirmation);
      }
    },
  );
});

describe('a confirmation', () => {
  const group = { checks: ['zstd.'], how: 'group' };
  const one = { checks: ['errors.status.400-stream'], how: 'one' };
  const dash = { checks: ['errors.strange-'], how: 'dash' };
  const way = { checks: ['wire.'], ways: ['chat->chat'], how: 'way' };
  const says = { checks: ['wire.'], says: 'held back', how: 'says' };

  it.each([
    ['zstd.responses.long', '', '', 'group'],
    ['errors.status.400-stream', '', '', 'one'],
    ['errors.status.400-streams', '', '', undefined],
    ['other.zstd.a', '', '', undefined],
    ['errors.strange-reset', '', '', 'dash'],
    ['wire.a', 'chat->chat', '', 'way'],
    ['wire.a', 'chat->responses', 'it was held back', 'says'],
    ['wire.a', 'chat->responses', 'it was lost', undefined],
  ])('of %s by %s is %s: %s', (check, route, why, how) => {
    const list = [group, one, dash, way, says];
    expect(confirmationOf({ check, way: route, why }, list)?.how).toBe(how);
  });

  it('is about each way of what was seen', () => {
    const seen = [{ check: 'wire.a', verdict: 'fail' as const, routes: ['chat->chat m', ''], why: 'lost' }];
    expect(findingsOf({ seen })).toEqual([
      { check: 'wire.a', verdict: 'fail', way: 'chat->chat', why: 'lost' },
      { check: 'wire.a', verdict: 'fail', way: '', why: 'lost' },
    ]);
  });
});

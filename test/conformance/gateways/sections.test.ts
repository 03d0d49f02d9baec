import { describe, expect, it } from 'vitest';
import type { GatewayDescription } from '../../../src/conformance/gateways/description.ts';
import type { MatrixEntry } from '../../../src/conformance/gateways/matrix.ts';
import { writeMatrix } from '../../../src/conformance/gateways/matrix.ts';
import { sectionLines } from '../../../src/conformance/gateways/sections.ts';

const DESCRIPTION: GatewayDescription = {
  ...{ name: 'made-up', title: 'Made up', version: '1.0', source: 'https://localhost/', notOffered: 'Nothing.' },
  ...{ command: 'run', models: ['m'], install: { by: 'npm', packages: ['made-up@{version}'] } },
};

const ENTRY: MatrixEntry = {
  description: DESCRIPTION,
  baseline: {
    ...{ name: 'made-up', version: '1.0', tool: '0.0.0', date: '2026-11-21' },
    routes: [{ client: 'chat', model: 'm', upstream: 'chat', state: 'open' }],
    clients: [{ client: 'Chat clients', verdict: 'NOT READY' }],
    checks: {
      'wire.a.one': { revision: 1, level: 'must', results: { fail: ['chat->chat m'] } },
      'wire.a.two': { revision: 1, level: 'should', results: { warn: ['chat->chat m'], pass: ['chat->messages m'] } },
      'zstd.b': { revision: 1, level: 'should', results: { warn: [''] } },
    },
    seen: [
      { check: 'wire.a.one', verdict: 'fail', routes: ['chat->chat m'], why: 'a | b is\nlost' },
      { check: 'wire.a.two', verdict: 'warn', routes: ['chat->chat m'], why: 'slow' },
      { check: 'zstd.b', verdict: 'warn', routes: [''], why: 'x'.repeat(300) },
    ],
  },
  confirmations: [
    { cause: 'Nothing that was seen.', checks: ['cache.'], how: 'made up' },
    { cause: 'It loses things.', checks: ['wire.a.'], how: 'read in its code' },
  ],
  known: [{ finding: 'It was slow.', found: ['wire.a.two'], note: 'and is' }],
};

describe('the section of a gateway', () => {
  const lines = sectionLines(ENTRY);

  it('has a row for each cause, with all that it explains', () => {
    const rows = lines.filter((line) => line.includes('read in its code') || line.includes('Nothing that was seen'));
    expect(rows).toEqual(['| fail | It loses things. | `wire.a.one`, `wire.a.two` | chat->chat | read in its code |']);
  });

  it('lists apart what nobody has made sure of, shortened', () => {
    expect(lines).toContain('Leads, not made sure of:');
    expect(lines).toContain(`| warn | \`zstd.b\` |  | ${'x'.repeat(160)}… |`);
  });

  it('says what was seen where a cause has no words of its own, without harm to the table', () => {
    const confirmations = [{ checks: ['wire.a.one'], how: 'tried' }];
    expect(sectionLines({ ...ENTRY, confirmations })).toContain(
      '| fail | a \\| b is lost | `wire.a.one` | chat->chat | tried |',
    );
  });

  it('tells what was known before', () => {
    expect(lines).toContain('| It was slow. | `wire.a.two`, and is |');
  });

  it('says so where nothing was found', () => {
    const baseline = { ...ENTRY.baseline, seen: [] };
    expect(sectionLines({ ...ENTRY, baseline, known: [] })).toContain('Nothing was found.');
  });
});

describe('the matrix', () => {
  it('counts what passed of what was judged, and promises no more than was made sure of', () => {
    const text = writeMatrix([ENTRY]);
    expect(text).toContain('| [Made up](#made-up) | 1.0 | 1/3 | 0/1 | 1 | 2026-11-21 |');
    expect(text).toContain('| [Made up](#made-up) | 1.0 | not ready |');
    expect(text).toContain('3 times a check found something');
    expect(text).toContain('2 of these, among them every failure, belong to a cause that was made sure of');
    expect(writeMatrix([{ ...ENTRY, confirmations: [] }])).toMatch(/^# Real gateways: a first look\n/);
  });
});

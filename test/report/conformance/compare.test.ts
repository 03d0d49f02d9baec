import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { compareReports, comparisonLines } from '../../../src/report/conformance/compare.ts';
import type { CheckResult } from '../../../src/report/conformance/model.ts';
import { MADE_CHECKS, madeReport } from './report.ts';

const passed = (check: string, route: string, model = 'gpt-5.5'): CheckResult => ({
  check,
  route,
  model,
  verdict: 'pass',
});
const failed = (check: string, route: string): CheckResult => ({ ...passed(check, route), verdict: 'fail' });
const ID = 'wire.stream.first';

describe('compareReports', () => {
  it('finds what differs, what only one has, and counts the rest', () => {
    const a = madeReport({
      results: [passed(ID, 'chat->chat'), passed(ID, 'responses->chat'), failed('x.y', 'chat->chat')],
    });
    const b = madeReport({
      results: [passed(ID, 'chat->chat'), failed(ID, 'responses->chat'), passed('z.z', 'chat->chat')],
    });
    expect(compareReports(a, b)).toEqual({
      same: 1,
      differences: [
        { check: ID, client: 'responses', a: 'pass', b: 'fail' },
        { check: 'x.y', client: 'chat', a: 'fail' },
        { check: 'z.z', client: 'chat', b: 'pass' },
      ],
    });
  });

  it('compares two gateways, whatever their providers speak and their models are called', () => {
    const a = madeReport({ results: [passed(ID, 'responses->chat', 'a')] });
    const b = madeReport({ results: [passed(ID, 'responses->messages', 'b')] });
    expect(compareReports(a, b)).toEqual({ same: 1, differences: [] });
  });

  it('keeps the results of two real clients apart, and those of a real client from the check alone', () => {
    const of = (client: string, verdict: 'pass' | 'fail'): CheckResult => ({
      ...passed(ID, 'responses->chat'),
      client,
      verdict,
    });
    const plain = passed(ID, 'responses->chat');
    const a = madeReport({ results: [plain, of('Codex 0.113.0', 'pass'), of('Codex 0.169.0', 'pass')] });
    const b = madeReport({ results: [plain, of('Codex 0.113.0', 'fail'), of('Codex 0.169.0', 'pass')] });
    expect(compareReports(a, b)).toEqual({
      same: 2,
      differences: [{ check: ID, client: 'responses', realClient: 'Codex 0.113.0', a: 'pass', b: 'fail' }],
    });
    const lines = comparisonLines(a, b, { colour: new Chalk({ level: 0 }), width: undefined });
    expect(lines).toContain('wire.stream.first  responses  Codex 0.113.0  pass  fail');
  });

  it('tells a check that is another one', () => {
    const checks = MADE_CHECKS.map((check) => ({ ...check, revision: 2 }));
    const b = madeReport({ checks, results: [failed(ID, 'chat->chat')] });
    const { differences } = compareReports(madeReport({ results: [passed(ID, 'chat->chat')] }), b);
    expect(differences).toEqual([{ check: ID, client: 'chat', a: 'pass', b: 'fail', revised: true }]);
  });
});

it('comparisonLines shows both verdicts and both readinesses side by side', () => {
  const a = madeReport({ results: [passed(ID, 'chat->chat')], clients: [] });
  const b = madeReport({ results: [failed(ID, 'chat->chat')] });
  const lines = comparisonLines(a, b, { colour: new Chalk({ level: 0 }), width: undefined });
  expect(lines).toContain('wire.stream.first  chat    pass  fail');
  expect(lines).toContain('  a  not asked for');
  expect(lines).toContain('  b  NOT READY (must: 2 of 3 ran, 1 passed, 1 failed; should: 0 of 1 passed)');
  expect(lines.at(-1)).toBe('1 difference, 0 the same');
});

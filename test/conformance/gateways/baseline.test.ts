import { describe, expect, it } from 'vitest';
import { baselineOf, mergeBaselines, rejudge, reportOfBaseline } from '../../../src/conformance/gateways/baseline.ts';
import { writeBaseline } from '../../../src/conformance/gateways/write-matrix.ts';
import { holdAgainstBaseline } from '../../../src/report/conformance/baseline.ts';
import type { CheckResult, ConformanceReport } from '../../../src/report/conformance/model.ts';
import { countResults } from '../../../src/report/conformance/model.ts';

const PLACE = { route: 'responses->chat', model: 'chat/m' };
const PASSED: CheckResult = { check: 'wire.a.one', verdict: 'pass', ...PLACE };
const FAILED: CheckResult = {
  check: 'wire.a.two',
  verdict: 'fail',
  ...PLACE,
  faults: [{ message: 'lost resp_0123456789ab' }],
};
const WHOLE: CheckResult = { check: 'wire.a.three', verdict: 'warn', reason: 'there is none' };

function reportOf(results: CheckResult[]): ConformanceReport {
  const facts = { requirement: 'r', source: 's', level: 'must', profiles: [], area: 'wire' } as const;
  return {
    ...{ tapedeckConformance: 1, tool: '0.0.0', mode: 'hermetic', clients: [], notJudged: [] },
    gateway: { url: 'http://127.0.0.1:1/v1', name: 'made-up', version: '1.0' },
    options: { models: ['chat/m'], strictness: 'on', level: 'all', profiles: [], seed: 's' },
    routes: [{ client: 'responses', model: 'chat/m', upstream: 'chat', state: 'open', detail: 'told' }],
    checks: ['one', 'two', 'three', 'four'].map((name) => ({ id: `wire.a.${name}`, revision: 2, ...facts })),
    results,
    counts: countResults(results),
  };
}

describe('a baseline', () => {
  const report = reportOf([PASSED, FAILED, WHOLE]);
  const baseline = baselineOf(report, '2026-11-21');

  it('keeps every verdict, and why what failed did', () => {
    expect(baseline.checks).toEqual({
      'wire.a.one': { revision: 2, level: 'must', results: { pass: ['responses->chat chat/m'] } },
      'wire.a.two': { revision: 2, level: 'must', results: { fail: ['responses->chat chat/m'] } },
      'wire.a.three': { revision: 2, level: 'must', results: { warn: [''] } },
    });
    expect(baseline.seen).toEqual([
      { check: 'wire.a.two', verdict: 'fail', routes: ['responses->chat chat/m'], why: 'lost (id)' },
      { check: 'wire.a.three', verdict: 'warn', routes: [''], why: 'there is none' },
    ]);
  });

  it('is read again as it was written', () => {
    expect(JSON.parse(writeBaseline(baseline))).toEqual(baseline);
  });

  it('tells what is known from what got worse', () => {
    const now = reportOf([
      { ...FAILED, check: 'wire.a.one' },
      FAILED,
      { ...WHOLE, verdict: 'pass' },
      { ...FAILED, check: 'wire.a.four' },
    ]);
    const { results } = holdAgainstBaseline(now, reportOfBaseline(baseline));
    expect(results.map(({ change }) => change)).toEqual(['regressed', 'known', undefined, 'new check']);
  });

  it('knows real clients apart', () => {
    const own = { ...FAILED, client: 'Codex 0.169.0' };
    const alone = { check: own.check, verdict: 'fail', client: 'Claude Code 2.1.329' } as const;
    expect(reportOfBaseline(baselineOf(reportOf([own, alone, FAILED]), 'd')).results).toEqual([
      { check: own.check, verdict: 'fail', ...PLACE, client: own.client },
      alone,
      { check: own.check, verdict: 'fail', ...PLACE },
    ]);
  });

  it('takes what was tried once more in the place of what was there, in the order of the catalogue', () => {
    const again = baselineOf(reportOf([{ ...FAILED, verdict: 'pass' }]), '2026-11-22');
    const merged = mergeBaselines(baseline, again, report.checks);
    expect(merged.date).toBe('2026-11-22');
    expect(Object.keys(merged.checks)).toEqual(['wire.a.one', 'wire.a.two', 'wire.a.three']);
    expect(merged.checks['wire.a.two']?.results).toEqual({ pass: ['responses->chat chat/m'] });
    expect(merged.seen.map(({ check }) => check)).toEqual(['wire.a.three']);
  });

  it('drops what the catalogue does not have any more', () => {
    const kept = report.checks.filter(({ id }) => id !== 'wire.a.three');
    const merged = mergeBaselines(baseline, { ...baseline, checks: {}, seen: [] }, kept);
    expect([...Object.keys(merged.checks), ...merged.seen.map(({ check }) => check)]).not.toContain('wire.a.three');
  });

  it('is judged by the rules of today', () => {
    const facts = report.checks.map((check) => ({ ...check, profiles: ['openai' as const] }));
    const mine = {
      ...baseline,
      routes: [{ client: 'chat' as const, model: 'chat/m', upstream: 'chat' as const, state: 'open' as const }],
    };
    const results = { fail: ['chat->chat chat/m'] };
    const judged = rejudge({ ...mine, checks: { 'wire.a.two': { revision: 2, level: 'must', results } } }, facts);
    expect(judged.clients.find(({ client }) => client === 'Chat clients')?.verdict).toBe('NOT READY');
  });
});

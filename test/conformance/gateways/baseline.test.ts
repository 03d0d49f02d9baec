import { describe, expect, it } from 'vitest';
import { baselineOf, reportOfBaseline } from '../../../src/conformance/gateways/baseline.ts';
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
    const own = { ...FAILED, client: 'codex 0.169.0' };
    expect(reportOfBaseline(baselineOf(reportOf([own]), 'd')).results).toEqual([
      { check: own.check, verdict: 'fail', ...PLACE, client: own.client },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/conformance/check.ts';
import { holdAgainstBaseline } from '../../../src/report/conformance/baseline.ts';
import { type CheckResult, exitOfReport, type RouteFacts } from '../../../src/report/conformance/model.ts';
import { madeCheck, madeReport } from './report.ts';

const ID = 'wire.stream.first';

function reportWith(verdict: Verdict | undefined, { revision = 1, route = 'responses->chat' } = {}) {
  const results: CheckResult[] = verdict === undefined ? [] : [{ check: ID, route, model: 'gpt-5.5', verdict }];
  return madeReport({ checks: [madeCheck({ id: ID, revision })], results });
}

describe('holdAgainstBaseline', () => {
  it.each([
    ['a failure that was there', 'fail', 'fail', 'known', 0],
    ['an error that was there', 'error', 'error', 'known', 0],
    ['a failure where there was an error', 'error', 'fail', 'known', 0],
    ['a failure where it passed', 'pass', 'fail', 'regressed', 6],
    ['a failure where it warned', 'warn', 'fail', 'regressed', 6],
    ['a pass where it failed', 'fail', 'pass', 'fixed', 0],
    ['a warning where it failed', 'fail', 'warn', undefined, 0],
    ['a pass where it passed', 'pass', 'pass', undefined, 0],
    ['an error where it passed', 'pass', 'error', undefined, 1],
    ['a failure of what was not tried', undefined, 'fail', 'new check', 1],
  ] as const)('tells %s', (_, before, now, change, code) => {
    const held = holdAgainstBaseline(reportWith(now), reportWith(before));
    expect(held.results[0]?.change).toBe(change);
    expect(Object.entries(held.baseline!.counts).filter(([, count]) => count > 0)).toEqual(
      change === undefined ? [] : [[change, 1]],
    );
    expect(exitOfReport(held)).toBe(code);
  });

  it('tells a changed check from a changed gateway', () => {
    const held = holdAgainstBaseline(reportWith('fail', { revision: 2 }), reportWith('pass'));
    expect(held.results[0]?.change).toBe('check changed');
    expect(exitOfReport(held)).toBe(1);
    const still = holdAgainstBaseline(reportWith('fail', { revision: 2 }), reportWith('fail'));
    expect(still.results[0]?.change).toBe('known');
  });

  it('takes another route for another result', () => {
    const held = holdAgainstBaseline(reportWith('fail'), reportWith('fail', { route: 'chat->chat' }));
    expect(held.results[0]?.change).toBe('new check');
  });

  it('takes a route that is open no more for a regression', () => {
    const closed: RouteFacts[] = [{ client: 'responses', model: 'gpt-5.5', state: 'failed', detail: '500' }];
    const held = holdAgainstBaseline({ ...reportWith('pass'), routes: closed }, reportWith('pass'));
    expect(held.baseline?.lost).toEqual([{ client: 'responses', model: 'gpt-5.5' }]);
    expect(exitOfReport(held)).toBe(6);
  });

  it('asks for no route of a model that was not tried', () => {
    const other: RouteFacts[] = [{ client: 'responses', model: 'other', upstream: 'chat', state: 'open' }];
    const held = holdAgainstBaseline({ ...reportWith('pass'), routes: other }, reportWith('pass'));
    expect(held.baseline?.lost).toEqual([]);
  });

  it('says which report it was', () => {
    const { baseline } = holdAgainstBaseline(reportWith('pass'), { ...reportWith('pass'), tool: '0.0.9' });
    expect(baseline).toMatchObject({ tool: '0.0.9', gateway: { name: 'some-gateway', version: '1.2.3' } });
  });
});

import { describe, expect, it } from 'vitest';
import { exitOfReport, type Waiver } from '../../../src/report/conformance/model.ts';
import { applyWaivers } from '../../../src/report/conformance/waivers.ts';
import { MADE_RESULTS, madeReport } from './report.ts';

const KNOWN = new Set(['wire.stream.first', 'wire.stream.second']);
const WAIVER: Waiver = { id: 'wire.stream.first', reason: 'r', link: 'l', expires: '2026-05-31' };

function apply(waivers: Waiver[], today = '2026-05-31') {
  const [failure] = MADE_RESULTS;
  return applyWaivers(madeReport({ results: [failure!] }), waivers, KNOWN, today);
}

describe('applyWaivers', () => {
  it('waives a failure up to the last day', () => {
    const report = apply([WAIVER]);
    expect(report.results[0]).toMatchObject({
      verdict: 'fail',
      waived: { reason: 'r', link: 'l', expires: '2026-05-31' },
    });
    expect(report.counts).toMatchObject({ fail: 1, waived: 1 });
    expect(exitOfReport(report)).toBe(0);
  });

  it('tells an expired one, and does not count it', () => {
    const report = apply([WAIVER], '2026-06-01');
    expect(report.results[0]?.waived).toBeUndefined();
    expect(report.waivers).toEqual([{ ...WAIVER, state: 'expired' }]);
    expect(exitOfReport(report)).toBe(1);
  });

  it('may speak of one route alone', () => {
    expect(exitOfReport(apply([{ ...WAIVER, route: 'responses->chat' }]))).toBe(0);
    const other = apply([{ ...WAIVER, route: 'chat->chat' }]);
    expect(exitOfReport(other)).toBe(1);
    expect(other.waivers?.[0]?.state).toBe('unused');
  });

  it.each([
    ['model', 'gpt-5.5', 'other'],
    ['client', 'Codex 0.169.0', 'Codex 0.113.0'],
  ] as const)('may speak of one %s alone', (part, own, other) => {
    const [failure] = MADE_RESULTS;
    const results = [own, other].map((value) => ({ ...failure!, [part]: value }));
    const report = applyWaivers(madeReport({ results }), [{ ...WAIVER, [part]: own }], KNOWN, '2026-05-31');
    expect(report.results.map(({ waived }) => waived !== undefined)).toEqual([true, false]);
    expect(report.counts).toMatchObject({ fail: 2, waived: 1 });
  });

  it('tells those of checks that there are not, and those that nothing needs', () => {
    const { waivers } = apply([
      WAIVER,
      { ...WAIVER, id: 'wire.stream.second' },
      { ...WAIVER, id: 'wire.gone', expires: '2020-01-01' },
    ]);
    expect(waivers?.map(({ state }) => state)).toEqual(['used', 'unused', 'unknown']);
  });

  it('leaves what does not fail as it is', () => {
    const report = applyWaivers(madeReport(), [{ ...WAIVER, id: 'wire.stream.second' }], KNOWN, '2026-01-01');
    expect(report.results.some(({ waived }) => waived !== undefined)).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { writeJson } from '../../../src/report/results/json.ts';
import { mergeReports } from '../../../src/report/results/merge.ts';
import type { CassetteResult, ReplayReport } from '../../../src/report/results/model.ts';
import { madeReport } from './report.ts';

const whole = madeReport();
const [a, b] = whole.cassettes as [CassetteResult, CassetteResult];

function part(shard: string, exchanges: CassetteResult['exchanges'], leftovers: boolean): ReplayReport {
  const { leftovers: own, served, ...rest } = a;
  const cassette = { ...rest, ...(leftovers ? { leftovers: own!, served: served! } : {}), exchanges };
  return madeReport({ shard, cassettes: [b, cassette] });
}

const first = { name: 'one', report: part('1/2', [a.exchanges[1]!], false) };
const second = { name: 'two', report: part('2/2', [a.exchanges[0]!], true) };

describe('mergeReports', () => {
  it('makes of all parts what one run would have written', () => {
    expect(writeJson(mergeReports([second, first]))).toBe(writeJson(whole));
  });

  it('adds up what was served and what was denied', () => {
    const served = (report: ReplayReport, number: number, denied: number): ReplayReport => ({
      ...report,
      cassettes: report.cassettes.map((one) => (one.cassette === 'a.har' ? { ...one, served: number } : one)),
      receipt: { served: number, denied },
    });
    const parts = [
      { name: 'one', report: served(first.report, 2, 1) },
      { name: 'two', report: served(second.report, 3, 4) },
    ];
    expect(mergeReports(parts).receipt).toEqual({ served: 5, denied: 5 });
    expect(mergeReports(parts).cassettes[0]!.served).toBe(5);
  });

  it('joins reports of different cassettes', () => {
    const one = { name: 'one', report: madeReport({ cassettes: [b] }) };
    const two = { name: 'two', report: madeReport({ cassettes: [a] }) };
    expect(writeJson(mergeReports([one, two]))).toBe(writeJson(whole));
    expect(writeJson(mergeReports([{ name: 'one', report: whole }]))).toBe(writeJson(whole));
  });

  it.each<[string, { name: string; report: ReplayReport }[], RegExp]>([
    ['nothing', [], /nothing to merge/],
    ['a part that is missing', [first], /2\/2 is missing/],
    ['a part twice', [first, second, first], /1\/2 is there twice/],
    ['a part and a whole', [first, second, { name: 'x', report: madeReport() }], /no part of the same whole/],
    [
      'parts of another number',
      [first, second, { name: 'x', report: part('3/3', [], false) }],
      /no part of the same whole/,
    ],
    [
      'other flags',
      [first, { ...second, report: { ...second.report, options: { ...second.report.options, splits: 'all' } } }],
      /differ in their options/,
    ],
    ['another version', [first, { ...second, report: { ...second.report, tool: '9.9.9' } }], /differ in their tool/],
    [
      'the same twice',
      [
        { name: 'x', report: whole },
        { name: 'y', report: whole },
      ],
      /exchange x1 of a\.har that another report/,
    ],
  ])('refuses %s', (_, reports, message) => {
    expect(() => mergeReports(reports)).toThrow(message);
  });
});

import { describe, expect, it } from 'vitest';
import { BESIDE, type Explanation, judgeReport, type Mutant, placeOf, type Report } from './explanations.ts';

const SOURCE = `export function name(value: unknown): string {
  if (value === '') return '';
  return [
    String(value),
  ].join('');
}
`;

/** A mutant of `SOURCE` between two places, each `line:column`. */
function mutant(from: string, to: string, mutatorName: string, replacement: string, status: Mutant['status']): Mutant {
  const place = (text: string) => {
    const [line = 0, column = 0] = text.split(':').map(Number);
    return { line, column };
  };
  return { mutatorName, replacement, status, location: { start: place(from), end: place(to) } };
}

const REPORT: Report = {
  files: {
    'src/translate/shared/name.ts': {
      source: SOURCE,
      mutants: [
        mutant('2:7', '2:19', 'ConditionalExpression', 'true', 'Killed'),
        mutant('2:7', '2:19', 'ConditionalExpression', 'false', 'Survived'),
        mutant('2:17', '2:19', 'StringLiteral', '"Stryker was here!"', 'Survived'),
        mutant('2:28', '2:30', 'StringLiteral', '"Stryker was here!"', 'NoCoverage'),
        mutant('3:10', '5:4', 'ArrayDeclaration', '[]', 'Survived'),
        mutant('5:10', '5:12', 'StringLiteral', '"Stryker was here!"', 'Timeout'),
      ],
    },
    'src/translate/hops.ts': { source: 'a', mutants: [mutant('1:1', '1:2', 'X', 'b', 'Pending')] },
    'src/proxy/server.ts': { source: 'a', mutants: [mutant('1:1', '1:2', 'X', 'b', 'Survived')] },
  },
};

const judge = (...entries: Explanation[]) => judgeReport(REPORT, new Map([['shared', entries]])).get('shared')!;
const PLACE = { file: 'name.ts', why: 'made up' };

describe('the verdict on a folder', () => {
  it('counts its mutants, and tells each survivor by what it changes', () => {
    const { unexplained, ...counts } = judge();
    expect(counts).toEqual({ killed: 2, survived: 3, notReached: 1, explained: 0, idle: [], pending: 0 });
    expect(unexplained.map(({ line, reached, code, to }) => ({ line, reached, code, to }))).toEqual([
      { line: 2, reached: true, code: "value === ''", to: 'false' },
      { line: 2, reached: true, code: "''", to: '"Stryker was here!"' },
      { line: 2, reached: false, code: "''", to: '"Stryker was here!"' },
      { line: 3, reached: true, code: '[ String(value), ]', to: '[]' },
    ]);
  });

  it('has the files of every folder in one, and those beside them in another', () => {
    const verdicts = judgeReport(REPORT, new Map());
    expect([...verdicts.keys()]).toEqual([BESIDE, 'shared']);
    expect(verdicts.get(BESIDE)).toMatchObject({ killed: 0, pending: 1 });
    expect(placeOf('src/translate/shared/a.ts')).toEqual({ folder: 'shared', file: 'a.ts' });
    expect(placeOf('src/translate/a.ts')).toEqual({ folder: BESIDE, file: 'a.ts' });
    expect(placeOf('src/a.ts')).toBeUndefined();
  });

  const CASES: [name: string, entry: Explanation, explained: number, idle: string[]][] = [
    ['the snippet', { ...PLACE, code: "value === ''" }, 1, []],
    ['several snippets', { ...PLACE, codes: ["value === ''", "''"] }, 3, []],
    ['the beginning of a snippet', { ...PLACE, code: '[ String…' }, 1, []],
    ['a part of the line', { ...PLACE, code: "''", line: "return '';" }, 2, []],
    ['a part of another line', { ...PLACE, code: "''", line: 'join' }, 0, ["name.ts: ''"]],
    ['the replacement', { ...PLACE, code: "''", to: '"Stryker…' }, 2, []],
    ['another replacement', { ...PLACE, code: "''", to: '""' }, 0, ["name.ts: ''"]],
    ['the kind of change', { ...PLACE, code: "''", mutator: 'StringLiteral' }, 2, []],
    ['one of several kinds', { ...PLACE, code: "''", mutators: ['X', 'StringLiteral'] }, 2, []],
    ['another kind of change', { ...PLACE, code: "''", mutator: 'X' }, 0, ["name.ts: ''"]],
    ['another file', { ...PLACE, file: 'other.ts', code: "''" }, 0, ["other.ts: ''"]],
    ['one snippet of two', { ...PLACE, codes: ["''", 'gone'] }, 2, ['name.ts: gone']],
    ['no snippet', PLACE, 0, ['name.ts: an explanation without code']],
  ];
  it.each(CASES)('takes an explanation by %s', (_name, entry, explained, idle) => {
    const verdict = judge(entry);
    expect(verdict).toMatchObject({ explained, idle });
    expect(verdict.unexplained).toHaveLength(4 - explained);
  });
});

import type { ChalkInstance } from 'chalk';
import type { Verdict } from '../../conformance/check.ts';
import { type Column, formatTable } from '../table.ts';
import { oneLine } from '../text.ts';
import { type ConformanceReport, keyOfResult } from './model.ts';
import { countsText, headOf, tallyText } from './words.ts';

/** What two reports say differently. */
export interface Comparison {
  /** Results of which the verdicts differ, in the order of the first report; what only the second has comes last. */
  differences: Difference[];
  /** How many results are in both with the same verdict. */
  same: number;
}

export interface Difference {
  check: string;
  route?: string;
  model?: string;
  /** Absent: it was not tried there. */
  a?: Verdict;
  b?: Verdict;
  /** The check itself is another one. */
  revised?: true;
}

/** Compares by check, route and model. */
export function compareReports(a: ConformanceReport, b: ConformanceReport): Comparison {
  const [left, right] = [verdictsOf(a), verdictsOf(b)];
  const [oldRevisions, newRevisions] = [revisionsOf(a), revisionsOf(b)];
  const differences: Difference[] = [];
  let same = 0;
  for (const [key, place] of new Map([...placesOf(a), ...placesOf(b)])) {
    const [before, after] = [left.get(key), right.get(key)];
    if (before === after) same += 1;
    else {
      const [was, is] = [oldRevisions.get(place.check), newRevisions.get(place.check)];
      differences.push({
        ...place,
        ...(before === undefined ? {} : { a: before }),
        ...(after === undefined ? {} : { b: after }),
        ...(was !== undefined && is !== undefined && was !== is ? { revised: true } : {}),
      });
    }
  }
  return { differences, same };
}

function verdictsOf({ results }: ConformanceReport): Map<string, Verdict> {
  return new Map(results.map((result) => [keyOfResult(result), result.verdict]));
}

function placesOf({ results }: ConformanceReport): Map<string, Pick<Difference, 'check' | 'route' | 'model'>> {
  return new Map(
    results.map((result) => {
      const { check, route, model } = result;
      const place = { check, ...(route === undefined ? {} : { route }), ...(model === undefined ? {} : { model }) };
      return [keyOfResult(result), place];
    }),
  );
}

function revisionsOf({ checks }: ConformanceReport): Map<string, number> {
  return new Map(checks.map(({ id, revision }) => [id, revision]));
}

/** For a terminal: both side by side, as far as they differ. @param width columns; undefined: as wide as need be */
export function comparisonLines(
  a: ConformanceReport,
  b: ConformanceReport,
  { colour, width }: { colour: ChalkInstance; width: number | undefined },
): string[] {
  const { differences, same } = compareReports(a, b);
  const models = new Set(differences.map(({ model }) => model)).size > 1;
  const verdict = (side: 'a' | 'b'): Column<Difference> => ({
    title: side,
    value: (row) => row[side] ?? 'not tried',
    paint: (cell, row) => paintVerdict(row[side], cell, colour),
  });
  const columns: Column<Difference>[] = [
    { title: 'check', value: ({ check }) => check, flexible: { min: 24 } },
    { title: 'route', value: ({ route = '' }) => oneLine(route) },
    ...(models ? [{ title: 'model', value: ({ model = '' }: Difference) => oneLine(model), drop: 1 }] : []),
    verdict('a'),
    verdict('b'),
    { title: '', value: ({ revised }) => (revised ? 'check changed' : ''), drop: 2 },
  ];
  return [
    `${colour.bold('a')}  ${headOf(a)}`,
    `   ${countsText(a.counts)}`,
    `${colour.bold('b')}  ${headOf(b)}`,
    `   ${countsText(b.counts)}`,
    '',
    ...(differences.length === 0 ? [] : [...formatTable(columns, differences, width, colour.dim), '']),
    ...clientLines(a, b),
    `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}, ${same} the same`,
  ];
}

function paintVerdict(verdict: Verdict | undefined, cell: string, colour: ChalkInstance): string {
  if (verdict === 'pass') return colour.green(cell);
  return verdict === 'fail' || verdict === 'error' ? colour.red(cell) : colour.yellow(cell);
}

function clientLines(a: ConformanceReport, b: ConformanceReport): string[] {
  const names = [...new Set([...a.clients, ...b.clients].map(({ client }) => client))];
  const lines = names.flatMap((name) => {
    const told = [a, b].map(({ clients }) => clients.find(({ client }) => client === name));
    const [left, right] = told.map((found) => (found ? `${found.verdict} (${tallyText(found)})` : 'not asked for'));
    return left === right ? [`${name}: ${left}`] : [`${name}`, `  a  ${left}`, `  b  ${right}`];
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

import type { ChalkInstance } from 'chalk';
import type { Verdict } from '../../conformance/check.ts';
import { type Column, formatTable } from '../table.ts';
import { oneLine } from '../text.ts';
import type { ConformanceReport } from './model.ts';
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
  /** What the client speaks; what the provider does may be part of what differs. */
  client?: string;
  /** Where one of the reports has several. */
  model?: string;
  /** The real client that was run, with its version. */
  realClient?: string;
  /** Absent: it was not tried there. */
  a?: Verdict;
  b?: Verdict;
  /** The check itself is another one. */
  revised?: true;
}

type Place = Pick<Difference, 'check' | 'client' | 'model' | 'realClient'>;

/** Compares by check, client protocol, real client and, where there are several, model. */
export function compareReports(a: ConformanceReport, b: ConformanceReport): Comparison {
  const several = a.options.models.length > 1 || b.options.models.length > 1;
  const [left, right] = [tableOf(a, several), tableOf(b, several)];
  const [old, now] = [revisionsOf(a), revisionsOf(b)];
  const differences: Difference[] = [];
  let same = 0;
  for (const [key, { place }] of new Map([...left, ...right])) {
    const [before, after] = [left.get(key)?.verdict, right.get(key)?.verdict];
    const [was, is] = [old.get(place.check), now.get(place.check)];
    if (before === after) same += 1;
    else {
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

function tableOf({ results }: ConformanceReport, several: boolean): Map<string, { place: Place; verdict: Verdict }> {
  return new Map(
    results.map(({ check, route, model, client: realClient, verdict }) => {
      const client = route?.split('->')[0];
      const place = {
        check,
        ...(client === undefined ? {} : { client }),
        ...(several && model !== undefined ? { model } : {}),
        ...(realClient === undefined ? {} : { realClient }),
      };
      return [JSON.stringify(place), { place, verdict }];
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
  const verdict = (side: 'a' | 'b'): Column<Difference> => ({
    title: side,
    value: (row) => row[side] ?? 'not tried',
    paint: (cell, row) => paintVerdict(row[side], cell, colour),
  });
  const columns: Column<Difference>[] = [
    { title: 'check', value: ({ check }) => check, flexible: { min: 24 } },
    { title: 'client', value: ({ client = '' }) => client },
    { title: 'real client', value: ({ realClient = '' }) => oneLine(realClient) },
    { title: 'model', value: ({ model = '' }) => oneLine(model), drop: 1 },
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

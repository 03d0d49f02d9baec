import type { ChalkInstance } from 'chalk';
import type { Verdict } from '../../conformance/check.ts';
import { formatCount } from '../format.ts';
import { type Column, formatTable } from '../table.ts';
import { oneLine } from '../text.ts';
import { type AreaRow, areaRows, usedVerdicts } from './areas.ts';
import { type ConformanceReport, isBad, type Readiness } from './model.ts';
import { type RealClientText, realClientTexts } from './real-clients.ts';
import {
  baselineLines,
  countsText,
  faultLines,
  groupReasons,
  groupResults,
  headOf,
  MOST_FAULTS,
  type ResultGroup,
  rankFailures,
  routeText,
  SILENT_VERDICTS,
  standingOf,
  tallyText,
  waiverLines,
} from './words.ts';

/** For a terminal: what failed with its evidence, then warnings, a table by area, what it means for each client, what was not judged. */
export function writeText(report: ConformanceReport, colour: ChalkInstance): string {
  const several = report.options.models.length > 1;
  const failures = rankFailures(groupResults(report, isBad));
  const warnings = groupResults(report, ({ verdict }) => verdict === 'warn');
  const lines = [
    colour.bold(headOf(report)),
    ...report.routes.map((route) => {
      const text = `  ${routeText(route, several)}`;
      return route.state === 'failed' ? colour.yellow(text) : colour.dim(text);
    }),
    ...section(
      'Failed',
      failures.flatMap((group) => groupLines(group, colour)),
      colour,
    ),
    ...section(
      'Warnings',
      warnings.flatMap((group) => groupLines(group, colour)),
      colour,
    ),
    ...SILENT_VERDICTS.flatMap((verdict) => silentSection(verdict, report, colour)),
    ...section('Fixed since the baseline', fixedLines(report), colour),
    ...section('Baseline', indent(baselineLines(report)), colour),
    ...section('Waivers', indent(waiverLines(report)), colour),
    ...section('Areas', indent(areaTable(report, colour)), colour),
    ...section(
      'Clients',
      report.clients.flatMap((client) => clientLines(client, widestOf(report), colour)),
      colour,
    ),
    ...section('Real clients', indent(realClientTexts(report).flatMap(realClientLines)), colour),
    ...section('Not judged', indent(report.notJudged.map(oneLine)), colour),
    '',
    countsText(report.counts),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[], colour: ChalkInstance): string[] {
  return lines.length === 0 ? [] : ['', colour.bold(title), ...lines];
}

function realClientLines({ verdict, troubles }: RealClientText): string[] {
  return [verdict, ...indent(troubles)];
}

function indent(lines: readonly string[], by = 2): string[] {
  return lines.map((line) => ' '.repeat(by) + line);
}

const MARKS: Partial<Record<Verdict, (colour: ChalkInstance) => string>> = {
  fail: (colour) => colour.red('✗'),
  error: (colour) => colour.red('error'),
  warn: (colour) => colour.yellow('!'),
};

function groupLines({ check, result, places }: ResultGroup, colour: ChalkInstance): string[] {
  const { verdict, reason, faults = [], notes = [], evidence, reproduce, control } = result;
  const mark = MARKS[verdict]?.(colour) ?? verdict;
  const standing = standingOf(result).map((text) => colour.cyan(` [${text}]`));
  const more = faults.length - MOST_FAULTS;
  return [
    `${mark} ${colour.bold(check.id)} ${colour.dim(check.level)}${standing.join('')}`,
    ...(places.length === 0 ? [] : [`    ${places.map(oneLine).join(', ')}`]),
    `    ${colour.dim(oneLine(`${check.requirement} (${check.source})`))}`,
    ...(reason === undefined ? [] : [`    ${oneLine(reason)}`]),
    ...faults.slice(0, MOST_FAULTS).flatMap((fault) => faultText(faultLines(fault), colour)),
    ...(more > 0 ? [`    … and ${more} more`] : []),
    ...notes.map((note) => `    ${colour.yellow('note')} ${oneLine(note)}`),
    ...(control === undefined ? [] : [`    ${colour.dim(`our own proxy: ${control}`)}`]),
    ...(evidence === undefined ? [] : [`    ${colour.dim('see')} tapedeck show ${evidence.gateway}`]),
    ...(reproduce === undefined ? [] : [`    ${colour.dim('run')} ${oneLine(reproduce)}`]),
  ];
}

function faultText([message = '', ...details]: string[], colour: ChalkInstance): string[] {
  return [`    ${message}`, ...details.map((line) => `      ${paintDetail(line, colour)}`)];
}

function paintDetail(line: string, colour: ChalkInstance): string {
  if (line.startsWith('- ')) return colour.red(line);
  return line.startsWith('+ ') ? colour.green(line) : colour.dim(line);
}

/** Checks of one reason that are named; the JSON report names all. */
const MOST_OF_REASON = 6;

function silentSection(verdict: (typeof SILENT_VERDICTS)[number], report: ConformanceReport, colour: ChalkInstance) {
  const named = ({ check, places }: ResultGroup) =>
    `${check.id}${places.length === 0 ? '' : ` ${colour.dim(places.map(oneLine).join(', '))}`}`;
  const groups = groupResults(report, (result) => result.verdict === verdict);
  const lines = groupReasons(groups).flatMap(({ why, groups: [first, ...others] }) => {
    if (others.length === 0) return [`  ${named(first!)}: ${why}`];
    const more = others.length + 1 - MOST_OF_REASON;
    return [
      `  ${formatCount(others.length + 1, 'check')}: ${why}`,
      ...[first!, ...others].slice(0, MOST_OF_REASON).map((group) => `    ${named(group)}`),
      ...(more > 0 ? [`    … and ${more} more`] : []),
    ];
  });
  return section(`${verdict.charAt(0).toUpperCase()}${verdict.slice(1)}`, lines, colour);
}

function fixedLines(report: ConformanceReport): string[] {
  return groupResults(report, ({ change }) => change === 'fixed').map(
    ({ check, places }) => `  ${check.id} ${places.map(oneLine).join(', ')}`,
  );
}

function areaTable(report: ConformanceReport, colour: ChalkInstance): string[] {
  const rows = areaRows(report);
  if (rows.length === 0) return [];
  const columns: Column<AreaRow>[] = [
    { title: 'area', value: ({ area }) => area },
    ...usedVerdicts(rows).map(
      (verdict): Column<AreaRow> => ({
        title: verdict,
        value: ({ counts }) => String(counts[verdict]),
        align: 'right',
        paint: (cell, { counts }) => paintCount(verdict, counts[verdict], cell, colour),
      }),
    ),
    { title: 'all', value: ({ all }) => String(all), align: 'right' },
  ];
  return formatTable(columns, rows, undefined, colour.dim);
}

function paintCount(verdict: Verdict, count: number, cell: string, colour: ChalkInstance): string {
  if (count === 0) return colour.dim(cell);
  if (isBad({ verdict })) return colour.red(cell);
  if (verdict === 'pass') return colour.green(cell);
  return verdict === 'warn' ? colour.yellow(cell) : cell;
}

/** Of the reasons that a client is not ready; all of them stand above. */
const MOST_REASONS = 3;

function widestOf({ clients }: ConformanceReport): number {
  return Math.max(...clients.map(({ client }) => client.length));
}

function clientLines(readiness: Readiness, width: number, colour: ChalkInstance): string[] {
  const { client, verdict, because } = readiness;
  const paint = { READY: colour.green, 'NOT READY': colour.red }[verdict as string] ?? colour.yellow;
  const more = because.length - MOST_REASONS;
  return [
    `  ${client.padEnd(width)} ${paint(verdict.padEnd(17))} ${tallyText(readiness)}`,
    ...(verdict === 'READY'
      ? []
      : [
          ...because.slice(0, MOST_REASONS).map((reason) => `    ${colour.dim(oneLine(reason))}`),
          ...(more > 0 ? [`    ${colour.dim(`… and ${more} more`)}`] : []),
        ]),
  ];
}

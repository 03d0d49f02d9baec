import type { Fault } from '../../conformance/harness/trial.ts';
import { markdownBlock, markdownCell, markdownCode, plainMarkdown } from '../formats/markdown.ts';
import { oneLine } from '../text.ts';
import { areaRows, usedVerdicts } from './areas.ts';
import { type ConformanceReport, isBad } from './model.ts';
import { realClientTexts } from './real-clients.ts';
import {
  baselineLines,
  countsText,
  faultLines,
  groupResults,
  headOf,
  isBadReport,
  MOST_FAULTS,
  type ResultGroup,
  rankFailures,
  standingOf,
  tallyText,
  waiverLines,
  whyOf,
} from './words.ts';

/** GitHub refuses comments of more than 65,536 characters; what is over is counted. The tables need the rest. */
const MOST_CHARACTERS = 45_000;
const MOST_FAILURES = 20;

/** For a comment under a pull request: verdict, readiness, what failed, and the rest folded away. */
export function writeMarkdown(report: ConformanceReport): string {
  const failures = rankFailures(groupResults(report, isBad));
  const warnings = groupResults(report, ({ verdict }) => verdict === 'warn');
  const lines = [
    `### ${isBadReport(report) ? '❌' : '✅'} tapedeck conformance`,
    '',
    `${plainMarkdown(headOf(report))}`,
    '',
    `${countsText(report.counts)}.`,
    '',
    ...bullets(baselineLines(report), 'Against the baseline:'),
    ...bullets(waiverLines(report), 'Waivers of no use:'),
    ...clientTable(report),
    ...realClients(report),
    ...failureSections(failures),
    ...folded(`${warnings.length} warnings`, warningTable(warnings)),
    ...folded('Areas', areaTable(report)),
    ...folded(
      'Not judged',
      report.notJudged.map((text) => `- ${plainMarkdown(text)}`),
    ),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function bullets(lines: readonly string[], title: string): string[] {
  return lines.length === 0 ? [] : [title, '', ...lines.map((line) => `- ${plainMarkdown(line)}`), ''];
}

function realClients(report: ConformanceReport): string[] {
  const lines = realClientTexts(report).flatMap(({ verdict, troubles }) => [
    `- ${plainMarkdown(verdict)}`,
    ...troubles.map((trouble) => `  - ${plainMarkdown(trouble)}`),
  ]);
  return lines.length === 0 ? [] : ['Real clients:', '', ...lines, ''];
}

function clientTable({ clients }: ConformanceReport): string[] {
  if (clients.length === 0) return [];
  const rows = clients.map((readiness) => {
    const { client, verdict } = readiness;
    return `| ${client} | **${verdict}** | ${tallyText(readiness)} |`;
  });
  return ['| clients | verdict | requirements |', '|---|---|---|', ...rows, ''];
}

function failureSections(failures: readonly ResultGroup[]): string[] {
  const sections: string[] = [];
  let size = 0;
  for (const group of failures.slice(0, MOST_FAILURES)) {
    const section = failureLines(group).join('\n');
    if (size + section.length > MOST_CHARACTERS) continue;
    size += section.length;
    sections.push(section);
  }
  const more = failures.length - sections.length;
  return [...sections, ...(more > 0 ? [`… and ${more} more.`, ''] : [])];
}

function failureLines(group: ResultGroup): string[] {
  const { check, result, places } = group;
  const { verdict, reason, faults = [], notes = [], control, evidence, reproduce } = result;
  const where = places.length === 0 ? '' : ` (${places.map(plainMarkdown).join(', ')})`;
  const standing = standingOf(result).map((text) => ` _${plainMarkdown(text)}_`);
  const source = `${check.level}; ${plainMarkdown(check.source)}`;
  const more = faults.length - MOST_FAULTS;
  const commands = [
    ...(evidence === undefined ? [] : [`tapedeck show ${oneLine(evidence.gateway)}`]),
    ...(reproduce === undefined ? [] : [oneLine(reproduce)]),
  ];
  return [
    `- **${verdict}** ${markdownCode(check.id)}${where}${standing.join('')}: ${plainMarkdown(check.requirement)} (${source})`,
    '',
    ...(reason === undefined ? [] : paragraph(reason)),
    ...faults.slice(0, MOST_FAULTS).flatMap(faultSection),
    ...(more > 0 ? paragraph(`… and ${more} more`) : []),
    ...notes.flatMap((note) => paragraph(`Note: ${note}`)),
    ...(control === undefined ? [] : paragraph(`Our own proxy: ${control}.`)),
    ...(commands.length === 0 ? [] : [...markdownBlock('sh', commands), '']),
  ];
}

/** Of an item of a list. */
function paragraph(text: string): string[] {
  return [`  ${plainMarkdown(text)}`, ''];
}

/** What was due and what there was, as a difference; all else is prose. */
function faultSection(fault: Fault): string[] {
  const [message = '', ...details] = faultLines(fault);
  return [...paragraph(message), ...(details.length === 0 ? [] : [...markdownBlock('diff', details), ''])];
}

/** Like failures, only so many fit. */
function warningTable(warnings: readonly ResultGroup[]): string[] {
  if (warnings.length === 0) return [];
  const rows = warnings.slice(0, MOST_FAILURES).map(({ check, result, places }) => {
    return `| ${markdownCode(check.id)} | ${markdownCell(places.join(', '))} | ${markdownCell(whyOf(result))} |`;
  });
  const more = warnings.length - MOST_FAILURES;
  return ['| check | route | what |', '|---|---|---|', ...rows, ...(more > 0 ? [`| … and ${more} more | | |`] : [])];
}

function areaTable(report: ConformanceReport): string[] {
  const rows = areaRows(report);
  if (rows.length === 0) return [];
  const verdicts = usedVerdicts(rows);
  return [
    `| area | ${verdicts.join(' | ')} | all |`,
    `|---|${verdicts.map(() => '---:|').join('')}---:|`,
    ...rows.map(
      ({ area, counts, all }) => `| ${area} | ${verdicts.map((verdict) => counts[verdict]).join(' | ')} | ${all} |`,
    ),
  ];
}

function folded(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [`<details><summary>${title}</summary>`, '', ...lines, '', '</details>', ''];
}

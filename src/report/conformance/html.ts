import { escapeHtml, htmlDiff, htmlNumbers, htmlPage, htmlText } from '../formats/html.ts';
import { areaRows, usedVerdicts } from './areas.ts';
import { type ConformanceReport, isBad, type Readiness } from './model.ts';
import { type RealClientText, realClientTexts } from './real-clients.ts';
import {
  baselineLines,
  faultLines,
  groupResults,
  headOf,
  isBadReport,
  type ResultGroup,
  rankFailures,
  routeText,
  standingOf,
  tallyText,
  waiverLines,
} from './words.ts';

/** Readiness, counts, what failed and all else folded away; nothing is loaded. */
export function writeHtml(report: ConformanceReport): string {
  const bad = isBadReport(report);
  const failures = rankFailures(groupResults(report, isBad));
  const rest = (['warn', 'inconclusive', 'unsupported', 'not-applicable', 'pass'] as const).map((verdict) => ({
    verdict,
    groups: groupResults(report, (result) => result.verdict === verdict),
  }));
  const { pass, fail, warn, error, unsupported, inconclusive, waived, 'not-applicable': none } = report.counts;
  return htmlPage(`${bad ? 'Failed' : 'Passed'}: tapedeck conformance`, [
    `<h1 class="${bad ? 'bad' : 'good'}">${bad ? '✗ Failed' : '✓ Passed'}</h1>`,
    `<p class="dim">tapedeck conformance: ${escapeHtml(headOf(report))}</p>`,
    ...htmlNumbers({ pass, fail, error, waived, warn, unsupported, inconclusive, 'not applicable': none }),
    ...section('Clients', report.clients.map(clientHtml)),
    ...section('Real clients', realClientTexts(report).map(realClientHtml)),
    ...section(
      'Routes',
      report.routes.map((route) => paragraph(routeText(route, report.options.models.length > 1))),
    ),
    ...section('Baseline', baselineLines(report).map(paragraph)),
    ...section('Waivers of no use', waiverLines(report).map(paragraph)),
    ...section(
      'Failed',
      failures.map((group) => groupHtml(group, true)),
    ),
    ...section('Areas', areaTable(report)),
    ...rest.flatMap(({ verdict, groups }) => foldedHtml(verdict, groups)),
    ...section('Not judged', report.notJudged.map(paragraph)),
  ]);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`<h2>${title}</h2>`, ...lines];
}

function paragraph(text: string): string {
  return `<p>${htmlText(text)}</p>`;
}

const STYLES: Record<Readiness['verdict'], string> = {
  READY: 'good',
  'READY WITH LIMITS': 'note',
  'NOT READY': 'bad',
  'NOT JUDGED': 'dim',
};

function clientHtml(readiness: Readiness): string {
  const { client, verdict, because } = readiness;
  const reasons = because.map((reason) => `<li>${escapeHtml(reason)}</li>`);
  return [
    `<details><summary><b>${client}</b> <span class="${STYLES[verdict]}">${verdict}</span> <span class="dim">${tallyText(readiness)}</span></summary>`,
    ...(reasons.length === 0 ? [] : [`<ul>${reasons.join('')}</ul>`]),
    '</details>',
  ].join('\n');
}

function realClientHtml({ verdict, troubles }: RealClientText): string {
  const items = troubles.map((trouble) => `<li>${escapeHtml(trouble)}</li>`);
  return `${paragraph(verdict)}${items.length === 0 ? '' : `<ul>${items.join('')}</ul>`}`;
}

const MARKS = { pass: 'good', fail: 'bad', error: 'bad', warn: 'note' } as const;

function groupHtml({ check, result, places }: ResultGroup, open: boolean): string {
  const { verdict, reason, faults = [], notes = [], evidence, reproduce, control } = result;
  const style = MARKS[verdict as keyof typeof MARKS] ?? 'dim';
  const standing = standingOf(result).map((text) => ` <span class="note">${escapeHtml(text)}</span>`);
  return [
    `<details class="exchange"${open ? ' open' : ''}>`,
    `<summary><span class="${style}">${verdict}</span> <b>${check.id}</b> <span class="dim">${check.level} ${escapeHtml(places.join(', '))}</span>${standing.join('')}</summary>`,
    `<p>${htmlText(check.requirement)} <span class="dim">${htmlText(check.source)}</span></p>`,
    ...(reason === undefined ? [] : [paragraph(reason)]),
    ...faults.map((fault) => {
      const [message = '', ...details] = faultLines(fault);
      return `<div class="failure"><p><b>${htmlText(message)}</b></p>${htmlDiff(details).join('')}</div>`;
    }),
    ...notes.map((note) => `<p class="note">${htmlText(note)}</p>`),
    ...(control === undefined ? [] : [`<p class="dim">our own proxy: ${control}</p>`]),
    ...(evidence === undefined ? [] : [`<pre class="run">tapedeck show ${escapeHtml(evidence.gateway)}</pre>`]),
    ...(reproduce === undefined ? [] : [`<pre class="run">${escapeHtml(reproduce)}</pre>`]),
    '</details>',
  ].join('\n');
}

function areaTable(report: ConformanceReport): string[] {
  const rows = areaRows(report);
  if (rows.length === 0) return [];
  const verdicts = usedVerdicts(rows);
  const row = (cells: readonly (string | number)[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  return [
    '<table class="numbers">',
    row(['area', ...verdicts, 'all']),
    ...rows.map(({ area, counts, all }) => row([area, ...verdicts.map((verdict) => counts[verdict]), all])),
    '</table>',
  ];
}

function foldedHtml(verdict: string, groups: readonly ResultGroup[]): string[] {
  if (groups.length === 0) return [];
  const inner = groups.map((group) => groupHtml(group, false));
  return [`<details><summary><b>${verdict}</b> ${groups.length} checks</summary>`, ...inner, '</details>'];
}

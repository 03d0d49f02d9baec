import { formatCount } from '../format.ts';
import { markdownBlock, markdownCell, markdownCode, plainMarkdown } from '../formats/markdown.ts';
import { oneLine, truncateText } from '../text.ts';
import { diffOfFailure, nameOfResult, placeOfFailure } from './failure-text.ts';
import { groupResults } from './groups.ts';
import { type CassetteResult, countResults, type Failure, type ReplayReport } from './model.ts';
import { isBad, isBadReport, problemsOf } from './problems.ts';
import { receiptText } from './receipt.ts';

/** GitHub refuses comments of more than 65,536 characters; what is over is counted. The tables need the rest. */
const MOST_CHARACTERS = 45_000;
const MOST_FAILURES = 20;
const MOST_ROWS = 20;

/** Columns of one text: it may quote all of a body. */
const LONGEST = 400;
const LONGEST_CELL = 200;

/** For a comment under a pull request: verdict, what failed, and the rest folded away. */
export function writeMarkdown(report: ReplayReport): string {
  const { counts, cassettes, options, shard } = report;
  const bad = cassettes.filter((cassette) => isBad(cassette, options));
  const facts = [
    formatCount(counts.cassettes, 'cassette'),
    formatCount(counts.exchanges, 'exchange'),
    `**${counts.passed}** passed`,
    `**${counts.failed}** failed`,
    `${counts.notApplicable} not applicable`,
    ...(counts.unreadable > 0 ? [`**${counts.unreadable}** unreadable`] : []),
    ...(shard === undefined ? [] : [`part ${shard}`]),
  ].join(', ');
  const lines = [
    `### ${isBadReport(report) ? '❌' : '✅'} tapedeck replay`,
    '',
    `${facts}.`,
    '',
    `${receiptText(report.receipt)}.`,
    '',
  ];
  if (bad.length > 0) lines.push(...cassetteTable(bad), ...failureSections(bad, report));
  lines.push(...skippedSection(report));
  return `${lines.join('\n').trimEnd()}\n`;
}

function cassetteTable(cassettes: readonly CassetteResult[]): string[] {
  const rows = cassettes.map((cassette) => {
    const { passed, failed, notApplicable } = countResults([cassette]);
    return `| ${cell(cassette.cassette)} | ${failed} | ${passed} | ${notApplicable} |`;
  });
  return ['| cassette | failed | passed | not applicable |', '|---|---|---|---|', ...firstRows(rows, 'cassettes'), ''];
}

function cell(text: string): string {
  return markdownCell(truncateText(oneLine(text), LONGEST_CELL));
}

/** A paragraph behind a table needs a blank line before it. */
function firstRows(rows: readonly string[], what: string): string[] {
  const more = rows.length - MOST_ROWS;
  return [...rows.slice(0, MOST_ROWS), ...(more > 0 ? ['', `… and ${more} more ${what}.`] : [])];
}

function failureSections(cassettes: readonly CassetteResult[], { options }: ReplayReport): string[] {
  const sections: string[][] = [];
  for (const cassette of cassettes) {
    for (const { kind, message } of problemsOf(cassette, options).filter(({ fails }) => fails)) {
      sections.push([`- ${markdownCode(cassette.cassette)}: **${kind}**: ${prose(message)}`, '']);
    }
    for (const exchange of cassette.exchanges) {
      for (const result of exchange.results) {
        for (const failure of result.failures ?? []) {
          const title = `${markdownCode(cassette.cassette)} #${exchange.number}: **${nameOfResult(result)}**`;
          sections.push([`- ${title}: ${prose(failure.message)}`, ...details(failure), '']);
        }
      }
    }
  }
  let size = 0;
  const shown = sections.slice(0, MOST_FAILURES).filter((section) => {
    const { length } = section.join('\n');
    const fits = size + length <= MOST_CHARACTERS;
    if (fits) size += length;
    return fits;
  });
  const rest = sections.length - shown.length;
  return [...shown.flat(), ...(rest > 0 ? [`… and ${rest} more.`, ''] : [])];
}

function prose(text: string): string {
  return plainMarkdown(truncateText(oneLine(text), LONGEST));
}

function details(failure: Failure): string[] {
  const place = placeOfFailure(failure);
  const diff = diffOfFailure(failure);
  return [
    ...(place === '' ? [] : ['', `  ${prose(place)}; ${plainMarkdown(failure.rule)}`]),
    ...(diff.length > 0 ? ['', ...markdownBlock('diff', diff)] : []),
    '',
    ...markdownBlock('sh', [oneLine(failure.reproduce)]),
  ];
}

function skippedSection(report: ReplayReport): string[] {
  const groups = groupResults(report, ({ verdict, reason }) => (verdict === 'not-applicable' ? reason : undefined));
  if (groups.length === 0) return [];
  const rows = groups.map(({ check, text, count }) => `| ${count} | ${check} | ${cell(text)} |`);
  const title = `<details><summary>${report.counts.notApplicable} not applicable</summary>`;
  return [title, '', '| | check | why |', '|---|---|---|', ...firstRows(rows, 'reasons'), '', '</details>', ''];
}

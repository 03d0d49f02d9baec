import { oneLine } from '../text.ts';
import { diffOfFailure, nameOfResult, placeOfFailure } from './failure-text.ts';
import { groupResults } from './groups.ts';
import { type CassetteResult, countResults, type Failure, type ReplayReport } from './model.ts';
import { isBad, problemsOf } from './problems.ts';

/** GitHub refuses comments of more than 65,536 characters; what is over is counted. */
const MOST_FAILURES = 20;

/** For a comment under a pull request: verdict, what failed, and the rest folded away. */
export function writeMarkdown(report: ReplayReport): string {
  const { counts, cassettes, options, shard } = report;
  const bad = cassettes.filter((cassette) => isBad(cassette, options));
  const facts = [
    `${counts.cassettes} cassettes`,
    `${counts.exchanges} exchanges`,
    `**${counts.passed}** passed`,
    `**${counts.failed}** failed`,
    `${counts.notApplicable} not applicable`,
    ...(counts.unreadable > 0 ? [`**${counts.unreadable}** unreadable`] : []),
    ...(shard === undefined ? [] : [`part ${shard}`]),
  ].join(', ');
  const lines = [`### ${bad.length > 0 ? '❌' : '✅'} tapedeck replay`, '', `${facts}.`, ''];
  if (bad.length > 0) lines.push(...cassetteTable(bad), ...failureSections(bad, report));
  lines.push(...skippedSection(report));
  return `${lines.join('\n').trimEnd()}\n`;
}

function cassetteTable(cassettes: readonly CassetteResult[]): string[] {
  const rows = cassettes.map((cassette) => {
    const { passed, failed, notApplicable } = countResults([cassette]);
    return `| ${cell(cassette.cassette)} | ${failed} | ${passed} | ${notApplicable} |`;
  });
  return ['| cassette | failed | passed | not applicable |', '|---|---|---|---|', ...rows, ''];
}

function failureSections(cassettes: readonly CassetteResult[], { options }: ReplayReport): string[] {
  const sections: string[][] = [];
  for (const cassette of cassettes) {
    for (const { kind, message } of problemsOf(cassette, options).filter(({ fails }) => fails)) {
      sections.push([`- ${code(cassette.cassette)}: **${kind}**: ${plain(message)}`, '']);
    }
    for (const exchange of cassette.exchanges) {
      for (const result of exchange.results) {
        for (const failure of result.failures ?? []) {
          const title = `${code(cassette.cassette)} #${exchange.number}: **${nameOfResult(result)}**`;
          sections.push([`- ${title}: ${plain(failure.message)}`, ...details(failure), '']);
        }
      }
    }
  }
  const rest = sections.length - MOST_FAILURES;
  return [...sections.slice(0, MOST_FAILURES).flat(), ...(rest > 0 ? [`… and ${rest} more.`, ''] : [])];
}

function details(failure: Failure): string[] {
  const place = placeOfFailure(failure);
  const diff = diffOfFailure(failure);
  const fence = fenceFor([...diff, failure.reproduce]);
  return [
    ...(place === '' ? [] : ['', `  ${plain(place)}; ${plain(failure.rule)}`]),
    ...(diff.length > 0 ? ['', `  ${fence}diff`, ...diff.map((line) => `  ${line}`), `  ${fence}`] : []),
    '',
    `  ${fence}sh`,
    `  ${oneLine(failure.reproduce)}`,
    `  ${fence}`,
  ];
}

function skippedSection(report: ReplayReport): string[] {
  const groups = groupResults(report, ({ verdict, reason }) => (verdict === 'not-applicable' ? reason : undefined));
  if (groups.length === 0) return [];
  const rows = groups.map(({ check, text, count }) => `| ${count} | ${check} | ${cell(text)} |`);
  const title = `<details><summary>${report.counts.notApplicable} not applicable</summary>`;
  return [title, '', '| | check | why |', '|---|---|---|', ...rows, '', '</details>', ''];
}

/** Longer than any run of backticks in the text. */
function fenceFor(lines: readonly string[]): string {
  const longest = Math.max(0, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)));
  return '`'.repeat(Math.max(3, longest + 1));
}

function code(text: string): string {
  return `\`${oneLine(text).replaceAll('`', "'")}\``;
}

function cell(text: string): string {
  return plain(text).replaceAll('|', '\\|');
}

/** Recorded text may look like markup, or name people. */
function plain(text: string): string {
  return oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_[\]~]/g, '\\$&')
    .replaceAll('@', '@\u200b');
}

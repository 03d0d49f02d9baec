import { escapeHtml, htmlDiff, htmlNumbers, htmlPage } from '../formats/html.ts';
import { diffOfFailure, nameOfResult, placeOfFailure } from './failure-text.ts';
import { groupResults, plainCounts } from './groups.ts';
import type { CassetteResult, CheckResult, ExchangeResult, Failure, ReplayOptions, ReplayReport } from './model.ts';
import { isBad, isBadReport, problemsOf, settingsOf } from './problems.ts';
import { receiptText } from './receipt.ts';

/** Verdict, counts, and every cassette with what it was tried for, folded away where all is well. */
export function writeHtml(report: ReplayReport): string {
  const { counts, cassettes, options, shard, tool } = report;
  const bad = isBadReport(report);
  const how = [...settingsOf(options), ...(shard ? [`part ${shard}`] : [])];
  return htmlPage(`${bad ? 'Failed' : 'Passed'}: tapedeck replay`, [
    `<h1 class="${bad ? 'bad' : 'good'}">${bad ? '✗ Failed' : '✓ Passed'}</h1>`,
    `<p class="dim">tapedeck replay ${escapeHtml(tool)}, ${escapeHtml(how.join(', '))}</p>`,
    ...htmlNumbers({
      cassettes: counts.cassettes,
      exchanges: counts.exchanges,
      passed: counts.passed,
      failed: counts.failed,
      'not applicable': counts.notApplicable,
      unreadable: counts.unreadable,
    }),
    `<p class="${report.receipt.denied > 0 ? 'bad' : 'dim'}">${receiptText(report.receipt)}</p>`,
    ...cassettes.map((cassette) => cassetteHtml(cassette, options)),
    ...skippedHtml(report),
  ]);
}

function cassetteHtml(cassette: CassetteResult, options: ReplayOptions): string {
  const bad = isBad(cassette, options);
  const problems = problemsOf(cassette, options).map(
    ({ kind, message, hint, fails }) =>
      `<p class="${fails ? 'bad' : 'note'}"><b>${kind}</b> ${escapeHtml(message)} ${escapeHtml(hint ?? '')}</p>`,
  );
  return [
    `<details class="cassette"${bad ? ' open' : ''}>`,
    `<summary><span class="${bad ? 'bad' : 'good'}">${bad ? '✗' : '✓'}</span> <b>${escapeHtml(cassette.cassette)}</b> <span class="dim">${plainCounts(cassette.exchanges)}</span></summary>`,
    ...problems,
    ...cassette.exchanges.map(exchangeHtml),
    '</details>',
  ].join('\n');
}

function exchangeHtml({ number, id, method, path, status, results }: ExchangeResult): string {
  const bad = results.some(({ verdict }) => verdict === 'failed');
  const answer = status === 0 ? 'no answer' : String(status);
  return [
    `<details class="exchange"${bad ? ' open' : ''}>`,
    `<summary><b>#${number}</b> ${escapeHtml(`${method} ${path}`)} <span class="dim">${answer}, ${escapeHtml(id)}</span></summary>`,
    '<ul>',
    ...results.map(resultHtml),
    '</ul>',
    '</details>',
  ].join('\n');
}

const MARKS = { passed: ['good', '✓'], failed: ['bad', '✗'], 'not-applicable': ['dim', '–'] } as const;

function resultHtml(result: CheckResult): string {
  const { verdict, reason, notes = [], failures = [] } = result;
  const [style, mark] = MARKS[verdict];
  const why = reason === undefined ? '' : ` <span class="dim">${escapeHtml(reason)}</span>`;
  return [
    `<li><span class="${style}">${mark}</span> ${escapeHtml(nameOfResult(result))}${why}`,
    ...notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`),
    ...failures.map(failureHtml),
    '</li>',
  ].join('\n');
}

function failureHtml(failure: Failure): string {
  const place = placeOfFailure(failure);
  return [
    `<div class="failure"><p><b>${escapeHtml(failure.message)}</b></p>`,
    `<p class="dim">${escapeHtml([place, failure.rule, failure.source].filter((part) => part !== '').join(' · '))}</p>`,
    ...htmlDiff(diffOfFailure(failure)),
    `<pre class="run">${escapeHtml(failure.reproduce)}</pre></div>`,
  ].join('\n');
}

function skippedHtml(report: ReplayReport): string[] {
  const groups = groupResults(report, ({ verdict, reason }) => (verdict === 'not-applicable' ? reason : undefined));
  if (groups.length === 0) return [];
  const rows = groups.map(
    ({ check, text, count }) => `<tr><td>${count}</td><td>${check}</td><td>${escapeHtml(text)}</td></tr>`,
  );
  return ['<h2>Not applicable</h2>', '<table>', ...rows, '</table>'];
}

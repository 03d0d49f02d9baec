import type { ChalkInstance } from 'chalk';
import { oneLine } from '../text.ts';
import { diffOfFailure, nameOfResult, placeOfFailure } from './failure-text.ts';
import { groupResults, plainCounts } from './groups.ts';
import type { CassetteResult, CheckResult, ExchangeResult, Failure, ReplayOptions, ReplayReport } from './model.ts';
import { isBad, problemsOf, settingsOf } from './problems.ts';
import { receiptText } from './receipt.ts';

/** For a terminal: what failed with its differences, then what does not apply, then a summary. */
export function writeText(report: ReplayReport, colour: ChalkInstance): string {
  const lines = report.cassettes.flatMap((cassette) => cassetteLines(cassette, report.options, colour));
  const skipped = groupResults(report, ({ verdict, reason }) => (verdict === 'not-applicable' ? reason : undefined));
  if (skipped.length > 0) {
    lines.push('', colour.bold('Not applicable'));
    lines.push(...skipped.map(({ check, text, count }) => `  ${padded(count)} ${check}  ${colour.dim(oneLine(text))}`));
  }
  lines.push('', summaryLine(report, colour), receiptLine(report, colour));
  return `${lines.join('\n')}\n`;
}

function cassetteLines(result: CassetteResult, options: ReplayOptions, colour: ChalkInstance): string[] {
  const { cassette, exchanges } = result;
  // Where no check applied, none was passed either.
  const wasJudged = exchanges.some(({ results }) => results.some(({ verdict }) => verdict !== 'not-applicable'));
  const well = wasJudged ? colour.green('✓') : colour.dim('–');
  const mark = isBad(result, options) ? colour.red('✗') : well;
  const lines = [`${mark} ${colour.bold(oneLine(cassette))}  ${colour.dim(plainCounts(exchanges))}`];
  for (const { kind, message, hint, fails } of problemsOf(result, options)) {
    lines.push(`  ${(fails ? colour.red : colour.yellow)(kind)} ${oneLine(message)}`);
    if (hint !== undefined) lines.push(`  ${colour.dim('hint')} ${hint}`);
  }
  return [...lines, ...exchanges.flatMap((exchange) => exchangeLines(exchange, colour))];
}

function exchangeLines(exchange: ExchangeResult, colour: ChalkInstance): string[] {
  const told = exchange.results.filter(({ verdict, notes }) => verdict === 'failed' || notes !== undefined);
  if (told.length === 0) return [];
  const { number, id, method, path, status } = exchange;
  const answer = status === 0 ? 'no answer' : String(status);
  const head = `  ${colour.bold(`#${number}`)} ${oneLine(`${method} ${path}`)} ${colour.dim(`${answer}, ${oneLine(id)}`)}`;
  return [head, ...told.flatMap((result) => resultLines(result, colour))];
}

function resultLines(result: CheckResult, colour: ChalkInstance): string[] {
  const { failures = [], notes = [] } = result;
  const name = nameOfResult(result);
  return [
    ...failures.flatMap((failure) => failureLines(name, failure, colour)),
    ...notes.map((note) => `    ${colour.yellow('note')}   ${name}: ${oneLine(note)}`),
  ];
}

function failureLines(name: string, failure: Failure, colour: ChalkInstance): string[] {
  const { message, rule, source, reproduce } = failure;
  const place = placeOfFailure(failure);
  return [
    `    ${colour.red('failed')} ${colour.bold(name)}: ${oneLine(message)}`,
    ...(place === '' ? [] : [`           ${colour.cyan(place)}`]),
    ...diffOfFailure(failure).map((line) => `           ${paintDiff(line, colour)}`),
    `           ${colour.dim(`${rule} · ${source}`)}`,
    `           ${colour.dim('run')} ${oneLine(reproduce)}`,
  ];
}

function paintDiff(line: string, colour: ChalkInstance): string {
  if (line.startsWith('-')) return colour.red(line);
  return line.startsWith('+') ? colour.green(line) : colour.dim(line);
}

function summaryLine({ counts, shard, options }: ReplayReport, colour: ChalkInstance): string {
  const facts = [
    plural(counts.cassettes, 'cassette'),
    plural(counts.exchanges, 'exchange'),
    ...(counts.unreadable > 0 ? [colour.red(`${counts.unreadable} unreadable`)] : []),
    colour.green(`${counts.passed} passed`),
    counts.failed > 0 ? colour.red(`${counts.failed} failed`) : '0 failed',
    `${counts.notApplicable} not applicable`,
    ...(counts.edited > 0 ? [`${counts.edited} edited`] : []),
    ...(counts.expired > 0 ? [colour.red(`${counts.expired} expired`)] : []),
    ...(counts.leftovers > 0 ? [colour.yellow(plural(counts.leftovers, 'leftover'))] : []),
    ...(counts.unused > 0 ? [colour.yellow(`${plural(counts.unused, 'recording')} left over`)] : []),
  ].join(', ');
  const how = [...settingsOf(options), ...(shard === undefined ? [] : [`part ${shard}`])];
  return `${facts} ${colour.dim(`(${how.join(', ')})`)}`;
}

function receiptLine({ receipt }: ReplayReport, colour: ChalkInstance): string {
  return (receipt.denied > 0 ? colour.red : colour.dim)(receiptText(receipt));
}

function padded(count: number): string {
  return String(count).padStart(6);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

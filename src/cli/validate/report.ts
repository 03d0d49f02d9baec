import { oneLine } from '../../report/text.ts';
import type { Finding, Profile } from '../../validate/findings.ts';
import { type Io, say } from '../io.ts';

/** One input with what was found in it; the JSON form is described in docs/validation.md. */
export interface FileReport {
  file: string;
  /** Why it could not be judged (to its end). */
  failed?: { code: string; message: string; hint?: string };
  /** The cassette's entries do not fit its checksum. */
  edited?: boolean;
  exchanges?: ExchangeReport[];
  findings: Finding[];
}

/** What the report says about an exchange beside its findings. */
export interface ExchangeReport {
  id: string;
  /** From 1, as `show` counts. */
  number: number;
  method: string;
  path: string;
  status: number;
  outcome: string;
}

export interface Counts {
  files: number;
  unreadable: number;
  exchanges: number;
  errors: number;
  warnings: number;
  secrets: number;
}

/** A finding about a credential: it makes the cassette unfit, whatever the profiles. */
export function isSecret(finding: Finding): boolean {
  return finding.rule.startsWith('secret.');
}

export function countFindings(reports: readonly FileReport[]): Counts {
  const findings = reports.flatMap((report) => report.findings);
  return {
    files: reports.length,
    unreadable: reports.filter((report) => report.failed !== undefined).length,
    exchanges: reports.reduce((sum, report) => sum + (report.exchanges?.length ?? 0), 0),
    errors: findings.filter((finding) => finding.severity === 'error' && !isSecret(finding)).length,
    warnings: findings.filter((finding) => finding.severity === 'warning').length,
    secrets: findings.filter(isSecret).length,
  };
}

/** One file for people: a headline, then its findings below the exchange that they belong to. */
export function sayFile(report: FileReport, io: Io): void {
  const counts = countFindings([report]);
  const bad = report.failed !== undefined || counts.errors + counts.secrets > 0;
  const mark = bad ? io.colour.red('✗') : io.colour.green('✓');
  say(io, `${mark} ${io.colour.bold(report.file)}  ${io.colour.dim(describeFile(report, counts))}`);
  if (report.failed) {
    say(io, `  ${io.colour.red('error')} ${report.failed.message}`);
    if (report.failed.hint !== undefined) say(io, `  ${io.colour.dim('hint')}  ${report.failed.hint}`);
  }
  for (const finding of report.findings.filter(({ exchange }) => exchange === undefined)) sayFinding(finding, '  ', io);
  for (const exchange of report.exchanges ?? []) sayExchange(exchange, report.findings, io);
}

function describeFile(report: FileReport, counts: Counts): string {
  const { failed, exchanges, edited } = report;
  if (failed && counts.exchanges === 0) return 'cannot be judged';
  const facts = [
    ...(exchanges === undefined ? [] : [plural(counts.exchanges, 'exchange')]),
    ...(edited ? ['edited'] : []),
    ...(failed ? ['not judged to the end'] : []),
    ...describeCounts(counts),
  ];
  return facts.join(', ');
}

function describeCounts(counts: Counts): string[] {
  const facts = [
    ...(counts.errors > 0 ? [plural(counts.errors, 'error')] : []),
    ...(counts.warnings > 0 ? [plural(counts.warnings, 'warning')] : []),
    ...(counts.secrets > 0 ? [plural(counts.secrets, 'secret')] : []),
  ];
  return facts.length > 0 || counts.unreadable > 0 ? facts : ['no findings'];
}

function sayExchange(exchange: ExchangeReport, findings: readonly Finding[], io: Io): void {
  const own = findings.filter((finding) => finding.exchange === exchange.id);
  if (own.length === 0) return;
  const status = exchange.status === 0 ? 'no answer' : String(exchange.status);
  say(
    io,
    `  ${io.colour.bold(`#${exchange.number}`)} ${oneLine(exchange.method)} ${oneLine(exchange.path)} ${io.colour.dim(status)}`,
  );
  for (const finding of own) sayFinding(finding, '    ', io);
}

function sayFinding(finding: Finding, indent: string, io: Io): void {
  const { colour } = io;
  const severity = finding.severity === 'error' ? colour.red('error  ') : colour.yellow('warning');
  const place = describePlace(finding);
  // Names of fields come from the wire, and may hold what a terminal would obey.
  const pointer = finding.pointer === '' ? '' : `${colour.cyan(oneLine(finding.pointer))} `;
  say(io, `${indent}${severity} ${place === '' ? '' : `${place}  `}${pointer}${oneLine(finding.message)}`);
  if ('value' in finding) say(io, `${indent}        ${colour.dim('is')} ${printable(finding.value)}`);
  say(io, `${indent}        ${colour.dim(`${finding.profile} · ${finding.rule} · ${finding.source}`)}`);
}

function describePlace({ leg, attempt, event, offset }: Finding): string {
  const parts = [
    ...(leg === undefined ? [] : [leg]),
    ...(attempt === undefined || attempt === 1 ? [] : [`attempt ${attempt}`]),
    ...(event === undefined ? [] : [`event ${event + 1}`]),
    ...(offset === undefined ? [] : [`byte ${offset}`]),
  ];
  return parts.join(', ');
}

/** On one line; JSON escapes most control characters, `oneLine` shows the others. */
function printable(value: unknown): string {
  return oneLine(JSON.stringify(value));
}

/** The last line: what all files have together, and by which profiles. */
export function saySummary(counts: Counts, profiles: readonly Profile[], io: Io): void {
  const facts = [
    plural(counts.files, 'file'),
    ...(counts.unreadable > 0 ? [`${counts.unreadable} unreadable`] : []),
    ...describeCounts(counts),
  ];
  say(io, `${facts.join(', ')} ${io.colour.dim(`(${profiles.join(' + ')})`)}`);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

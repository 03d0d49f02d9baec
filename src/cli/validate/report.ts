import { oneLine } from '../../report/text.ts';
import type { Finding, Profile } from '../../validate/findings.ts';
import { type Io, say } from '../io.ts';

/** Findings of one input that are told; the rest is counted. More than anyone reads, and in memory some 10 MB. */
const KEPT_FINDINGS = 10_000;

/** One input with what was found in it; the JSON form is described in docs/validation.md. */
export interface FileReport {
  file: string;
  /** Exchanges with findings; absent of a single document. */
  exchanges?: ExchangeReport[];
  findings: Finding[];
  /** Findings beyond those that are kept. */
  omitted?: number;
  /** The cassette's entries do not fit its checksum. */
  edited?: boolean;
  /** Why it could not be judged (to its end). */
  failed?: { code: string; message: string; hint?: string };
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
  /** Exchanges, or single documents, that rules are known for. */
  judged: number;
  errors: number;
  warnings: number;
  secrets: number;
}

/** A report that is being made, and its counts, in memory that does not grow with the cassette. */
export interface Report {
  told: FileReport;
  counts: Counts;
}

export function startReport(file: string): Report {
  return {
    told: { file, findings: [] },
    counts: { files: 1, unreadable: 0, exchanges: 0, judged: 0, errors: 0, warnings: 0, secrets: 0 },
  };
}

/** Adds findings: all are counted, and the first ones kept. */
export function addFindings({ told, counts }: Report, findings: readonly Finding[]): void {
  for (const finding of findings) {
    if (finding.rule.startsWith('secret.')) counts.secrets += 1;
    else if (finding.severity === 'error') counts.errors += 1;
    if (finding.severity === 'warning') counts.warnings += 1;
    if (told.findings.length < KEPT_FINDINGS) told.findings.push(finding);
    else told.omitted = (told.omitted ?? 0) + 1;
  }
}

/** Adds an exchange with its findings. */
export function addExchange(
  report: Report,
  exchange: ExchangeReport,
  judged: boolean,
  findings: readonly Finding[],
): void {
  const { told, counts } = report;
  counts.exchanges += 1;
  if (judged) counts.judged += 1;
  if (findings.length > 0 && told.findings.length < KEPT_FINDINGS) told.exchanges?.push(exchange);
  addFindings(report, findings);
}

export function addCounts(sum: Counts, more: Counts): void {
  for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += more[name];
}

/** One file for people: a headline, then its findings below the exchange that they belong to. */
export function sayFile({ told, counts }: Report, io: Io): void {
  const bad = told.failed !== undefined || counts.errors + counts.secrets > 0;
  const well = counts.judged === 0 && counts.warnings === 0 ? io.colour.dim('–') : io.colour.green('✓');
  const mark = bad ? io.colour.red('✗') : well;
  say(io, `${mark} ${io.colour.bold(told.file)}  ${io.colour.dim(describeFile(told, counts))}`);
  if (told.failed) {
    say(io, `  ${io.colour.red('error')} ${told.failed.message}`);
    if (told.failed.hint !== undefined) say(io, `  ${io.colour.dim('hint')}  ${told.failed.hint}`);
  }
  const byExchange = new Map<string | undefined, Finding[]>();
  for (const finding of told.findings) {
    const own = byExchange.get(finding.exchange);
    if (own) own.push(finding);
    else byExchange.set(finding.exchange, [finding]);
  }
  for (const finding of byExchange.get(undefined) ?? []) sayFinding(finding, '  ', io);
  for (const exchange of told.exchanges ?? []) sayExchange(exchange, byExchange.get(exchange.id) ?? [], io);
  if (told.omitted) say(io, `  ${io.colour.dim(`and ${plural(told.omitted, 'more finding')}`)}`);
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

const NOTHING_JUDGED = 'nothing could be judged (no path of an API that is known)';

function describeCounts(counts: Counts): string[] {
  const facts = [
    ...(counts.errors > 0 ? [plural(counts.errors, 'error')] : []),
    ...(counts.warnings > 0 ? [plural(counts.warnings, 'warning')] : []),
    ...(counts.secrets > 0 ? [plural(counts.secrets, 'secret')] : []),
  ];
  if (facts.length > 0 || counts.unreadable > 0) return facts;
  if (counts.judged > 0) return ['no findings'];
  return [counts.exchanges === 0 ? 'nothing was judged' : NOTHING_JUDGED];
}

function sayExchange(exchange: ExchangeReport, own: readonly Finding[], io: Io): void {
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

/** Writes a report as JSON piece by piece, so that the exchanges of a large cassette need not be kept. */
export interface JsonReport {
  start(): Promise<void>;
  file(name: string, hasExchanges: boolean): Promise<void>;
  exchange(exchange: ExchangeReport): Promise<void>;
  endFile(told: FileReport): Promise<void>;
  end(counts: Counts): Promise<void>;
}

/** Text that is gathered before it is written. */
const PIECE = 64 * 1024;

/** @param write waits until the text has left */
export function createJsonReport(profiles: readonly Profile[], write: (text: string) => Promise<void>): JsonReport {
  let waiting = '';
  const put = async (text: string) => {
    waiting += text;
    if (waiting.length < PIECE) return;
    const ready = waiting;
    waiting = '';
    await write(ready);
  };
  let files = 0;
  let exchanges = 0;
  return {
    start: () => put(`{"event":"validated","profiles":${JSON.stringify(profiles)},"files":[`),
    file(name, hasExchanges) {
      exchanges = 0;
      files += 1;
      return put(`${files > 1 ? ',' : ''}{"file":${JSON.stringify(name)}${hasExchanges ? ',"exchanges":[' : ''}`);
    },
    exchange(exchange) {
      exchanges += 1;
      return put(`${exchanges > 1 ? ',' : ''}${JSON.stringify(exchange)}`);
    },
    endFile({ file: _, exchanges: listed, ...rest }) {
      return put(`${listed ? ']' : ''},${JSON.stringify(rest).slice(1)}`);
    },
    end: (counts) => write(`${waiting}],"counts":${JSON.stringify(counts)}}\n`),
  };
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

import type { ExchangeLine } from '../../report/explain-report.ts';
import { oneLine } from '../../report/text.ts';
import type { Diagnosis, FoundCause } from '../../validate/diagnose/types.ts';
import { NOT_JUDGED } from '../../validate/diagnose.ts';
import type { Finding } from '../../validate/findings.ts';
import { type Io, say } from '../io.ts';

/** Findings and other exchanges that are listed before "… more". */
const LISTED = 12;

const LABELS: Record<Diagnosis['level'], string> = { broken: 'broken', warning: 'warning', ok: 'ok' };

/** Prints one diagnosis as text. */
export function printDiagnosis(io: Io, number: number, diagnosis: Diagnosis): void {
  const { bold, dim } = io.colour;
  say(io, `${bold(`exchange ${number}`)} ${dim(`(${diagnosis.exchange})`)}  ${oneLine(diagnosis.request)}`);
  const label = diagnosis.headline === NOT_JUDGED ? dim('not judged') : paint(io, diagnosis.level);
  say(io, `${label}  ${bold(oneLine(diagnosis.headline))}`);
  for (const cause of diagnosis.causes) printCause(io, cause, diagnosis.headline);
  section(io, 'How it ended', diagnosis.ended.map(oneLine));
  if (diagnosis.next.length > 0) section(io, 'What the client does', diagnosis.next.map(oneLine));
  section(io, 'Rules broken', findingLines(diagnosis.findings));
  if (diagnosis.level !== 'broken') section(io, 'Looked at', diagnosis.checked);
  section(io, 'Run next', diagnosis.commands);
}

/** Prints that nothing is wrong with several exchanges, as far as they could be judged. */
export function printAllWell(io: Io, count: number, judged: number, { checked }: Diagnosis): void {
  if (judged === 0) {
    say(io, `${io.colour.dim('not judged')}  ${NOT_JUDGED} (${count} exchanges)`);
    return;
  }
  const others = judged < count ? ` Nothing could be said of ${count - judged} more.` : '';
  const which = judged === 1 ? '1 exchange' : `any of ${judged} exchanges`;
  say(io, `${paint(io, 'ok')}  Nothing is wrong with ${which}.${others}`);
  section(io, 'Looked at', checked);
}

/** Prints the exchanges that are not explained in full. */
export function printOthers(io: Io, lines: readonly ExchangeLine[]): void {
  if (lines.length === 0) return;
  const shown = lines.slice(0, LISTED).map(({ number, level, request, headline }) => {
    const place = String(number).padStart(3);
    return `${place}  ${paint(io, level)}  ${oneLine(request)}  ${oneLine(headline)}`;
  });
  section(io, 'Other exchanges', [...shown, ...more(lines.length)]);
}

function printCause(io: Io, cause: FoundCause, headline: string): void {
  const { dim } = io.colour;
  const title = cause.cause === headline ? 'Cause' : 'Besides';
  section(io, `${title} ${dim(cause.id)}`, [
    ...(cause.cause === headline ? [] : [cause.cause]),
    `Seen: ${oneLine(cause.evidence)}`,
    `Do:   ${cause.fix}`,
    dim(`From: ${cause.source} (docs/explain.md)`),
  ]);
}

function findingLines(findings: readonly Finding[]): string[] {
  const lines = findings.slice(0, LISTED).map(({ severity, rule, leg, event, offset, message }) => {
    const place = [leg, event === undefined ? '' : `event ${event + 1}`, offset === undefined ? '' : `byte ${offset}`];
    return `${severity} ${rule} (${place.filter(Boolean).join(', ')}): ${oneLine(message)}`;
  });
  return [...lines, ...more(findings.length)];
}

function more(count: number): string[] {
  return count > LISTED ? [`… and ${count - LISTED} more`] : [];
}

function section(io: Io, title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  say(io);
  say(io, io.colour.underline(title));
  for (const line of lines) say(io, `  ${line}`);
}

function paint(io: Io, level: Diagnosis['level']): string {
  const { red, yellow, green } = io.colour;
  return { broken: red, warning: yellow, ok: green }[level](LABELS[level]);
}

import type { RecordingSummary } from '../../cassette/tap.ts';
import { formatBytes, formatCount } from '../../report/format.ts';
import { type Io, remark, say, sayJson } from '../io.ts';
import { pathWord, shortPath } from '../short-path.ts';
import type { RecordedFile } from './output.ts';

interface Style {
  json: boolean;
  /** A client ran: stdout is the client's. */
  quiet: boolean;
}

/** What was recorded, and in which files it is. */
export function saySummary(
  summary: RecordingSummary,
  files: readonly RecordedFile[],
  { json, quiet }: Style,
  io: Io,
): void {
  const first = files[0]?.path ?? summary.path;
  const next = ['show', 'validate', 'explain'].map((command) => `tapedeck ${command} ${pathWord(first, io)}`);
  if (json) {
    const one = files.length < 2 ? { path: first, bytes: files[0]?.bytes ?? summary.bytes } : { path: null };
    sayJson(io, { event: 'summary', ...summary, ...one, files, next });
    return;
  }
  const write = quiet ? remark : say;
  const colour = quiet ? io.errorColour : io.colour;
  const outcomes = Object.entries(summary.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  const redacted = Object.entries(summary.redacted).map(([kind, count]) => `${count} ${kind}`);
  for (const file of files.length > 0 ? files : [summary]) {
    write(io, `${colour.bold(shortPath(file.path, io))}  ${factsOf(file).join(', ')}`);
  }
  if (outcomes.length > 0) write(io, `  outcomes  ${outcomes.join(', ')}`);
  write(io, `  redacted  ${redacted.join(', ') || 'nothing'}`);
  if (summary.failed) write(io, `  ${colour.red('incomplete')}  ${summary.failed}`);
  for (const line of next) write(io, colour.dim(`  ${line}`));
}

function factsOf({ exchanges, bytes, session, appended }: RecordedFile): string[] {
  const count = formatCount(exchanges, 'exchange');
  return [
    appended === undefined ? count : `${count}, ${appended} of them new`,
    formatBytes(bytes),
    ...(session === undefined ? [] : [session === null ? 'of no session' : `session ${session}`]),
  ];
}

export function sayNothingCame(append: boolean, { json }: Style, io: Io): void {
  remark(io, append ? 'Nothing came, so nothing was appended.' : 'Nothing came, so no cassette was written.');
  if (!json) return;
  const nothing = { path: null, exchanges: 0, outcomes: {}, bytes: 0, redacted: {}, files: [], next: [] };
  sayJson(io, { event: 'summary', ...nothing });
}

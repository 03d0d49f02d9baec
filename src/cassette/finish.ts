import { TapedeckError } from '../errors.ts';
import { headerValue } from '../util/headers.ts';
import type { Outcome } from '../util/types.ts';
import { assembleExchange } from './assemble.ts';
import type { CassetteHeader, Entry } from './format.ts';
import { indexJournal, type JournalIndex, type ReadJournal, readAhead, readRecords } from './index-journal.ts';
import type { JournalStart } from './records.ts';
import { writeCassetteFile } from './write.ts';

/** What became of a journal. */
export interface FinishedJournal {
  path: string;
  /** Length of the cassette. */
  bytes: number;
  exchanges: number;
  outcomes: Partial<Record<Outcome, number>>;
  redacted: Record<string, number>;
}

/**
 * Writes the cassette of a journal: exchanges in the order their requests began, one in memory at a time. Where `path` is
 * taken and may not be replaced, the cassette gets the next free name (`NAME-2.har`).
 * @returns undefined when this is no journal, or its first line is torn
 */
export async function finishJournal(
  read: ReadJournal,
  path: string,
  force: boolean,
): Promise<FinishedJournal | undefined> {
  const index = await indexJournal(read);
  if (!index.start) return undefined;
  const header = await headerOf(read, index, index.start);
  for (let n = 1; ; n++) {
    const name = n === 1 ? path : numbered(path, n);
    const tally = { exchanges: 0, outcomes: {} as Partial<Record<Outcome, number>> };
    try {
      const { bytes } = await writeCassetteFile(name, header, entriesOf(read, index, header, tally), { force });
      return { path: name, bytes, ...tally, redacted: index.redacted };
    } catch (error) {
      if (!(error instanceof TapedeckError && error.code === 'output-exists')) throw error;
    }
  }
}

/** `NAME-2.har` of `NAME.har`. */
function numbered(path: string, n: number): string {
  return path.replace(/(\.[^./\\]*)?$/, `-${n}$1`);
}

async function* entriesOf(
  read: ReadJournal,
  index: JournalIndex,
  header: CassetteHeader,
  tally: { exchanges: number; outcomes: Partial<Record<Outcome, number>> },
): AsyncGenerator<Entry> {
  const ahead = readAhead(read);
  for (const [, lines] of index.lines.inOrder()) {
    const entries = assembleExchange(await readRecords(ahead, lines), header.gateway);
    const client = entries?.[0];
    if (!entries || !client) continue;
    tally.exchanges += 1;
    tally.outcomes[client._outcome] = (tally.outcomes[client._outcome] ?? 0) + 1;
    yield* entries;
  }
}

async function headerOf(read: ReadJournal, index: JournalIndex, { header }: JournalStart): Promise<CassetteHeader> {
  const client = await findClient(read, index);
  const { format, tool, recordedAt, gateway, upstream, around } = header;
  const counts = { redacted: index.redacted, elided: { texts: 0, chars: 0 } };
  const named = { ...(client ? { client } : {}), gateway, upstream, ...(around ? { around } : {}) };
  return { format, tool, recordedAt, ...named, ...counts };
}

/** The client of the first exchange that names one. */
async function findClient(read: ReadJournal, index: JournalIndex): Promise<CassetteHeader['client']> {
  for (const [, lines] of index.lines.inOrder()) {
    const [opened] = await readRecords(read, lines.slice(0, 2));
    const client = clientOf(headerValue(opened?.legs?.[0]?.request?.headers ?? [], 'user-agent'));
    if (client) return client;
  }
  return undefined;
}

/** First product of a user agent (RFC 9110 section 10.1.5): `codex_exec/0.169.0 (…)`, `OpenAI/JS 4.2.0`. */
export function clientOf(userAgent: string | undefined): CassetteHeader['client'] {
  const match = /^\s*([^\s/]+(?:\/[A-Za-z][^\s/]*)?)(?:[ /]v?(\d\S*))?/.exec(userAgent ?? '');
  if (!match?.[1]) return undefined;
  return match[2] === undefined ? { name: match[1] } : { name: match[1], version: match[2] };
}

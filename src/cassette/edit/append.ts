import { Buffer } from 'node:buffer';
import { TapedeckError } from '../../errors.ts';
import type { CassetteHeader, Entry } from '../format.ts';
import { openJournalFile } from '../journal.ts';
import { RECORDING_LIMITS } from '../limits.ts';
import { createCassetteScanner } from '../scan.ts';
import { type CassetteReader, openCassette } from '../store.ts';
import { writeCassetteFile } from '../write.ts';
import { highestPlaceholder } from './placeholders.ts';
import { renumber, renumberPlaceholders } from './renumber.ts';

/** What became of a cassette that another one was appended to. */
export interface Appended {
  path: string;
  bytes: number;
  /** All that it has now. */
  exchanges: number;
  /** Those of the other one that it did not have before. */
  added: number;
}

/** What an entry has to give way to that follows it. */
interface Survey {
  exchanges: number;
  /** Highest `_seq`, or number in `_exchange`. */
  last: number;
  /** Highest number of a placeholder. */
  placeholder: number;
  /** `_seed` of every exchange: no two have the same. */
  seeds: Set<string>;
}

/**
 * Puts the exchanges of one cassette behind those of another, in one step: whoever looks sees the old file or the new one.
 * What was there stays byte for byte. Exchanges that it has already are left out, so that an appending that was killed
 * after its step can be done again.
 * @throws TapedeckError as `openAppendable` and `openCassette`; `output-failed`
 */
export async function appendCassette(path: string, other: string): Promise<Appended> {
  const target = await openAppendable(path);
  try {
    const before = await survey(path, target.header);
    const source = await openCassette(other);
    try {
      const count = { added: 0 };
      const entries = newEntries(source, before, count);
      const header = addHeader(target.header, source.header);
      const { bytes } = await writeCassetteFile(path, header, entries, { force: true, kept: rawEntries(path) });
      return { path, bytes, exchanges: before.exchanges + count.added, added: count.added };
    } finally {
      await source.close();
    }
  } finally {
    await target.close();
  }
}

/**
 * Opens a cassette that can be appended to: one of ours, and as it was recorded.
 * @throws TapedeckError `cassette-edited`, `cassette-unreadable`, `cassette-too-new`, `cassette-not-found`
 */
export async function openAppendable(path: string): Promise<CassetteReader> {
  try {
    return await openCassette(path, { pristine: true });
  } catch (error) {
    if (!(error instanceof TapedeckError && error.code === 'cassette-edited')) throw error;
    // What is no cassette at all is not told to be an edited one.
    await (await openCassette(path)).close();
    const hint = 'Record to another file with -o, and join the two with `tapedeck edit merge`.';
    throw new TapedeckError('cassette-edited', `Nothing is appended: ${error.message}`, { hint, cause: error });
  }
}

async function* newEntries(source: CassetteReader, before: Survey, count: { added: number }): AsyncGenerator<Entry> {
  for await (const exchange of source.exchanges()) {
    if (before.seeds.has(exchange.client._seed)) continue;
    count.added += 1;
    for (const entry of renumber(exchange, before.last + count.added)) {
      yield renumberPlaceholders(entry, (n) => n + before.placeholder);
    }
  }
}

function addHeader(old: CassetteHeader, { tool, client, redacted, elided }: CassetteHeader): CassetteHeader {
  const sum = { ...old.redacted };
  for (const [kind, count] of Object.entries(redacted)) sum[kind] = (sum[kind] ?? 0) + count;
  const named = old.client ?? client;
  return {
    ...old,
    tool,
    ...(named ? { client: named } : {}),
    redacted: sum,
    elided: { texts: old.elided.texts + elided.texts, chars: old.elided.chars + elided.chars },
  };
}

async function survey(path: string, { redacted }: CassetteHeader): Promise<Survey> {
  // A recording numbers from 1, so its counts tell the highest number as well, of placeholders within base64 too.
  const placeholder = Object.values(redacted).reduce((sum, count) => sum + count, 0);
  const found: Survey = { exchanges: 0, last: 0, placeholder, seeds: new Set() };
  for await (const bytes of rawEntries(path)) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    found.placeholder = Math.max(found.placeholder, highestPlaceholder(text));
    // What an entry is stands at its beginning, one member a line; a text cannot look like that, since it has no line ends.
    const number = Math.max(numberIn(/^ {4}"_seq": (\d+),$/m, text), numberIn(/^ {4}"_exchange": "x(\d+)",$/m, text));
    found.last = Math.max(found.last, number);
    if (!/^ {4}"_side": "client",$/m.test(text)) continue;
    found.exchanges += 1;
    const seed = /^ {4}"_seed": "([^"]+)",$/m.exec(text)?.[1];
    if (seed !== undefined) found.seeds.add(seed);
  }
  return found;
}

function numberIn(pattern: RegExp, text: string): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

/** The entries of a cassette that has our layout, as they stand in the file, from `  {` to `  }`. */
async function* rawEntries(path: string): AsyncGenerator<Uint8Array> {
  const file = await openJournalFile(path);
  try {
    const scanner = createCassetteScanner();
    for (let at = 0; ; ) {
      const block = await file.read(at, RECORDING_LIMITS.readBytes);
      if (block.length === 0) return;
      at += block.length;
      for (const event of scanner.push(block)) if (event.kind === 'entry') yield event.bytes;
    }
  } finally {
    await file.close();
  }
}

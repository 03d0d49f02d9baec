import { Buffer } from 'node:buffer';
import { JournalLines, type Lines } from './journal-lines.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { parseRecord, rawBytesAfter } from './raw-records.ts';
import { type ExchangeRecord, JOURNAL_VERSION, type JournalStart } from './records.ts';

/** Reads part of a journal: fewer bytes than asked for at its end. */
export type ReadJournal = (position: number, length: number) => Promise<Uint8Array>;

/** Where the records of each exchange are, so that they can be read in another order than they were written. */
export interface JournalIndex {
  /** Undefined when the first line is torn or is no journal's. */
  start: JournalStart | undefined;
  lines: JournalLines;
  /** Different placeholders seen, by kind: how many values were replaced. */
  redacted: Record<string, number>;
}

const RECORD_START = /^\{"x":(\d+),"t":"/;
/** `{"x":`, the largest whole number, `,"t":"`. */
const RECORD_START_BYTES = 32;
const PLACEHOLDERS = /\[redacted:([a-z0-9-]+)#(\d+)\]|%5Bredacted%3A([a-z0-9-]+)%23(\d+)/g;
const LINE_FEED = 10;

/** Goes through a journal once. A torn last line, as a kill or a full disk leaves it, is not counted. */
export async function indexJournal(read: ReadJournal): Promise<JournalIndex> {
  const lines = new JournalLines();
  const index: JournalIndex = { start: undefined, lines, redacted: {} };
  const seen = new Set<string>();
  for await (const { at, bytes } of linesOf(read)) {
    if (at === 0) {
      index.start = parseStart(bytes.toString('utf8'));
      if (!index.start) return index;
      continue;
    }
    const seq = Number(RECORD_START.exec(bytes.toString('latin1', 0, RECORD_START_BYTES))?.[1] ?? Number.NaN);
    if (Number.isNaN(seq)) continue;
    lines.add(seq, at, bytes.length);
    if (bytes.includes('redacted')) countPlaceholders(bytes.toString('latin1'), seen, index.redacted);
  }
  return index;
}

function countPlaceholders(text: string, seen: Set<string>, redacted: Record<string, number>): void {
  for (const match of text.matchAll(PLACEHOLDERS)) {
    const kind = (match[1] ?? match[3])!;
    const value = `${kind}#${match[2] ?? match[4]}`;
    if (seen.has(value)) continue;
    seen.add(value);
    redacted[kind] = (redacted[kind] ?? 0) + 1;
  }
}

/**
 * Reads ahead: the records of exchanges that follow each other mostly stand near each other, and a system call for each
 * would be what takes most of the time.
 */
export function readAhead(read: ReadJournal): ReadJournal {
  let block: { at: number; bytes: Uint8Array } | undefined;
  return async (at, length) => {
    if (!block || at < block.at || at + length > block.at + block.bytes.length) {
      block = { at, bytes: await read(at, Math.max(length, RECORDING_LIMITS.readBytes)) };
    }
    return block.bytes.subarray(at - block.at, at - block.at + length);
  };
}

/** The records of one exchange, in the order they were written. */
export async function readRecords(read: ReadJournal, lines: Lines): Promise<ExchangeRecord[]> {
  const records: ExchangeRecord[] = [];
  for (let i = 0; i < lines.length; i += 2) {
    const record = parseRecord(await read(lines[i]!, lines[i + 1]!));
    if (record) records.push(record);
  }
  return records;
}

/** The first line of a journal; undefined when it is something else. */
export function parseStart(line: string): JournalStart | undefined {
  const start = parseLine(line) as Partial<JournalStart> | undefined;
  const version = start?.tapedeckJournal ?? 0;
  return start && version >= 1 && version <= JOURNAL_VERSION && start.owner && start.header
    ? (start as JournalStart)
    : undefined;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // A line that a failing disk damaged costs what stood in it, not the recording.
    return undefined;
  }
}

/** The lines of a journal, each with the raw bytes that follow it; without the line feed at the end. */
async function* linesOf(read: ReadJournal): AsyncGenerator<{ at: number; bytes: Buffer }> {
  let parts: Uint8Array[] = [];
  let lineAt = 0;
  /** Raw bytes, with their line feed, that are still to come. */
  let raw = 0;
  for (let at = 0; ; ) {
    const block = await read(at, RECORDING_LIMITS.readBytes);
    if (block.length === 0) return;
    for (let from = 0; from < block.length; ) {
      const feed = raw > 0 ? from + raw - 1 : block.indexOf(LINE_FEED, from);
      const end = feed < 0 ? block.length : Math.min(feed + 1, block.length);
      parts.push(block.subarray(from, end));
      if (raw > 0) raw -= end - from;
      else if (feed >= 0) raw = rawBytesAfter(parts);
      from = end;
      if (raw > 0 || feed < 0) continue;
      yield { at: lineAt, bytes: concatLine(parts).subarray(0, -1) };
      parts = [];
      lineAt = at + from;
    }
    at += block.length;
  }
}

/** Most lines lie within one block, and are not copied. */
function concatLine(parts: readonly Uint8Array[]): Buffer {
  const [only] = parts;
  if (parts.length !== 1 || !only) return Buffer.concat(parts);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}

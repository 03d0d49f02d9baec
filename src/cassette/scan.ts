import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { RECORDING_LIMITS } from './limits.ts';
import { ENTRIES_END, ENTRIES_LINE, ENTRY_END, ENTRY_START, FIRST_LINE, LAST_LINE } from './serialize.ts';

/** What a piece of a cassette file turned out to hold. Offsets are in bytes, lines count from 1. */
export type ScanEvent =
  /** Everything before the entries, as the text of a whole JSON document with no entries. */
  | { kind: 'header'; text: string }
  | { kind: 'entry'; bytes: Uint8Array; offset: number; line: number }
  /** Entries are over: hash of their bytes, and the one that the file gives. */
  | { kind: 'footer'; sha256: string; stated: string | undefined }
  /** A line that our layout does not have. Nothing follows. */
  | { kind: 'foreign'; offset: number; line: number }
  /** The file ends too early. */
  | { kind: 'cut'; offset: number; line: number };

export interface CassetteScanner {
  push(chunk: Uint8Array): ScanEvent[];
  end(): ScanEvent[];
}

type State = 'first' | 'header' | 'between' | 'entry' | 'after' | 'footer' | 'last' | 'done' | 'stopped';

const LINE_FEED = 10;
const SPACE = 32;
const CLOSING_BRACE = 125;
const SHA256_LINE = /^ "_sha256": "([0-9a-f]{64})"$/;
const END = /\n \],\n "_sha256": "([0-9a-f]{64})"\n\}\}\n?$/;
const COMMA = ',';
/** No line that stands alone is longer. */
const LONGEST_MARK = 128;

/**
 * Reads a cassette line by line, in memory for one entry at a time. It knows lines only, no JSON: what stands between the
 * lines of an entry is the business of whoever parses it.
 */
export function createCassetteScanner(): CassetteScanner {
  let state: State = 'first';
  let line = 1;
  /** Offset of the line being read, and its parts so far. */
  let offset = 0;
  let parts: Uint8Array[] = [];
  let header = '';
  let entry = { offset: 0, line: 0, parts: [] as Uint8Array[] };
  let stated: string | undefined;
  const hash = createHash('sha256');

  /** What a line means in each state; undefined: it has no place there. */
  const steps: Record<State, (bytes: Uint8Array, text: string) => State | undefined> = {
    first: (_, text) => {
      header = `${text}\n`;
      return text === FIRST_LINE ? 'header' : undefined;
    },
    header(bytes, text) {
      if (text === ENTRIES_LINE) return 'between';
      if (header.length + bytes.length > RECORDING_LIMITS.preambleBytes) return undefined;
      header += asBuffer(bytes).toString('utf8');
      return 'header';
    },
    between(bytes, text) {
      if (text === ENTRIES_END && entry.line === 0) return 'footer';
      if (text !== ENTRY_START) return undefined;
      entry = { offset, line, parts: [bytes] };
      return 'entry';
    },
    entry(bytes, text) {
      entry.parts.push(bytes);
      return text === ENTRY_END ? 'after' : text === ENTRY_END + COMMA ? 'between' : 'entry';
    },
    after: (_, text) => (text === ENTRIES_END ? 'footer' : undefined),
    footer(_, text) {
      stated = SHA256_LINE.exec(text)?.[1];
      return stated === undefined ? undefined : 'last';
    },
    last: (_, text) => (text === LAST_LINE ? 'done' : undefined),
    done: (_, text) => (text === '' ? 'done' : undefined),
    stopped: () => 'stopped',
  };

  /** @param bytes the line with its line feed */
  function take(bytes: Uint8Array): ScanEvent[] {
    const before = state;
    const next = steps[before](bytes, markOf(bytes));
    const events: ScanEvent[] = [];
    state = next ?? 'stopped';
    if (next === undefined) events.push({ kind: 'foreign', offset, line });
    else if (before === 'header' && next === 'between')
      events.push({ kind: 'header', text: `${header}"entries":[]}}` });
    else if (before === 'entry' && next !== 'entry') events.push(takeEntry());
    if (next === 'done' && before === 'last') events.push({ kind: 'footer', sha256: hash.digest('hex'), stated });
    offset += bytes.length;
    line += 1;
    return events;
  }

  function takeEntry(): ScanEvent {
    for (const part of entry.parts) hash.update(part);
    const last = entry.parts.pop()!;
    const whole = [...entry.parts, last.subarray(0, ENTRY_END.length)];
    entry.parts = [];
    return { kind: 'entry', bytes: Buffer.concat(whole), offset: entry.offset, line: entry.line };
  }

  /**
   * Most lines stand inside an entry and cannot be its last one: those that follow each other in a chunk are taken together.
   * @returns where the line begins that is to be looked at
   */
  function skipInner(chunk: Uint8Array, from: number): number {
    let next = from;
    if (state !== 'entry' || parts.length > 0) return from;
    for (let end = chunk.indexOf(LINE_FEED, next); end >= 0; end = chunk.indexOf(LINE_FEED, next)) {
      if (chunk[next + 2] === CLOSING_BRACE) break;
      next = end + 1;
      line += 1;
    }
    if (next > from) entry.parts.push(chunk.subarray(from, next));
    offset += next - from;
    return next;
  }

  const isOver = (): boolean => state === 'done' || state === 'stopped';

  return {
    push(chunk) {
      const events: ScanEvent[] = [];
      let from = skipInner(chunk, 0);
      for (let end = chunk.indexOf(LINE_FEED, from); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
        if (state === 'stopped') return events;
        parts.push(chunk.subarray(from, end + 1));
        const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
        parts = [];
        events.push(...take(bytes));
        from = skipInner(chunk, end + 1);
      }
      if (from < chunk.length && state !== 'stopped') parts.push(chunk.subarray(from));
      return events;
    },
    end() {
      const rest = Buffer.concat(parts);
      // Only these lines mean anything without a line end; any other one was cut off.
      const whole = state === 'first' || state === 'done' || rest.toString('latin1') === LAST_LINE;
      const events = rest.length > 0 && whole ? take(rest) : [];
      if (isOver()) return events;
      return [...events, { kind: 'cut', offset: offset + (whole ? 0 : rest.length), line }];
    },
  };
}

/** The checksum that the last lines of a cassette give. @param end text from any place after the entries, or before, to the end */
export function statedSha256(end: string): string | undefined {
  return END.exec(end)?.[1];
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The text of a line that may be one of the marks, without its line feed; of a longer one, nothing that is a mark. */
function markOf(line: Uint8Array): string {
  // Most lines are inside an entry, where they have four spaces at least.
  if (line.length > LONGEST_MARK || (line[2] === SPACE && line[3] === SPACE)) return 'none';
  return asBuffer(line.at(-1) === LINE_FEED ? line.subarray(0, -1) : line).toString('latin1');
}

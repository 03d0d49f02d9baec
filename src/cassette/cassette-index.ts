import { Buffer } from 'node:buffer';
import { parseJson } from '../decode/json.ts';
import { fromUtf8 } from '../util/bytes.ts';
import { sha256Hex } from '../util/sha256.ts';

/** What stands behind a cassette's name in that of its index. */
export const INDEX_SUFFIX = '.idx';

/** An index of another version counts as none. */
const INDEX_VERSION = 1;

const LINE_FEED = 10;

/** Tells the state of a cassette file, so that an index of another state is noticed. */
export interface CassetteState {
  bytes: number;
  /** Unix milliseconds of the last change. */
  modifiedAt: number;
  /** What the file gives as its `_sha256`. */
  sha256: string;
}

/** Where an exchange stands in its cassette. */
export interface IndexedExchange {
  id: string;
  /** Name of its WebSocket connection. */
  connection: string | undefined;
  /** Line and byte at which its first entry begins. */
  line: number;
  offset: number;
  /** Bytes of each of its entries; between two of them stand a comma and a line feed. */
  lengths: number[];
}

/** Where the exchanges of one cassette stand, and whether its entries fit its checksum. Numbers count from 1. */
export interface CassetteIndex {
  edited: boolean;
  count: number;
  at(number: number): IndexedExchange | undefined;
  /** The number of an exchange by its id. */
  numberOf(id: string): number | undefined;
  /** Numbers of the exchanges of one WebSocket connection. */
  numbersOn(connection: string): number[];
}

/** First line of the file; after it, one line an exchange: `["id", connection or null, line, offset, length, …]`. */
interface IndexHead {
  tapedeckIndex: number;
  cassette: CassetteState;
  edited: boolean;
  exchanges: number;
  /** Of all lines that follow. */
  sha256: string;
}

export interface IndexBuilder {
  /** Takes the entries in the order of the file, without what stands between them. */
  add(entry: Uint8Array, place: { offset: number; line: number }): void;
  /** The lines of the index; undefined when there can be none: the file has to be read from its beginning, which says why. */
  lines(): Uint8Array | undefined;
}

/** Builds an index from the bytes of entries, without parsing them. */
export function createIndexBuilder(): IndexBuilder {
  const seen = new Set<string>();
  const done: Buffer[] = [];
  let waiting = '';
  let current: IndexedExchange | undefined;
  let fit = true;
  const finish = () => {
    if (!current) return;
    const { id, connection, line, offset, lengths } = current;
    waiting += `${JSON.stringify([id, connection ?? null, line, offset, ...lengths])}\n`;
    if (waiting.length < 65_536) return;
    done.push(Buffer.from(waiting));
    waiting = '';
  };
  return {
    add(entry, { offset, line }) {
      const id = fit ? memberOf(entry, '_exchange') : undefined;
      if (id === undefined) fit = false;
      else if (id === current?.id) current.lengths.push(entry.length);
      else {
        finish();
        // Entries of an exchange that do not stand together are an error, which those who read the file tell.
        fit = !seen.has(id);
        seen.add(id);
        current = { id, connection: memberOf(entry, '_connection'), line, offset, lengths: [entry.length] };
      }
    },
    lines() {
      finish();
      current = undefined;
      return fit ? Buffer.concat([...done, Buffer.from(waiting)]) : undefined;
    },
  };
}

/** A text member of an entry as our layout writes it: on a line of its own, indented by four. */
function memberOf(entry: Uint8Array, name: string): string | undefined {
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength);
  const mark = `\n    "${name}": `;
  const at = bytes.indexOf(mark);
  if (at < 0) return undefined;
  const from = at + mark.length;
  const end = bytes.indexOf(LINE_FEED, from);
  const parsed = parseJson(bytes.toString('utf8', from, end).replace(/,$/, ''));
  return parsed.ok && typeof parsed.value === 'string' ? parsed.value : undefined;
}

/** The file of an index. */
export function serializeIndex(lines: Uint8Array, cassette: CassetteState, edited: boolean): Uint8Array {
  const exchanges = indexOfLines(lines, edited).count;
  const head: IndexHead = { tapedeckIndex: INDEX_VERSION, cassette, edited, exchanges, sha256: sha256Hex(lines) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), lines]);
}

/** Reads an index; undefined when it is damaged, of another version, or of another state of the cassette. */
export function parseIndex(file: Uint8Array, cassette: CassetteState): CassetteIndex | undefined {
  const end = file.indexOf(LINE_FEED);
  const parsed = parseJson(fromUtf8(file.subarray(0, Math.max(0, end))));
  const head = (parsed.ok ? parsed.value : undefined) as Partial<IndexHead> | null | undefined;
  if (head?.tapedeckIndex !== INDEX_VERSION || typeof head.edited !== 'boolean') return undefined;
  const { bytes, modifiedAt, sha256 } = head.cassette ?? {};
  if (bytes !== cassette.bytes || modifiedAt !== cassette.modifiedAt || sha256 !== cassette.sha256) return undefined;
  const lines = file.subarray(end + 1);
  if (sha256Hex(lines) !== head.sha256) return undefined;
  return indexOfLines(lines, head.edited);
}

/** Keeps the lines as they are and parses the one that is asked for: a cassette may have very many. */
export function indexOfLines(lines: Uint8Array, edited: boolean): CassetteIndex {
  const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
  const starts = startsOf(bytes);
  const count = starts.length - 1;
  const at = (number: number): IndexedExchange | undefined => {
    const from = starts[number - 1];
    if (from === undefined || number > count) return undefined;
    const [id, connection, line, offset, ...lengths] = JSON.parse(bytes.toString('utf8', from, starts[number]));
    return { id, connection: connection ?? undefined, line, offset, lengths };
  };
  return {
    edited,
    count,
    at,
    numberOf(id) {
      const mark = `[${JSON.stringify(id)},`;
      if (bytes.indexOf(mark) === 0) return 1;
      // A line feed stands nowhere in JSON text but at its end.
      const before = bytes.indexOf(`\n${mark}`);
      return before < 0 ? undefined : numberAt(starts, before + 1);
    },
    numbersOn(connection) {
      const mark = `,${JSON.stringify(connection)},`;
      const numbers: number[] = [];
      for (let found = bytes.indexOf(mark); found >= 0; found = bytes.indexOf(mark, found + 1)) {
        const number = numberAt(starts, found);
        if (at(number)?.connection === connection && numbers.at(-1) !== number) numbers.push(number);
      }
      return numbers;
    },
  };
}

/** Where each line begins, and the end of the last one. */
function startsOf(bytes: Uint8Array): Float64Array {
  let count = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, end + 1)) count += 1;
  const starts = new Float64Array(count + 1);
  let end = -1;
  for (let i = 1; i <= count; i++) {
    end = bytes.indexOf(LINE_FEED, end + 1);
    starts[i] = end + 1;
  }
  return starts;
}

/** Number of the line that holds a byte. */
function numberAt(starts: Float64Array, offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

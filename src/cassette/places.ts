import { Buffer } from 'node:buffer';
import { parseJson } from '../decode/json.ts';
import type { TapedeckError } from '../errors.ts';
import { fromUtf8 } from '../util/bytes.ts';
import type { Side } from '../util/types.ts';
import { entryFault } from './adopt.ts';
import type { CassetteIndex, IndexedExchange } from './cassette-index.ts';
import type { Entry } from './format.ts';
import { readAhead } from './index-journal.ts';
import { joinExchange, type RecordedExchange } from './legs.ts';
import { RECORDING_LIMITS } from './limits.ts';
import type { Converter } from './migrate.ts';
import { ENTRY_END, ENTRY_START } from './serialize.ts';
import { type CassetteSource, notJson, placed, unreadable } from './source.ts';
import type { ExchangePlaces } from './store.ts';

/** Parses the bytes of one entry. @throws TapedeckError `cassette-unreadable` */
export function parseEntry(
  source: CassetteSource,
  converter: Converter,
  { bytes, offset, line }: { bytes: Uint8Array; offset: number; line: number },
): Entry {
  if (bytes.length > RECORDING_LIMITS.entryBytes) {
    const what = `the entry at line ${line} has ${bytes.length} bytes, more than a string can hold`;
    throw unreadable(source, what, 'Cut the body of that entry down.');
  }
  const text = fromUtf8(bytes);
  const parsed = parseJson(text);
  if (!parsed.ok) throw notJson(source, text, parsed, { offset, line });
  return checkEntry(source, converter.entry(parsed.value), `the entry at line ${line} (byte ${offset})`);
}

/** @param where for people: which entry it is */
export function checkEntry(source: CassetteSource, value: unknown, where: string): Entry {
  const fault = entryFault(value);
  if (fault === undefined) return value as Entry;
  throw unreadable(source, `${where} breaks the format: ${fault}`, 'docs/cassette-format.md says what an entry has.');
}

/** What stands between two entries: a comma and a line feed. */
const BETWEEN_BYTES = 2;

/** The entries of one exchange, read from their places. @param part `requests`: as if no response had come */
export async function readRun(
  source: CassetteSource,
  place: IndexedExchange,
  converter: Converter,
  read: CassetteSource['read'],
  part: 'all' | 'requests' = 'all',
): Promise<Entry[]> {
  let { offset, line } = place;
  const entries: Entry[] = [];
  for (const length of place.lengths) {
    const whole = await read(offset, length);
    if (!isWhole(whole, length)) throw changed(source);
    const bytes = part === 'requests' ? withoutResponse(whole) : whole;
    const entry = parseEntry(source, converter, { bytes, offset, line });
    if (entry._exchange !== place.id) throw changed(source);
    entries.push(entry);
    offset += length + BETWEEN_BYTES;
    if (entries.length < place.lengths.length) line += linesIn(whole);
  }
  return entries;
}

/** Where the response of an entry begins in our layout: no text goes over a line. */
const RESPONSE = Buffer.from(',\n    "response": {');
const NO_RESPONSE = Buffer.from(
  ',"response":{"status":0,"statusText":"","httpVersion":"","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":0}}',
);

/** An entry up to its response, which stands behind the request. */
function withoutResponse(entry: Uint8Array): Uint8Array {
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength);
  const at = bytes.indexOf(RESPONSE);
  return at < 0 ? entry : Buffer.concat([bytes.subarray(0, at), NO_RESPONSE]);
}

/** Whether these bytes look like those of an entry. */
function isWhole(bytes: Uint8Array, length: number): boolean {
  const text = (from: number) => fromUtf8(bytes.subarray(from, from + ENTRY_END.length));
  return bytes.length === length && text(0).startsWith(ENTRY_START) && text(length - ENTRY_END.length) === ENTRY_END;
}

function linesIn(bytes: Uint8Array): number {
  let lines = 1;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, end + 1)) lines += 1;
  return lines;
}

function changed(source: CassetteSource): TapedeckError {
  return unreadable(source, 'it changed while it was being read', 'Run the command again.');
}

/** All exchanges of an index, in their order, with few reads. */
export async function* readRuns(
  source: CassetteSource,
  index: CassetteIndex,
  converter: Converter,
): AsyncGenerator<Entry[]> {
  const read = readAhead(source.read);
  for (let number = 1; number <= index.count; number++) yield readRun(source, index.at(number)!, converter, read);
}

/** The same, of which only requests are wanted. Messages of a WebSocket stand behind the response, so those entries are read whole. */
async function* readRequests(
  source: CassetteSource,
  index: CassetteIndex,
  converter: Converter,
  side: Side,
): AsyncGenerator<RecordedExchange> {
  const read = readAhead(source.read);
  for (let number = 1; number <= index.count; number++) {
    const place = index.at(number)!;
    // The client's entry is the first one.
    const wanted = side === 'client' ? { ...place, lengths: place.lengths.slice(0, 1) } : place;
    const part = index.edited || place.connection !== undefined ? 'all' : 'requests';
    const run = await readRun(source, index.edited ? place : wanted, converter, read, part);
    yield placed(source, () => joinExchange(run));
  }
}

/** The exchanges of a cassette by their places. */
export function placesIn(source: CassetteSource, index: CassetteIndex, converter: Converter): ExchangePlaces {
  return {
    count: index.count,
    numberOf: index.numberOf,
    idOf: (number) => index.at(number)?.id,
    numbersOn: index.numbersOn,
    requests: (side) => readRequests(source, index, converter, side),
    async exchange(number) {
      const place = index.at(number);
      if (!place) return undefined;
      const run = await readRun(source, place, converter, source.read);
      return placed(source, () => joinExchange(run));
    },
  };
}

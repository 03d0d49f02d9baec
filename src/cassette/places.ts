import { parseJson } from '../decode/json.ts';
import type { TapedeckError } from '../errors.ts';
import { fromUtf8 } from '../util/bytes.ts';
import { entryFault } from './adopt.ts';
import type { CassetteIndex, IndexedExchange } from './cassette-index.ts';
import type { Entry } from './format.ts';
import { readAhead } from './index-journal.ts';
import { joinExchange } from './legs.ts';
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

/** The entries of one exchange, read from their places. */
export async function readRun(
  source: CassetteSource,
  place: IndexedExchange,
  converter: Converter,
  read: CassetteSource['read'],
): Promise<Entry[]> {
  let { offset, line } = place;
  const entries: Entry[] = [];
  for (const length of place.lengths) {
    const bytes = await read(offset, length);
    if (!isWhole(bytes, length)) throw changed(source);
    const entry = parseEntry(source, converter, { bytes, offset, line });
    if (entry._exchange !== place.id) throw changed(source);
    entries.push(entry);
    offset += length + BETWEEN_BYTES;
    line += linesIn(bytes);
  }
  return entries;
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

/** The exchanges of a cassette by their places. */
export function placesIn(source: CassetteSource, index: CassetteIndex, converter: Converter): ExchangePlaces {
  return {
    count: index.count,
    numberOf: index.numberOf,
    idOf: (number) => index.at(number)?.id,
    numbersOn: index.numbersOn,
    async exchange(number) {
      const place = index.at(number);
      if (!place) return undefined;
      const run = await readRun(source, place, converter, source.read);
      return placed(source, () => joinExchange(run));
    },
  };
}

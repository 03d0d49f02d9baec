import { Buffer } from 'node:buffer';
import { parseJson } from '../decode/json.ts';
import { fromUtf8 } from '../util/bytes.ts';
import { adoptEntry, adoptHeader } from './adopt.ts';
import { type CassetteIndex, createIndexBuilder, indexOfLines, parseIndex, serializeIndex } from './cassette-index.ts';
import { type CassetteHeader, type Entry, FORMAT_VERSION } from './format.ts';
import { groupExchanges, joinExchange, type RecordedExchange } from './legs.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { type Converter, converterFrom } from './migrate.ts';
import { checkEntry, parseEntry, placesIn, readRuns } from './places.ts';
import { createCassetteScanner, type ScanEvent, statedSha256 } from './scan.ts';
import { type CassetteSource, cutOff, edited, notJson, placed, unreadable } from './source.ts';
import type { CassetteReader } from './store.ts';

/**
 * Reads the header of a cassette and goes through it once, to see whether it is whole and as it was recorded, and where its
 * exchanges stand; of a large one an index remembers that.
 * @param options.pristine refuse a cassette whose entries do not fit its checksum, whatever an index says
 * @throws TapedeckError `cassette-unreadable`, `cassette-too-new`, `cassette-edited`
 */
export async function readCassette(
  source: CassetteSource,
  options: { pristine?: boolean } = {},
): Promise<CassetteReader> {
  if (source.bytes === 0) throw unreadable(source, 'it is empty', 'Restore the file or record again.');
  const inspection = (options.pristine ? undefined : await recall(source)) ?? (await inspect(source));
  const { header, converter, sound, index } = inspection;
  const base = { path: source.path, close: () => source.close() };
  if (sound !== undefined) {
    if (!sound && options.pristine) throw edited(source, 'its entries do not fit its checksum');
    const cassette = { ...base, header, edited: !sound };
    if (!index) {
      const entries = () => scanEntries(source, converter);
      return { ...cassette, entries, exchanges: () => joinRuns(source, entries()) };
    }
    return {
      ...cassette,
      places: placesIn(source, index, converter),
      async *entries() {
        for await (const run of readRuns(source, index, converter)) yield* run;
      },
      async *exchanges() {
        for await (const run of readRuns(source, index, converter)) yield placed(source, () => joinExchange(run));
      },
    };
  }
  if (options.pristine) throw edited(source, 'it does not have the layout of a cassette, so its checksum is void');
  const whole = await readWhole(source);
  return {
    ...base,
    header: whole.header,
    edited: whole.edited,
    entries: () => iterate(whole.entries),
    exchanges: () => iterate(placed(source, () => groupExchanges(whole.entries))),
  };
}

/** What the index of a large cassette remembers of an earlier inspection. */
async function recall(source: CassetteSource): Promise<Inspection | undefined> {
  const file = source.bytes < RECORDING_LIMITS.indexedBytes ? undefined : await source.loadIndex();
  const sha256 = file && (await readStated(source));
  if (!file || sha256 === undefined) return undefined;
  const index = parseIndex(file, { bytes: source.bytes, modifiedAt: source.modifiedAt, sha256 });
  if (!index) return undefined;
  for await (const event of scan(source)) {
    if (event.kind !== 'header') return undefined;
    const parsed = parseHeader(source, event.text);
    return parsed && { ...parsed, sound: !index.edited, index };
  }
  return undefined;
}

/** The checksum that stands at the end of the file. */
async function readStated(source: CassetteSource): Promise<string | undefined> {
  const end = await source.read(Math.max(0, source.bytes - TRAILER_BYTES), TRAILER_BYTES);
  return statedSha256(fromUtf8(end));
}

interface Inspection {
  header: CassetteHeader;
  converter: Converter;
  /** Whether the checksum fits; undefined when the file does not have our layout. */
  sound: boolean | undefined;
  /** Undefined when the file can only be read from its beginning. */
  index?: CassetteIndex | undefined;
}

/** What follows the entries is shorter. */
const TRAILER_BYTES = 256;

async function inspect(source: CassetteSource): Promise<Inspection> {
  const found: Partial<Inspection> = {};
  const builder = createIndexBuilder();
  let stated: string | undefined;
  for await (const event of scan(source)) {
    if (event.kind === 'entry') builder.add(event.bytes, event);
    else if (event.kind === 'header') {
      const parsed = parseHeader(source, event.text);
      // A header that was edited into something else is explained by reading the file as a whole.
      if (!parsed) return { ...(found as Inspection), sound: undefined };
      Object.assign(found, parsed);
    } else if (event.kind === 'footer') {
      found.sound = event.sha256 === event.stated;
      stated = event.stated;
    } else if (event.kind === 'cut') throw cutOff(source, event.offset, event.line);
    else if (event.kind === 'foreign') return { ...(found as Inspection), sound: undefined };
  }
  const whole = found as Inspection;
  // The names of members in older formats are their converters' business.
  const lines = whole.header.format === FORMAT_VERSION ? builder.lines() : undefined;
  if (!lines) return whole;
  const { bytes, modifiedAt } = source;
  if (stated !== undefined && bytes >= RECORDING_LIMITS.indexedBytes) {
    await source.saveIndex(serializeIndex(lines, { bytes, modifiedAt, sha256: stated }, !whole.sound));
  }
  return { ...whole, index: indexOfLines(lines, !whole.sound) };
}

function parseHeader(source: CassetteSource, text: string): Pick<Inspection, 'header' | 'converter'> | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok) return undefined;
  return convertHeader(source, (parsed.value as { log: { _tapedeck?: unknown } }).log._tapedeck);
}

async function* scan(source: CassetteSource): AsyncGenerator<ScanEvent> {
  const scanner = createCassetteScanner();
  for await (const block of source.blocks()) yield* scanner.push(block);
  yield* scanner.end();
}

function convertHeader(source: CassetteSource, value: unknown): { header: CassetteHeader; converter: Converter } {
  const format = (value as Partial<CassetteHeader> | undefined | null)?.format;
  const converter = placed(source, () => converterFrom(format));
  const header = converter.header(value) as Partial<CassetteHeader>;
  return { converter, header: withDefaults(header) };
}

/** People cut a header down to what they find useful. */
function withDefaults(header: Partial<CassetteHeader>): CassetteHeader {
  return {
    format: 1,
    tool: '',
    recordedAt: '',
    gateway: { name: '' },
    upstream: { url: '', protocol: null },
    redacted: {},
    elided: { texts: 0, chars: 0 },
    ...header,
  };
}

async function* scanEntries(source: CassetteSource, converter: Converter): AsyncGenerator<Entry> {
  for await (const event of scan(source)) {
    if (event.kind === 'cut' || event.kind === 'foreign') throw cutOff(source, event.offset, event.line);
    if (event.kind !== 'entry') continue;
    yield parseEntry(source, converter, event);
  }
}

async function* joinRuns(source: CassetteSource, entries: AsyncIterable<Entry>): AsyncGenerator<RecordedExchange> {
  const seen = new Set<string>();
  let run: Entry[] = [];
  for await (const entry of entries) {
    if (run[0] && run[0]._exchange !== entry._exchange) {
      yield placed(source, () => joinExchange(run));
      run = [];
    }
    if (run.length === 0 && seen.has(entry._exchange)) {
      const what = `the entries of exchange ${entry._exchange} do not stand together`;
      throw unreadable(source, what, 'Put them next to each other, or give each exchange its own `_exchange`.');
    }
    seen.add(entry._exchange);
    run.push(entry);
  }
  if (run.length > 0) yield placed(source, () => joinExchange(run));
}

async function readWhole(source: CassetteSource) {
  if (source.bytes > RECORDING_LIMITS.wholeFileBytes) {
    const what = `it does not have the layout of a cassette, and with ${source.bytes} bytes it is too large to be read whole`;
    throw unreadable(source, what, `Up to ${RECORDING_LIMITS.wholeFileBytes} bytes can be. Do not reformat cassettes.`);
  }
  const blocks: Uint8Array[] = [];
  for await (const block of source.blocks()) blocks.push(block);
  const text = fromUtf8(Buffer.concat(blocks)).replace(/^\ufeff/, '');
  const parsed = parseJson(text);
  if (!parsed.ok) throw notJson(source, text, parsed, { offset: 0, line: 1 });
  const log = (parsed.value as { log?: Record<string, unknown> } | null)?.log;
  if (!log || !Array.isArray(log.entries)) {
    const what = 'it is JSON, but no HAR file: `log.entries` is missing';
    throw unreadable(source, what, 'Single bodies are read by `tapedeck validate --as`.');
  }
  const own = log._tapedeck !== undefined;
  const { header, converter } = own
    ? convertHeader(source, log._tapedeck)
    : { header: adoptHeader(log), converter: converterFrom(1) };
  const entries = log.entries.map((value: unknown, i: number) => {
    const isObject = typeof value === 'object' && value !== null;
    const adopted = own || !isObject ? value : adoptEntry(value as Record<string, unknown>, i, header);
    return checkEntry(source, own ? converter.entry(adopted) : adopted, `entry ${i + 1}`);
  });
  return { header, entries, edited: own };
}

async function* iterate<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}

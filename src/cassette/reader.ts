import { Buffer } from 'node:buffer';
import { parseJson } from '../decode/json.ts';
import { TapedeckError } from '../errors.ts';
import { fromUtf8 } from '../util/bytes.ts';
import { adoptEntry, adoptHeader, entryFault } from './adopt.ts';
import type { CassetteHeader, Entry } from './format.ts';
import { groupExchanges, joinExchange, type RecordedExchange } from './legs.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { type Converter, converterFrom } from './migrate.ts';
import { createCassetteScanner, type ScanEvent } from './scan.ts';
import type { CassetteReader } from './store.ts';

/** The bytes of a cassette. */
export interface CassetteSource {
  path: string;
  bytes: number;
  /** All bytes, in new buffers, from the beginning. */
  blocks(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Reads the header of a cassette and goes through it once, to see whether it is whole and as it was recorded.
 * @param options.pristine refuse a cassette whose entries do not fit its checksum
 * @throws TapedeckError `cassette-unreadable`, `cassette-too-new`, `cassette-edited`
 */
export async function readCassette(
  source: CassetteSource,
  options: { pristine?: boolean } = {},
): Promise<CassetteReader> {
  if (source.bytes === 0) throw unreadable(source, 'it is empty', 'Restore the file or record again.');
  const { header, converter, sound } = await inspect(source);
  const base = { path: source.path, close: () => source.close() };
  if (sound !== undefined) {
    if (!sound && options.pristine) throw edited(source, 'its entries do not fit its checksum');
    const entries = () => scanEntries(source, converter);
    return { ...base, header, edited: !sound, entries, exchanges: () => joinRuns(source, entries()) };
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

interface Inspection {
  header: CassetteHeader;
  converter: Converter;
  /** Whether the checksum fits; undefined when the file does not have our layout. */
  sound: boolean | undefined;
}

async function inspect(source: CassetteSource): Promise<Inspection> {
  const found: Partial<Inspection> = {};
  for await (const event of scan(source)) {
    if (event.kind === 'header') {
      const parsed = parseJson(event.text);
      // A header that was edited into something else is explained by reading the file as a whole.
      if (!parsed.ok) return { ...(found as Inspection), sound: undefined };
      Object.assign(found, convertHeader(source, (parsed.value as { log: { _tapedeck?: unknown } }).log._tapedeck));
    } else if (event.kind === 'footer') found.sound = event.sha256 === event.stated;
    else if (event.kind === 'cut') throw cutOff(source, event.offset, event.line);
    else if (event.kind === 'foreign') return { ...(found as Inspection), sound: undefined };
  }
  return found as Inspection;
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
    if (event.bytes.length > RECORDING_LIMITS.entryBytes) {
      const what = `the entry at line ${event.line} has ${event.bytes.length} bytes, more than a string can hold`;
      throw unreadable(source, what, 'Cut the body of that entry down.');
    }
    const text = fromUtf8(event.bytes);
    const parsed = parseJson(text);
    if (!parsed.ok) throw notJson(source, text, parsed, event);
    const where = `the entry at line ${event.line} (byte ${event.offset})`;
    yield checkEntry(source, converter.entry(parsed.value), where);
  }
}

function checkEntry(source: CassetteSource, value: unknown, where: string): Entry {
  const fault = entryFault(value);
  if (fault === undefined) return value as Entry;
  throw unreadable(source, `${where} breaks the format: ${fault}`, 'docs/cassette-format.md says what an entry has.');
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

/** Adds the path to what a function without one says. */
function placed<T>(source: CassetteSource, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    const { code, message, hint } = error;
    throw new TapedeckError(code, `${source.path} cannot be read: ${message}`, hint === undefined ? {} : { hint });
  }
}

function unreadable({ path }: CassetteSource, what: string, hint: string): TapedeckError {
  return new TapedeckError('cassette-unreadable', `${path} cannot be read: ${what}.`, { hint });
}

function edited({ path }: CassetteSource, what: string): TapedeckError {
  const hint = 'Record it again, or leave --pristine out.';
  return new TapedeckError('cassette-edited', `${path} was edited: ${what}.`, { hint });
}

function cutOff(source: CassetteSource, offset: number, line: number): TapedeckError {
  const hint =
    'Restore the file or record again; a recording that was killed leaves a .part file that can be recovered.';
  return unreadable(source, `it is cut off at byte ${offset} (line ${line})`, hint);
}

function notJson(
  source: CassetteSource,
  text: string,
  fault: { message: string; offset: number },
  from: { offset: number; line: number },
): TapedeckError {
  const before = text.slice(0, fault.offset);
  const offset = from.offset + Buffer.byteLength(before);
  const line = from.line + before.split('\n').length - 1;
  const isWhole = from.offset === 0;
  if (isWhole && isBeginning(text, fault.offset)) return cutOff(source, source.bytes, text.split('\n').length);
  const what = `it is not JSON at line ${line} (byte ${offset}): ${fault.message}`;
  return unreadable(source, what, 'Undo the last edit, or restore the file.');
}

/** Whether a text that is not JSON begins like an object and then just ends. */
function isBeginning(text: string, faultAt: number): boolean {
  const bare = text.trim();
  return bare.startsWith('{') && (faultAt >= text.trimEnd().length || !bare.endsWith('}'));
}

import { fromHarHeaders, headerValue } from '../../util/headers.ts';
import type { Outcome } from '../../util/types.ts';
import { createEntryRedactor, type EntryRedactor, highestNumber } from '../edit/redact-entry.ts';
import { clientOf } from '../finish.ts';
import { type CassetteHeader, type Entry, FORMAT_VERSION, type Producer } from '../format.ts';
import { writeCassette } from '../store.ts';
import { type EntryContext, entriesOf } from './entry.ts';
import type { ImportSource, Lack, LackCounts } from './source.ts';

export interface ImportOptions {
  /** Cassette to write. */
  path: string;
  force: boolean;
  /** Version of tapedeck. */
  tool: string;
  patterns: RegExp[];
  headers: readonly string[];
  /** What stood between client and upstream, where the user knows better than the source. */
  gateway: Producer | undefined;
  protocolOf: EntryContext['protocolOf'];
}

export interface ImportSummary {
  path: string;
  format: ImportSource['format'];
  /** What the source is, for people. */
  title: string;
  bytes: number;
  exchanges: number;
  outcomes: Partial<Record<Outcome, number>>;
  redacted: Record<string, number>;
  /** How many exchanges lack what. */
  lacks: Partial<Record<Lack, number>>;
}

/**
 * Writes the exchanges of a source as a cassette, redacted like a recording. The source is read twice, since the header
 * counts what is redacted and stands first; one exchange is in memory at a time where the source allows it.
 * @throws TapedeckError of the source, of `writeCassette`
 */
export async function importSource(source: ImportSource, options: ImportOptions): Promise<ImportSummary> {
  const survey = await surveySource(source, options);
  const redactor = createEntryRedactor({ ...options, firstNumber: survey.highest + 1 });
  const { bytes } = await writeCassette(
    options.path,
    survey.header,
    redactAll(read(source, options), redactor),
    options,
  );
  const { exchanges, outcomes, header } = survey;
  const lacks = Object.fromEntries(survey.lacks);
  return {
    path: options.path,
    format: source.format,
    title: source.title,
    bytes,
    exchanges,
    outcomes,
    redacted: header.redacted,
    lacks,
  };
}

interface Survey {
  header: CassetteHeader;
  /** Highest number of a placeholder that the source holds. */
  highest: number;
  exchanges: number;
  outcomes: Partial<Record<Outcome, number>>;
  lacks: LackCounts;
}

async function surveySource(source: ImportSource, options: ImportOptions): Promise<Survey> {
  const redactor = createEntryRedactor(options);
  const survey = { highest: 0, exchanges: 0, outcomes: {} as Survey['outcomes'], lacks: new Map() as LackCounts };
  let first: Entry | undefined;
  let client: CassetteHeader['client'];
  for await (const entry of read(source, options, survey.lacks)) {
    survey.exchanges += 1;
    survey.outcomes[entry._outcome] = (survey.outcomes[entry._outcome] ?? 0) + 1;
    survey.highest = Math.max(survey.highest, highestNumber(entry));
    await redactor.entry(entry);
    first ??= entry;
    client ??= clientOf(headerValue(fromHarHeaders(entry.request.headers), 'user-agent'));
  }
  const header = headerOf(first, client, options.gateway ?? source.gateway, options.tool);
  return { ...survey, header: redactor.header(header, survey.highest + 1) };
}

function headerOf(
  first: Entry | undefined,
  client: CassetteHeader['client'],
  { name, version }: Producer,
  tool: string,
): CassetteHeader {
  return {
    format: FORMAT_VERSION,
    tool,
    recordedAt: first?.startedDateTime ?? new Date(0).toISOString(),
    ...(client ? { client } : {}),
    gateway: { name, ...(version === undefined ? {} : { version }) },
    upstream: { url: first ? baseOf(first.request.url) : '', protocol: first?._protocol ?? null },
    redacted: {},
    elided: { texts: 0, chars: 0 },
  };
}

async function* read(source: ImportSource, options: ImportOptions, lacks?: LackCounts): AsyncGenerator<Entry> {
  const context = { producer: options.gateway ?? source.gateway, protocolOf: options.protocolOf };
  let number = 1;
  for await (const exchange of source.exchanges()) {
    for (const lack of exchange.lacks) lacks?.set(lack, (lacks.get(lack) ?? 0) + 1);
    const entries = entriesOf(exchange, number, context);
    number += entries.length;
    yield* entries;
  }
}

async function* redactAll(entries: AsyncIterable<Entry>, redactor: EntryRedactor): AsyncGenerator<Entry> {
  for await (const entry of entries) yield redactor.entry(entry);
}

/** The URL that clients were pointed at: without what the endpoints add. */
function baseOf(url: string): string {
  return url
    .replace(/[?#].*$/s, '')
    .replace(/\/(?:responses(?:\/compact)?|chat\/completions|messages(?:\/count_tokens)?|models)\/?$/, '');
}

import type { CassetteHeader, Entry } from '../format.ts';
import type { RecordedExchange } from '../legs.ts';
import { renumber, renumberPlaceholders } from './renumber.ts';

/** A cassette that is merged with others. */
export interface MergePart {
  header: CassetteHeader;
  /** Highest number of its placeholders. */
  highest: number;
  exchanges(): AsyncIterable<RecordedExchange>;
}

/**
 * The exchanges of several cassettes as those of one, by the time that they began; within a cassette their order stays. One
 * exchange a cassette is in memory at a time. Placeholders of different recordings get different numbers, since nobody can
 * tell whether they stand for the same value; parts of one recording (see `recordingOf`) share theirs.
 */
export async function* mergeExchanges(parts: readonly MergePart[]): AsyncGenerator<Entry> {
  const offsets = placeholderOffsets(parts);
  const recordings = [...new Set(parts.map(({ header }) => recordingOf(header)))];
  const heads = await Promise.all(
    parts.map(async (part, i) => {
      const iterator = part.exchanges()[Symbol.asyncIterator]();
      const recording = recordings.indexOf(recordingOf(part.header));
      return { iterator, recording, offset: offsets[i]!, next: await iterator.next() };
    }),
  );
  for (let n = 1; ; n++) {
    const open = heads.filter(({ next }) => !next.done);
    if (open.length === 0) return;
    const first = open.reduce((a, b) => (startOf(b.next.value) < startOf(a.next.value) ? b : a));
    for (const entry of renumber(first.next.value, n)) yield adapt(entry, first.offset, first.recording);
    first.next = await first.iterator.next();
  }
}

/** One header for all: that of the first recording, with the counts of each recording once. */
export function mergeHeaders(parts: readonly MergePart[], tool: string): CassetteHeader {
  const ordered = parts.map(({ header }) => header).sort((a, b) => timeOf(a.recordedAt) - timeOf(b.recordedAt));
  const recordings = new Map(ordered.map((header) => [recordingOf(header), header]));
  const merged: CassetteHeader = { ...ordered[0]!, tool, redacted: {}, elided: { texts: 0, chars: 0 } };
  for (const { redacted, elided } of recordings.values()) {
    for (const [kind, count] of Object.entries(redacted)) merged.redacted[kind] = (merged.redacted[kind] ?? 0) + count;
    merged.elided = { texts: merged.elided.texts + elided.texts, chars: merged.elided.chars + elided.chars };
  }
  return merged;
}

/** What two parts of one recording have in common: it began at one millisecond, towards one upstream. */
export function recordingOf({ recordedAt, upstream }: CassetteHeader): string {
  return `${recordedAt} ${upstream.url}`;
}

function placeholderOffsets(parts: readonly MergePart[]): number[] {
  const highest = new Map<string, number>();
  for (const { header, highest: own } of parts) {
    const key = recordingOf(header);
    highest.set(key, Math.max(own, highest.get(key) ?? 0));
  }
  let sum = 0;
  const offsets = new Map<string, number>();
  for (const [key, own] of highest) {
    offsets.set(key, sum);
    sum += own;
  }
  return parts.map(({ header }) => offsets.get(recordingOf(header))!);
}

function adapt(entry: Entry, offset: number, recording: number): Entry {
  const numbered = offset === 0 ? entry : renumberPlaceholders(entry, (n) => n + offset);
  if (entry._connection === undefined || recording === 0) return numbered;
  return { ...numbered, _connection: `${entry._connection}-${recording + 1}` };
}

function startOf({ client }: RecordedExchange): number {
  return timeOf(client.startedDateTime);
}

function timeOf(text: string): number {
  const time = Date.parse(text);
  return Number.isFinite(time) ? time : 0;
}

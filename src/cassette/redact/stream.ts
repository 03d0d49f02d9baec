import { Channels } from './channels.ts';
import { looksLikeCredential } from './credentials.ts';
import { type FinderOptions, type Found, findSecrets } from './finder.ts';
import { findParameters } from './parameters.ts';
import { partReads, type Reads, splitReads } from './reads.ts';
import { arrangeCuts, type Cut, dressPlaceholder } from './splice.ts';
import { endsInString, lineStrings, type StringRanges, stringRanges } from './strings.ts';
import type { Vault } from './vault.ts';

/** Policy numbers of hold-back, in bytes. */
export const STREAM_LIMITS = {
  /** An event of more is searched before it is whole, and its deltas are not joined with others'. */
  line: 256 * 1024,
  /** Held back at most; then the oldest open text is decided as it stands. A PEM key in deltas of 4 characters has 800 KB. */
  held: 1024 * 1024,
  /** Kept before the searched part of a body that has no lines. */
  context: 256,
  /** Needed to see whether an unlabelled body is an event stream. */
  sniff: 8,
} as const;

/** How a body's text is cut up: an event stream's or JSON lines, a form, one JSON document, or anything else. */
type Framing = 'lines' | 'form' | 'json' | 'text';

/** Offsets in the body. */
interface Span {
  start: number;
  end: number;
}

interface HeldReads extends Reads, Span {}

/** Redacts one body that comes in chunks; offsets count from the body's first byte. */
export class StreamWork {
  private readonly mimeType: string;
  private readonly vault: Vault;
  private readonly finder: FinderOptions;
  private readonly channels: Channels;
  private framing: Framing | undefined;
  private held: HeldReads[] = [];
  private cuts: Cut[] = [];
  /** Text from offset `base` on; what stands before `decided` has been searched. */
  private raw = '';
  private base = 0;
  private decided = 0;
  private inLongLine = false;
  /** Of a JSON body: `base` is within a string. */
  private inString = false;
  private replaced = 0;

  constructor(mimeType: string, vault: Vault, finder: FinderOptions) {
    this.mimeType = mimeType;
    this.vault = vault;
    this.finder = finder;
    this.channels = new Channels(finder, (cuts) => void this.add(cuts));
  }

  push(chunk: Uint8Array): Uint8Array[] {
    return this.pushAll([chunk]);
  }

  pushAll(chunks: readonly Uint8Array[]): Uint8Array[] {
    return this.pushReads(chunks.map(oneRead)).map(({ bytes }) => bytes);
  }

  end(): Uint8Array[] {
    return this.endReads().map(({ bytes }) => bytes);
  }

  pushReads(reads: readonly Reads[]): Reads[] {
    this.append(reads);
    this.search(false);
    const waiting = this.base + this.raw.length - (this.held[0]?.start ?? 0);
    return this.release(this.channels.holdsFrom(this.decided, waiting > STREAM_LIMITS.held));
  }

  endReads(): Reads[] {
    this.search(true);
    return this.release(Number.POSITIVE_INFINITY);
  }

  /** A body that is there at once. */
  whole(bytes: Uint8Array): Uint8Array {
    this.append([oneRead(bytes)]);
    return this.end()[0]!;
  }

  /** All cuts of a body, for those who only look. */
  findAll(bytes: Uint8Array): Cut[] {
    this.append([oneRead(bytes)]);
    this.search(true);
    return arrangeCuts(this.cuts);
  }

  count(): number {
    return this.replaced;
  }

  private append(reads: readonly Reads[]): void {
    let start = this.base + this.raw.length;
    for (const { ms, bytes, lengths } of reads) {
      const end = start + bytes.length;
      this.held.push({ ms, bytes, lengths, start, end });
      start = end;
    }
    this.raw += latin1Of(reads);
  }

  private search(final: boolean): void {
    this.framing ??= chooseFraming(this.mimeType, this.raw, final);
    if (this.framing === 'lines') this.searchLines(final);
    else if (this.framing !== 'form') this.searchText(final);
    else if (final) this.searchForm();
    if (final) this.channels.finish();
    if (!final) this.forget();
  }

  /** Whole lines: no secret goes from one event's text into the next but through deltas. */
  private searchLines(final: boolean): void {
    const end = this.base + this.raw.length;
    const cut = this.base + lastLineEnd(this.raw) + 1;
    const limit = final ? end : Math.max(cut, this.decided);
    if (limit > this.decided) {
      const text = this.raw.slice(this.decided - this.base, limit - this.base);
      const offset = this.decided;
      this.decided = limit;
      const deltas = this.channels.read(text, offset, this.inLongLine);
      this.inLongLine = false;
      this.channels.decide();
      // What stands in a delta is its channel's: alone, a fragment may look like a secret.
      this.searchPiece(text, 0, true, offset, (cut) => !isWithin(deltas, cut));
    }
    if (end - this.decided <= STREAM_LIMITS.line) return;
    this.inLongLine = true;
    this.searchText(false);
  }

  private searchText(final: boolean): void {
    this.decided = this.searchPiece(this.raw, this.decided - this.base, final, this.base);
  }

  private searchForm(): void {
    const found = findParameters(this.raw, this.finder);
    this.add(found.map((secret) => ({ start: secret.start, end: secret.end, secret, first: true })));
    this.decided = this.base + this.raw.length;
  }

  /** Searches a text that stands at `offset`, once more when it taught a credential; returns from where on it is not decided. */
  private searchPiece(
    text: string,
    from: number,
    final: boolean,
    offset: number,
    counts: (cut: Cut) => boolean = () => true,
  ): number {
    const strings = this.stringsOf(text);
    const search = () => findSecrets({ text, from, final, ...(strings && { strings }) }, this.finder);
    const cutsOf = (found: readonly Found[]) =>
      found
        .map((secret) => ({ start: offset + secret.start, end: offset + secret.end, secret, first: true }))
        .filter(counts);
    const { found, open } = search();
    if (!this.add(cutsOf(found))) return offset + open;
    const again = search();
    this.add(cutsOf(again.found));
    return offset + again.open;
  }

  private stringsOf(text: string): (() => StringRanges) | undefined {
    if (this.framing === 'lines') return () => lineStrings(text);
    return this.framing === 'json' ? () => stringRanges(text, this.inString) : undefined;
  }

  /** Notes cuts; says whether a credential was seen for the first time in them. */
  private add(cuts: readonly Cut[]): boolean {
    let learned = false;
    for (const cut of cuts) {
      const { placed, kind, value } = cut.secret;
      this.cuts.push(cut);
      if (placed && looksLikeCredential(value)) learned = this.vault.learn(kind, value) || learned;
    }
    return learned;
  }

  private release(until: number): Reads[] {
    this.partAt(until);
    const count = this.held.findIndex(({ end }) => end > until);
    const ready = count < 0 ? this.held : this.held.slice(0, count);
    if (ready.length === 0) return [];
    this.held = count < 0 ? [] : this.held.slice(count);
    if (this.cuts.length === 0) return ready;
    const cuts = arrangeCuts(this.cuts);
    const reached = ready.at(-1)!.end;
    this.cuts = cuts
      .filter(({ end }) => end > reached)
      .map((cut) => (cut.start < reached ? { ...cut, start: reached, first: false } : cut));
    return ready.map((reads) => this.cutReads(reads, cuts));
  }

  /** Reads that came with others are not held back for these. */
  private partAt(until: number): void {
    const at = this.held.findIndex(({ start, end }) => start < until && end > until);
    if (at < 0) return;
    const { start, end, ...reads } = this.held[at]!;
    const parts = partReads(reads, until - start);
    if (parts === undefined) return;
    const middle = start + parts[0].bytes.length;
    this.held.splice(at, 1, { ...parts[0], start, end: middle }, { ...parts[1], start: middle, end });
  }

  private cutReads(reads: HeldReads, cuts: readonly Cut[]): Reads {
    const within = cuts.filter((cut) => cut.start < reads.end && cut.end > reads.start);
    if (within.length === 0) return reads;
    let { start } = reads;
    const safe = splitReads(reads).map(({ bytes }) => {
      start += bytes.length;
      return this.cutRead(bytes, start - bytes.length, start, within);
    });
    const { ms, lengths } = reads;
    if (lengths === undefined) return { ms, bytes: safe[0]!, lengths };
    return { ms, bytes: Buffer.concat(safe), lengths: safe.map((bytes) => bytes.length) };
  }

  private cutRead(bytes: Uint8Array, start: number, end: number, cuts: readonly Cut[]): Uint8Array {
    const within = cuts.filter((cut) => cut.start < end && cut.end > start);
    if (within.length === 0) return bytes;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    let out = '';
    let at = start;
    for (const cut of within) {
      if (cut.start > at) out += text.slice(at - start, cut.start - start);
      if (cut.first && cut.start >= start) out += this.placeholder(cut);
      at = Math.min(cut.end, end);
    }
    return Buffer.from(out + text.slice(at - start), 'latin1');
  }

  private placeholder(cut: Cut): string {
    this.replaced++;
    return dressPlaceholder(this.vault.replace(cut.secret.kind, cut.secret.value), cut.secret);
  }

  /** Drops text that is decided, but for what patterns may look back to. */
  private forget(): void {
    const keep = this.framing === 'lines' && !this.inLongLine ? 0 : STREAM_LIMITS.context;
    const cut = this.decided - keep - this.base;
    if (cut <= 0) return;
    if (this.framing === 'json') this.inString = endsInString(this.raw.slice(0, cut), this.inString);
    this.raw = this.raw.slice(cut);
    this.base += cut;
  }
}

/** One text of all, made at once: making one of each costs more than the search. */
export function latin1Of(reads: readonly Reads[]): string {
  if (reads.length === 0) return '';
  const { bytes } = reads[0]!;
  if (reads.length > 1) return Buffer.concat(reads.map((one) => one.bytes)).toString('latin1');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

export function oneRead(bytes: Uint8Array): Reads {
  return { ms: 0, bytes, lengths: undefined };
}

export function chooseFraming(mimeType: string, raw: string, final: boolean): Framing | undefined {
  if (/event-stream|ndjson|jsonl|json-seq/i.test(mimeType)) return 'lines';
  if (/x-www-form-urlencoded/i.test(mimeType)) return 'form';
  // Gateways send event streams, and web pages, under other names: the text decides.
  if (raw.length < STREAM_LIMITS.sniff && !final) return undefined;
  if (/^(?:\xef\xbb\xbf)?\s*(?:(?:data|event|id|retry):|: )/.test(raw)) return 'lines';
  return /^(?:\xef\xbb\xbf)?\s*[[{"]/.test(raw) ? 'json' : 'text';
}

/** Place of the last sign that ends a line; -1: there is none. */
function lastLineEnd(text: string): number {
  const feed = text.lastIndexOf('\n');
  // Looking for a sign forwards is far cheaper.
  const back = text.indexOf('\r', feed + 1);
  return back < 0 ? feed : text.lastIndexOf('\r');
}

/** Whether a cut stands within one of the deltas, whose starts and ends take turns. */
function isWithin(deltas: readonly number[], { start, end }: Cut): boolean {
  for (let i = 0; i < deltas.length; i += 2) if (deltas[i]! <= start && end <= deltas[i + 1]!) return true;
  return false;
}

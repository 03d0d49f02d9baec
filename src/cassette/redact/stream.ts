import { Channel } from './channel.ts';
import { looksLikeCredential } from './credentials.ts';
import { readEvent } from './deltas.ts';
import { type FinderOptions, type Found, findSecrets } from './finder.ts';
import { findParameters } from './parameters.ts';
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

interface HeldChunk extends Span {
  bytes: Uint8Array;
}

/** Redacts one body that comes in chunks; offsets count from the body's first byte. */
export class StreamWork {
  private readonly mimeType: string;
  private readonly vault: Vault;
  private readonly finder: FinderOptions;
  private readonly channels = new Map<string, Channel>();
  private framing: Framing | undefined;
  private held: HeldChunk[] = [];
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
  }

  push(chunk: Uint8Array): Uint8Array[] {
    return this.pushAll([chunk]);
  }

  pushAll(chunks: readonly Uint8Array[]): Uint8Array[] {
    for (const chunk of chunks) this.append(chunk);
    this.search(false);
    return this.release(this.holdsFrom());
  }

  end(): Uint8Array[] {
    this.search(true);
    return this.release(Number.POSITIVE_INFINITY);
  }

  /** A body that is there at once. */
  whole(bytes: Uint8Array): Uint8Array {
    this.append(bytes);
    return this.end()[0]!;
  }

  /** All cuts of a body, for those who only look. */
  findAll(bytes: Uint8Array): Cut[] {
    this.append(bytes);
    this.search(true);
    return arrangeCuts(this.cuts);
  }

  count(): number {
    return this.replaced;
  }

  private append(chunk: Uint8Array): void {
    const start = this.base + this.raw.length;
    this.held.push({ bytes: chunk, start, end: start + chunk.length });
    this.raw += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
  }

  private search(final: boolean): void {
    this.framing ??= chooseFraming(this.mimeType, this.raw, final);
    if (this.framing === 'lines') this.searchLines(final);
    else if (this.framing !== 'form') this.searchText(final);
    else if (final) this.searchForm();
    if (final) for (const channel of this.channels.values()) this.add(channel.close());
    if (!final) this.forget();
  }

  /** Whole lines: no secret goes from one event's text into the next but through deltas. */
  private searchLines(final: boolean): void {
    const end = this.base + this.raw.length;
    const cut = this.base + Math.max(this.raw.lastIndexOf('\n'), this.raw.lastIndexOf('\r')) + 1;
    const limit = final ? end : Math.max(cut, this.decided);
    if (limit > this.decided) {
      const text = this.raw.slice(this.decided - this.base, limit - this.base);
      const offset = this.decided;
      this.decided = limit;
      const deltas = this.readLines(text, offset);
      for (const channel of this.channels.values()) this.add(channel.decide());
      // What stands in a delta is its channel's: alone, a fragment may look like a secret.
      this.searchPiece(
        text,
        0,
        true,
        offset,
        (cut) => !deltas.some((one) => one.start <= cut.start && cut.end <= one.end),
      );
    }
    if (end - this.decided <= STREAM_LIMITS.line) return;
    this.inLongLine = true;
    this.searchText(false);
  }

  /** Joins the deltas of every line with those before; returns where they stand. */
  private readLines(text: string, offset: number): Span[] {
    const deltas: Span[] = [];
    for (let at = 0; at < text.length; ) {
      const end = nextLineEnd(text, at);
      const start = this.inLongLine ? end : dataStart(text, at, end);
      this.inLongLine = false;
      if (start < end) deltas.push(...this.readData(text.slice(start, end), offset + start));
      at = end + 1;
    }
    return deltas;
  }

  private readData(data: string, offset: number): Span[] {
    const { deltas, closes } = readEvent(data, this.channels.size > 0);
    for (const { channel: key, slot, start, end } of deltas) {
      const channel = this.channels.get(key) ?? new Channel(slot, this.finder);
      this.channels.set(key, channel);
      channel.push(data.slice(start, end), offset + start);
    }
    for (const [key, channel] of this.channels) if (closes === '*' || channel.slot === closes) this.close(key, channel);
    return deltas.map(({ start, end }) => ({ start: offset + start, end: offset + end }));
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

  private close(key: string, channel: Channel): void {
    this.channels.delete(key);
    this.add(channel.close());
  }

  /** Offset of the first byte that is not decided. */
  private holdsFrom(): number {
    const start = this.held[0]?.start ?? 0;
    const end = this.base + this.raw.length;
    for (;;) {
      const [first] = [...this.channels]
        .map(([key, channel]) => ({ key, channel, from: channel.holdsFrom() ?? Number.POSITIVE_INFINITY }))
        .sort((a, b) => a.from - b.from);
      if (first === undefined || first.from >= this.decided) return this.decided;
      if (end - start <= STREAM_LIMITS.held) return first.from;
      this.close(first.key, first.channel);
    }
  }

  private release(until: number): Uint8Array[] {
    const count = this.held.findIndex(({ end }) => end > until);
    const ready = this.held.splice(0, count < 0 ? this.held.length : count);
    if (ready.length === 0) return [];
    const cuts = arrangeCuts(this.cuts);
    const reached = ready.at(-1)!.end;
    this.cuts = cuts
      .filter(({ end }) => end > reached)
      .map((cut) => (cut.start < reached ? { ...cut, start: reached, first: false } : cut));
    return ready.map((chunk) => this.cutChunk(chunk, cuts));
  }

  private cutChunk({ bytes, start, end }: HeldChunk, cuts: readonly Cut[]): Uint8Array {
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

function chooseFraming(mimeType: string, raw: string, final: boolean): Framing | undefined {
  if (/event-stream|ndjson|jsonl|json-seq/i.test(mimeType)) return 'lines';
  if (/x-www-form-urlencoded/i.test(mimeType)) return 'form';
  // Gateways send event streams, and web pages, under other names: the text decides.
  if (raw.length < STREAM_LIMITS.sniff && !final) return undefined;
  if (/^(?:\xef\xbb\xbf)?\s*(?:(?:data|event|id|retry):|: )/.test(raw)) return 'lines';
  return /^(?:\xef\xbb\xbf)?\s*[[{"]/.test(raw) ? 'json' : 'text';
}

function nextLineEnd(text: string, from: number): number {
  const feed = text.indexOf('\n', from);
  const line = feed < 0 ? text.length : feed;
  const back = text.slice(from, line).indexOf('\r');
  return back < 0 ? line : from + back;
}

/** Where the JSON of a line begins: behind `data:` (WHATWG HTML section 9.2.6), or at once in JSON lines. */
function dataStart(text: string, at: number, end: number): number {
  if (text[at] === '{') return at;
  if (!text.startsWith('data:', at)) return end;
  return text[at + 5] === ' ' ? at + 6 : at + 5;
}

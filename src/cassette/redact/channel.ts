import { type FinderOptions, type Found, findSecrets } from './finder.ts';
import type { Cut } from './splice.ts';
import { rootEnd, rootStart, rootView, unescapeJson, type View } from './views.ts';

/** Characters kept before the undecided part, for patterns that look back. */
const CONTEXT = 256;
/** From this length on, what is held back is looked at again only when it has grown by a sixteenth: linear cost. */
const PATIENT = 512;

interface Piece {
  /** Start in the assembled text. */
  at: number;
  length: number;
  /** Of a piece with escapes; any other stands in the stream as it is. */
  view: View | undefined;
  /** Offset in the stream of the piece's first byte. */
  base: number;
}

/** One text that a stream sends in pieces, put together again, with the way back from every character to the stream. */
export class Channel {
  readonly slot: string;
  private readonly finder: FinderOptions;
  private pieces: Piece[] = [];
  private text = '';
  private open = 0;
  private searched = 0;

  constructor(slot: string, finder: FinderOptions) {
    this.slot = slot;
    this.finder = finder;
  }

  /** Adds the raw inside of a JSON string that stands at `base` in the stream. */
  push(raw: string, base: number): void {
    const view = raw.includes('\\') ? unescapeJson(rootView(raw), true) : undefined;
    const text = view === undefined ? raw : view.text;
    this.pieces.push({ at: this.text.length, length: text.length, view, base });
    this.text += text;
  }

  /** What is decided by all that was added. */
  decide(): Cut[] {
    if (this.searched === this.text.length) return [];
    const held = this.searched - this.open;
    if (held > PATIENT && this.text.length - this.searched < held / 16) return [];
    return this.search(false);
  }

  /** No more text comes. */
  close(): Cut[] {
    return this.search(true);
  }

  /** Offset in the stream of the first character that is not decided; undefined: all are. */
  holdsFrom(): number | undefined {
    if (this.open >= this.text.length) return undefined;
    const piece = this.pieces.findLast(({ at }) => at <= this.open)!;
    const place = this.open - piece.at;
    return piece.base + (piece.view === undefined ? place : rootStart(piece.view, place));
  }

  private search(final: boolean): Cut[] {
    const { found, open } = findSecrets({ text: this.text, from: this.open, final }, this.finder);
    const cuts = found.flatMap((secret) => this.cutsOf(secret));
    this.open = open;
    this.searched = this.text.length;
    this.forget(Math.max(0, open - CONTEXT));
    return cuts;
  }

  /** The first piece that holds part of the secret gets its placeholder, the others lose their part. */
  private cutsOf(secret: Found): Cut[] {
    const dressed = secret.quotes === undefined ? secret : { ...secret, quotes: secret.quotes + 1 };
    const cuts: Cut[] = [];
    for (const { at, length, view, base } of this.pieces) {
      const start = Math.max(secret.start - at, 0);
      const end = Math.min(secret.end - at, length);
      if (start >= end) continue;
      cuts.push({
        start: base + (view === undefined ? start : rootStart(view, start)),
        end: base + (view === undefined ? end : rootEnd(view, end)),
        secret: dressed,
        first: cuts.length === 0,
      });
    }
    return cuts;
  }

  private forget(before: number): void {
    let gone = 0;
    while (gone < this.pieces.length && (this.pieces[gone + 1]?.at ?? this.text.length) <= before) gone++;
    if (gone === 0) return;
    const cut = this.pieces[gone]?.at ?? this.text.length;
    this.pieces = this.pieces.slice(gone);
    for (const piece of this.pieces) piece.at -= cut;
    this.text = this.text.slice(cut);
    this.open -= cut;
    this.searched -= cut;
  }
}

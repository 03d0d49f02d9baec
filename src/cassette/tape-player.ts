import { Buffer } from 'node:buffer';
import type { Loss } from '../util/types.ts';
import { RecordingExchange } from './exchange-state.ts';
import type { EntryEnd, WebSocketClose } from './format.ts';
import type { Head } from './head-cache.ts';
import type { Piece } from './leg-writer.ts';
import type { InterimRecord } from './records.ts';
import { ENDED_BY, ENDED_HOW, LEGS, NO_SLOT, OP, OUTCOMES, PROTOCOLS, SAME_LIST, TAPE_BYTES } from './tape-format.ts';

/** Who records what a tape tells. */
export interface TapePlace {
  /** Undefined when it is over, or was never begun. */
  find(seq: number): RecordingExchange | undefined;
  head(status: number, list: Uint8Array): Head;
  began(exchange: RecordingExchange): void;
  /** There is something to write; so many bytes of it came now. */
  touched(exchange: RecordingExchange, bytes: number): void;
  closed(exchange: RecordingExchange): void;
  /** Told of an exchange that is over. */
  socketClosed(seq: number, close: WebSocketClose): void;
}

const NO_TEXTS: readonly string[] = [];

/** Reads the operations of `tape.ts` one after the other. What they carry stays where it is: bytes are views of the tape. */
class TapeReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(tape: Uint8Array) {
    this.#bytes = Buffer.from(tape.buffer, tape.byteOffset, tape.length);
    this.#view = new DataView(tape.buffer, tape.byteOffset, tape.length);
  }

  get over(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    this.#at += 1;
    return this.#view.getUint8(this.#at - 1);
  }

  u16(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2);
  }

  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  f64(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8);
  }

  /** A view: a Buffer's costs several times as much to make. */
  bytes(length: number): Uint8Array {
    this.#at += length;
    return this.#slice(this.#at - length, length);
  }

  #slice(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
  }

  text(): string {
    const size = this.u32();
    if (size === 0) return '';
    const wide = size % 2 === 1;
    const length = (size >>> 1) * (wide ? 2 : 1);
    this.#at += length;
    return this.#bytes.toString(wide ? 'utf16le' : 'latin1', this.#at - length, this.#at);
  }

  /** A list as it is on the tape. */
  list(): Uint8Array {
    const length = this.u32();
    if (length !== SAME_LIST) return this.bytes(length);
    const place = this.u32();
    return this.#slice(place + 4, this.#view.getUint32(place));
  }

  /** The texts of a list that mostly has none. */
  texts(): readonly string[] {
    if (this.#view.getUint32(this.#at) > TAPE_BYTES.list) return textsOf(this.list());
    this.#at += 4 + TAPE_BYTES.list;
    return NO_TEXTS;
  }

  end(): EntryEnd {
    const by = ENDED_BY[this.u8()]!;
    const how = ENDED_HOW[this.u8()]!;
    const ms = this.f64();
    const detailed = this.u8() === 1;
    const detail = this.text();
    return detailed ? { by, how, ms, detail } : { by, how, ms };
  }
}

/** The texts of a list as it is on the tape. */
export function textsOf(list: Uint8Array): string[] {
  const bytes = Buffer.from(list.buffer, list.byteOffset, list.length);
  const wide = bytes[0] === 1;
  const count = bytes.readUInt32BE(1);
  const texts: string[] = [];
  let at = TAPE_BYTES.list + 4 * count;
  for (let i = 0; i < count; i++) {
    const end = at + bytes.readUInt32BE(TAPE_BYTES.list + 4 * i) * (wide ? 2 : 1);
    texts.push(bytes.toString(wide ? 'utf16le' : 'latin1', at, end));
    at = end;
  }
  return texts;
}

/** Tells a place all that is on a stretch of tape. Stretches come in the order in which they were written. */
export function playTape(tape: Uint8Array, place: TapePlace): void {
  const reader = new TapeReader(tape);
  while (!reader.over) {
    const play = PLAYERS[reader.u8()];
    if (!play) throw new Error('the tape of the recording is damaged');
    play(reader, reader.u32(), place);
  }
}

type Play = (reader: TapeReader, seq: number, place: TapePlace) => void;

const PLAYERS: Readonly<Record<number, Play>> = {
  [OP.open](reader, seq, place) {
    const startedAt = reader.f64();
    const protocol = PROTOCOLS[reader.u8()] ?? null;
    const seed = reader.text();
    const connection = reader.text();
    const head = place.head(0, reader.list());
    const request = { ms: 0, attempt: undefined, protocol, producer: '', head };
    const exchange = new RecordingExchange({ seq, startedAt, seed, protocol, connection }, request);
    place.began(exchange);
    place.touched(exchange, 0);
  },
  [OP.head](reader, seq, place) {
    const leg = LEGS[reader.u8()]!;
    const attempt = reader.u16() || undefined;
    const ms = reader.f64();
    const protocol = PROTOCOLS[reader.u8()] ?? null;
    const status = reader.u16();
    const producer = reader.text();
    const head = place.head(status, reader.list());
    const exchange = place.find(seq);
    if (!exchange) return;
    exchange.begin(leg, { ms, attempt, protocol, producer, head });
    place.touched(exchange, 0);
  },
  [OP.data](reader, seq, place) {
    const slot = reader.u16();
    const second = reader.u16();
    const binary = reader.u8() === 1;
    const ms = reader.f64();
    const data = reader.bytes(reader.u32());
    const exchange = place.find(seq);
    if (!exchange) return;
    const piece: Piece = { ms, data, binary, lengths: undefined };
    give(exchange, slot, piece, place);
    if (second !== NO_SLOT) give(exchange, second, piece, place);
  },
  [OP.reads](reader, seq, place) {
    const slot = reader.u16();
    const second = reader.u16();
    const ms = reader.f64();
    const length = reader.u32();
    const lengths = new Array<number>(reader.u32());
    for (let i = 0; i < lengths.length; i++) lengths[i] = reader.u32();
    const data = reader.bytes(length);
    const exchange = place.find(seq);
    if (!exchange) return;
    const piece: Piece = { ms, data, binary: false, lengths };
    give(exchange, slot, piece, place);
    if (second !== NO_SLOT) give(exchange, second, piece, place);
  },
  [OP.repeat](reader, seq, place) {
    const slot = reader.u16();
    const of = reader.u16();
    const ms = reader.f64();
    const exchange = place.find(seq);
    const last = exchange?.slots[of]?.last;
    if (!exchange || !last) return;
    const { data, binary, lengths } = last;
    give(exchange, slot, { ms, data, binary, lengths }, place);
  },
  [OP.end](reader, seq, place) {
    const slot = reader.u16();
    const end = reader.end();
    const trailers = reader.texts();
    const exchange = place.find(seq);
    const message = exchange?.slots[slot];
    if (!exchange || !message) return;
    exchange.end(message, end, trailers);
    place.touched(exchange, 0);
  },
  [OP.attemptEnd](reader, seq, place) {
    const attempt = reader.u16();
    const outcome = OUTCOMES[reader.u8()]!;
    const end = reader.end();
    const exchange = place.find(seq);
    if (!exchange) return;
    exchange.attemptEnds.push({ attempt, outcome, end });
    place.touched(exchange, 0);
  },
  [OP.losses](reader, seq, place) {
    const losses = JSON.parse(reader.text()) as Loss[];
    const exchange = place.find(seq);
    if (!exchange) return;
    exchange.lossList.push(...losses);
    place.touched(exchange, 0);
  },
  [OP.informational](reader, seq, place) {
    const record = JSON.parse(reader.text()) as InterimRecord;
    const exchange = place.find(seq);
    if (!exchange) return;
    exchange.informational.push(record);
    place.touched(exchange, 0);
  },
  [OP.socketClose](reader, seq, place) {
    const close = JSON.parse(reader.text()) as WebSocketClose;
    const exchange = place.find(seq);
    if (!exchange) {
      place.socketClosed(seq, close);
      return;
    }
    exchange.socketClose = close;
    place.touched(exchange, 0);
  },
  [OP.close](reader, seq, place) {
    const outcome = OUTCOMES[reader.u8()]!;
    const end = reader.end();
    const exchange = place.find(seq);
    if (!exchange) return;
    exchange.closing = { outcome, end };
    place.closed(exchange);
  },
};

function give(exchange: RecordingExchange, slot: number, piece: Piece, place: TapePlace): void {
  const message = exchange.slots[slot];
  if (message && exchange.data(message, piece)) place.touched(exchange, piece.data.length);
}

import type { LegName, Loss, Outcome, Protocol, RawHeaders } from '../util/types.ts';
import type { EntryEnd, Producer, WebSocketClose } from './format.ts';
import type { InterimRecord } from './records.ts';
import type {
  AttemptTap,
  ExchangeStart,
  ExchangeTap,
  InterimHead,
  MessageTap,
  RequestHead,
  ResponseHead,
} from './tap.ts';
import type { TapeWriter } from './tape.ts';
import { LEGS, OP } from './tape-format.ts';

/** Whom a tap tells what it was told. */
export interface TapHost {
  readonly tape: TapeWriter;
  /** Nothing is recorded any more. */
  readonly stopped: boolean;
  /** Something of a running exchange is on the tape. */
  touched(): void;
  closed(outcome: Outcome): void;
}

/** The last text that one of the messages of a direction got: mostly the other one gets it next. */
interface Direction {
  chunk: Uint8Array | undefined;
  slot: number;
}

const NO_TRAILERS: RawHeaders = [];

/** One leg: hands everything on to the tape. What is wrong (data after the end) is sorted out where the tape is played. */
class LegTap implements Required<MessageTap> {
  readonly #exchange: TapedExchange;
  readonly #slot: number;
  readonly #direction: Direction;

  constructor(exchange: TapedExchange, slot: number, direction: Direction) {
    this.#exchange = exchange;
    this.#slot = slot;
    this.#direction = direction;
  }

  data(ms: number, chunk: Uint8Array, binary = false): void {
    const { host, seq, keepsEmpty } = this.#exchange;
    // A WebSocket message may be empty; a read is not.
    if (host.stopped || (chunk.length === 0 && !keepsEmpty)) return;
    const direction = this.#direction;
    if (direction.chunk === chunk && direction.slot !== this.#slot && !binary) {
      host.tape.repeat(seq, this.#slot, direction.slot, ms);
    } else {
      direction.chunk = binary ? undefined : chunk;
      direction.slot = this.#slot;
      host.tape.data(seq, this.#slot, ms, chunk, binary);
    }
    host.touched();
  }

  reads(ms: number, bytes: Uint8Array, lengths: readonly number[]): void {
    const { host, seq } = this.#exchange;
    if (host.stopped) return;
    const direction = this.#direction;
    if (direction.chunk === bytes && direction.slot !== this.#slot) {
      host.tape.repeat(seq, this.#slot, direction.slot, ms);
    } else {
      direction.chunk = bytes;
      direction.slot = this.#slot;
      host.tape.reads(seq, this.#slot, ms, bytes, lengths);
    }
    host.touched();
  }

  end(end: EntryEnd, trailers: RawHeaders = NO_TRAILERS): void {
    const { host, seq } = this.#exchange;
    if (host.stopped) return;
    host.tape.end(seq, this.#slot, end, trailers);
    host.touched();
  }
}

/** One exchange, as the proxy sees it. */
export class TapedExchange implements ExchangeTap {
  readonly seq: number;
  readonly host: TapHost;
  /** Empty chunks count. */
  readonly keepsEmpty: boolean;
  readonly clientRequest: MessageTap;
  readonly #requests: Direction = { chunk: undefined, slot: 0 };
  readonly #responses: Direction = { chunk: undefined, slot: 0 };
  #slots = 1;
  #attempts = 0;
  #closed = false;

  constructor(seq: number, start: ExchangeStart, host: TapHost) {
    this.seq = seq;
    this.host = host;
    this.keepsEmpty = start.connection !== undefined;
    this.clientRequest = new LegTap(this, 0, this.#requests);
    if (host.stopped) return;
    const { method, url, httpVersion, headers } = start.request;
    host.tape.open(
      seq,
      start.startedAt,
      start.protocol,
      start.seed,
      start.connection ?? '',
      [method, url, httpVersion],
      headers,
    );
    host.touched();
  }

  attempt(): AttemptTap {
    this.#attempts += 1;
    return new TapedAttempt(this, this.#attempts);
  }

  informational(ms: number, head: InterimHead): void {
    this.interim({ ms, ...head });
  }

  interim(record: InterimRecord): void {
    if (this.host.stopped) return;
    this.host.tape.rare(OP.informational, this.seq, record);
    this.host.touched();
  }

  clientResponse(ms: number, head: ResponseHead, producer: Producer): MessageTap {
    return this.response('client-response', 0, ms, head, producer);
  }

  request(attempt: number, ms: number, head: RequestHead, protocol: Protocol | null, producer: Producer): MessageTap {
    const { method, url, httpVersion, headers } = head;
    const first = [method, url, httpVersion];
    return this.#message('upstream-request', attempt, ms, 0, first, headers, this.#requests, producer, protocol);
  }

  response(leg: LegName, attempt: number, ms: number, head: ResponseHead, producer?: Producer): MessageTap {
    const { status, statusText, httpVersion, headers } = head;
    return this.#message(leg, attempt, ms, status, [statusText, httpVersion], headers, this.#responses, producer);
  }

  losses(losses: readonly Loss[]): void {
    if (this.host.stopped || losses.length === 0) return;
    this.host.tape.rare(OP.losses, this.seq, losses);
    this.host.touched();
  }

  webSocketClose(close: WebSocketClose): void {
    if (this.host.stopped) return;
    this.host.tape.rare(OP.socketClose, this.seq, close);
    this.host.touched();
  }

  close(outcome: Outcome, end: EntryEnd): void {
    if (this.host.stopped || this.#closed) return;
    this.#closed = true;
    this.host.tape.close(this.seq, outcome, end);
    this.host.closed(outcome);
  }

  #message(
    leg: LegName,
    attempt: number,
    ms: number,
    status: number,
    first: readonly string[],
    headers: RawHeaders,
    direction: Direction,
    producer?: Producer,
    protocol: Protocol | null = null,
  ): MessageTap {
    const slot = this.#slots;
    this.#slots += 1;
    const message = new LegTap(this, slot, direction);
    if (this.host.stopped) return message;
    const said = producer ? jsonOf(producer) : '';
    this.host.tape.head(this.seq, LEGS.indexOf(leg), attempt, ms, protocol, status, said, first, headers);
    this.host.touched();
    return message;
  }
}

class TapedAttempt implements AttemptTap {
  readonly #exchange: TapedExchange;
  readonly #attempt: number;

  constructor(exchange: TapedExchange, attempt: number) {
    this.#exchange = exchange;
    this.#attempt = attempt;
  }

  request(ms: number, head: RequestHead, protocol: Protocol | null, producer: Producer): MessageTap {
    return this.#exchange.request(this.#attempt, ms, head, protocol, producer);
  }

  informational(ms: number, head: InterimHead): void {
    this.#exchange.interim({ attempt: this.#attempt, ms, ...head });
  }

  response(ms: number, head: ResponseHead): MessageTap {
    return this.#exchange.response('upstream-response', this.#attempt, ms, head);
  }

  close(outcome: Outcome, end: EntryEnd): void {
    const { host, seq } = this.#exchange;
    if (host.stopped) return;
    host.tape.attemptEnd(seq, this.#attempt, outcome, end);
    host.touched();
  }
}

/** Who made a message is mostly the same constant. */
const producers = new WeakMap<Producer, string>();

function jsonOf(producer: Producer): string {
  let json = producers.get(producer);
  if (json === undefined) {
    json = JSON.stringify(producer);
    producers.set(producer, json);
  }
  return json;
}

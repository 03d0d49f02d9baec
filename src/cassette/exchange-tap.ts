import type { LegName, Loss, Outcome, Protocol, RawHeaders } from '../util/types.ts';
import type { EntryEnd, Producer, WebSocketClose } from './format.ts';
import type { BodyWriter, Piece } from './leg-writer.ts';
import type { AttemptEnd } from './records.ts';
import type { AttemptTap, ExchangeStart, ExchangeTap, MessageTap, RequestHead, ResponseHead } from './tap.ts';

/** Whom a tap tells that there is something to write. */
export interface TapHost {
  /** Something came; `bytes` of it will be held until they are written. */
  touched(exchange: TappedExchange, bytes: number): void;
  closed(exchange: TappedExchange): void;
  /** Nothing is recorded any more. */
  readonly stopped: boolean;
}

/** One leg as it happens: references and times, nothing else. What follows `head` is handed to the writer and forgotten. */
export class TappedMessage implements MessageTap {
  readonly leg: LegName;
  readonly attempt: number | undefined;
  readonly ms: number;
  readonly request: RequestHead | undefined;
  readonly response: ResponseHead | undefined;
  readonly protocol: Protocol | null | undefined;
  readonly producer: Producer | undefined;
  pieces: Piece[] = [];
  ended: EntryEnd | undefined;
  trailers: RawHeaders | undefined;
  /** State of whoever writes this leg. */
  writer: BodyWriter | undefined;
  written: 'nothing' | 'head' | 'all' = 'nothing';
  /** What was written of the body is that it equals the client's so far. */
  shadow = false;
  readonly #exchange: TappedExchange;

  constructor(exchange: TappedExchange, leg: LegName, head: MessageHead) {
    this.#exchange = exchange;
    this.leg = leg;
    this.attempt = head.attempt;
    this.ms = head.ms;
    this.request = head.request;
    this.response = head.response;
    this.protocol = head.protocol;
    this.producer = head.producer;
  }

  get headers(): RawHeaders {
    return (this.request ?? this.response)?.headers ?? [];
  }

  data(ms: number, chunk: Uint8Array, binary?: boolean): void {
    if (this.#exchange.mute || this.ended) return;
    // A message may be empty; a read is not.
    if (chunk.length === 0 && this.#exchange.start.connection === undefined) return;
    this.pieces.push(binary ? { ms, data: chunk, binary } : { ms, data: chunk });
    this.#exchange.touch(chunk.length);
  }

  end(end: EntryEnd, trailers?: RawHeaders): void {
    if (this.#exchange.mute || this.ended) return;
    this.ended = end;
    if (trailers && trailers.length > 0) this.trailers = trailers;
    this.#exchange.touch(0);
  }
}

interface MessageHead {
  ms: number;
  attempt?: number;
  request?: RequestHead;
  response?: ResponseHead;
  protocol?: Protocol | null;
  producer?: Producer;
}

/** One exchange as it happens. The recorder takes what has gathered here, as often as it needs to. */
export class TappedExchange implements ExchangeTap {
  readonly seq: number;
  readonly start: ExchangeStart;
  readonly clientRequest: TappedMessage;
  /** In the order in which they began. */
  readonly messages: TappedMessage[] = [];
  readonly lossList: Loss[] = [];
  readonly attemptEnds: AttemptEnd[] = [];
  closing: { outcome: Outcome; end: EntryEnd } | undefined;
  /** The `close` record has been made. */
  closeWritten = false;
  /** How the WebSocket connection ended, until that has been taken for writing. */
  socketClose: WebSocketClose | undefined;
  /** Bytes tapped and not yet taken for writing. */
  waitingBytes = 0;
  readonly #host: TapHost;
  #attempts = 0;

  constructor(seq: number, start: ExchangeStart, host: TapHost) {
    this.seq = seq;
    this.start = start;
    this.#host = host;
    this.clientRequest = this.#message('client-request', { ms: 0, request: start.request });
  }

  /** Nothing is listened to: the exchange is over, or recording has stopped. */
  get mute(): boolean {
    return this.closing !== undefined || this.#host.stopped;
  }

  touch(bytes: number): void {
    this.waitingBytes += bytes;
    this.#host.touched(this, bytes);
  }

  attempt(): AttemptTap {
    this.#attempts += 1;
    const attempt = this.#attempts;
    return {
      request: (ms, request, protocol, producer) =>
        this.#message('upstream-request', { ms, attempt, request, protocol, producer }),
      response: (ms, response) => this.#message('upstream-response', { ms, attempt, response }),
      close: (outcome, end) => {
        if (this.mute) return;
        this.attemptEnds.push({ attempt, outcome, end });
        this.touch(0);
      },
    };
  }

  clientResponse(ms: number, response: ResponseHead, producer: Producer): MessageTap {
    return this.#message('client-response', { ms, response, producer });
  }

  losses(losses: readonly Loss[]): void {
    if (this.mute || losses.length === 0) return;
    this.lossList.push(...losses);
    this.touch(0);
  }

  webSocketClose(close: WebSocketClose): void {
    if (this.#host.stopped) return;
    this.socketClose = close;
    this.touch(0);
  }

  close(outcome: Outcome, end: EntryEnd): void {
    if (this.mute) return;
    this.closing = { outcome, end };
    this.#host.closed(this);
  }

  /** All is written. The recorder's busy sets leave tables behind that keep what was in them until a full collection. */
  forget(): void {
    for (const message of this.messages) message.writer = undefined;
  }

  #message(leg: LegName, head: MessageHead): TappedMessage {
    const message = new TappedMessage(this, leg, head);
    if (!this.mute) {
      this.messages.push(message);
      this.touch(0);
    }
    return message;
  }
}

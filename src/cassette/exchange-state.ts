import type { LegName, Loss, Outcome, Protocol } from '../util/types.ts';
import type { EntryEnd, WebSocketClose } from './format.ts';
import type { Head } from './head-cache.ts';
import type { BodyWriter, Piece } from './leg-writer.ts';
import type { AttemptEnd, InterimRecord } from './records.ts';

/** What is known of a leg when it begins. */
export interface MessageHead {
  ms: number;
  attempt: number | undefined;
  protocol: Protocol | null;
  /** JSON; empty where nobody is said to have made it. */
  producer: string;
  head: Head;
}

/** One leg that is being recorded. What follows its head is handed to the writer and forgotten. */
export class RecordedMessage {
  readonly leg: LegName;
  readonly head: MessageHead;
  pieces: Piece[] = [];
  /** What came last, whoever refers to it. */
  last: Piece | undefined;
  ended: EntryEnd | undefined;
  trailers: readonly string[] | undefined;
  /** State of whoever writes this leg. */
  writer: BodyWriter | undefined;
  written: 'nothing' | 'head' | 'all' = 'nothing';
  /** What was written of the body is that it equals the client's so far. */
  shadow = false;

  constructor(leg: LegName, head: MessageHead) {
    this.leg = leg;
    this.head = head;
  }

  get attempt(): number | undefined {
    return this.head.attempt;
  }
}

/** What an exchange is, from its beginning on. */
export interface ExchangeFacts {
  seq: number;
  startedAt: number;
  seed: string;
  protocol: Protocol | null;
  /** Of the WebSocket that it takes place on; empty: none. */
  connection: string;
}

/** One exchange that is being recorded, with what has come and was not written yet. */
export class RecordingExchange {
  readonly facts: ExchangeFacts;
  readonly clientRequest: RecordedMessage;
  /** By their numbers on the tape. */
  readonly slots: RecordedMessage[] = [];
  /** Those that are written, in the order in which they began; none once the exchange is written. */
  messages: RecordedMessage[] = [];
  lossList: Loss[] = [];
  attemptEnds: AttemptEnd[] = [];
  informational: InterimRecord[] = [];
  closing: { outcome: Outcome; end: EntryEnd } | undefined;
  /** The `close` record has been made. */
  closeWritten = false;
  /** How the WebSocket connection ended, until that has been taken for writing. */
  socketClose: WebSocketClose | undefined;
  /** Bytes that came and were not taken for writing yet. */
  waitingBytes = 0;
  /** Among those that have something to write. */
  listed = false;
  /** Its records are being made, and whether more came since. */
  busy = false;
  again = false;

  constructor(facts: ExchangeFacts, request: MessageHead) {
    this.facts = facts;
    this.clientRequest = this.begin('client-request', request);
  }

  begin(leg: LegName, head: MessageHead): RecordedMessage {
    const message = new RecordedMessage(leg, head);
    this.slots.push(message);
    this.messages.push(message);
    return message;
  }

  /** Nothing comes after the end of a message; what does was said by mistake. */
  data(message: RecordedMessage, piece: Piece): boolean {
    message.last = piece;
    if (message.ended) return false;
    message.pieces.push(piece);
    this.waitingBytes += piece.data.length;
    return true;
  }

  end(message: RecordedMessage, end: EntryEnd, trailers: readonly string[]): void {
    if (message.ended) return;
    message.ended = end;
    if (trailers.length > 0) message.trailers = trailers;
  }
}

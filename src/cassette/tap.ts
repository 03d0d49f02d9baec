import type { Loss, Outcome, Protocol, RawHeaders } from '../util/types.ts';
import type { EntryEnd, Producer, WebSocketClose } from './format.ts';

/**
 * What the proxy tells the recorder, as it happens. All calls are synchronous and cheap: they keep references to the
 * buffers (which nobody changes afterwards) and the time; redaction and disk come later, beside the traffic.
 * Times are milliseconds since the exchange began, from a monotonic clock.
 */
export interface RequestHead {
  method: string;
  /** Request target as it stood in the request line (client side) or the absolute URL (upstream side). */
  url: string;
  httpVersion: string;
  headers: RawHeaders;
}

export interface ResponseHead {
  status: number;
  statusText: string;
  httpVersion: string;
  headers: RawHeaders;
}

/** An interim response (RFC 9110 section 15.2). */
export type InterimHead = Omit<ResponseHead, 'httpVersion'>;

export interface ExchangeStart {
  /** Unix milliseconds. */
  startedAt: number;
  seed: string;
  protocol: Protocol | null;
  request: RequestHead;
  /** The exchange takes place on this WebSocket connection: every `data` of its taps is one message. */
  connection?: string;
}

/** One message of a leg: head first, then data, then exactly one end. */
export interface MessageTap {
  /** @param binary of a WebSocket message: it is not text */
  data(ms: number, chunk: Uint8Array, binary?: boolean): void;
  /**
   * The same as `data` for each of several reads that came at once and are joined in `bytes`; who does without it is told of each.
   * @param lengths of the reads, which are not empty
   */
  reads?(ms: number, bytes: Uint8Array, lengths: readonly number[]): void;
  /** The message is over. `end.how` is `complete` when it ended as HTTP says. */
  end(end: EntryEnd, trailers?: RawHeaders): void;
}

export interface AttemptTap {
  /** Head as it is about to be written; call once. */
  request(ms: number, head: RequestHead, protocol: Protocol | null, producer: Producer): MessageTap;
  /** An interim response as it was read; any number of them, before the head. */
  informational(ms: number, head: InterimHead): void;
  /** Head as it was read; not called when no response came. */
  response(ms: number, head: ResponseHead): MessageTap;
  /** The attempt is over; `losses` are those of this attempt's request translation. */
  close(outcome: Outcome, end: EntryEnd): void;
}

export interface ExchangeTap {
  clientRequest: MessageTap;
  attempt(): AttemptTap;
  /** An interim response as it was written to the client. */
  informational(ms: number, head: InterimHead): void;
  clientResponse(ms: number, head: ResponseHead, producer: Producer): MessageTap;
  losses(losses: readonly Loss[]): void;
  /** How the exchange's WebSocket connection ended; of its last exchange alone, and also after `close`. */
  webSocketClose(close: WebSocketClose): void;
  /** Nothing more comes. */
  close(outcome: Outcome, end: EntryEnd): void;
}

/** The summary that `record` prints when it ends. */
export interface RecordingSummary {
  path: string;
  exchanges: number;
  outcomes: Partial<Record<Outcome, number>>;
  /** Bytes of the cassette file. */
  bytes: number;
  redacted: Record<string, number>;
  /** Why recording stopped before the end (disk full or gone); traffic went on. */
  failed?: string;
}

export interface Recorder {
  /** Resolves when there is room for another exchange; undefined when there is room now. */
  room(): Promise<void> | undefined;
  open(start: ExchangeStart): ExchangeTap;
  /** Writes what is left and turns the journal into the cassette. */
  close(): Promise<RecordingSummary>;
}

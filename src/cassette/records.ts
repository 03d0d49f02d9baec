import type { LegName, Loss, Outcome, Protocol, RawHeaders } from '../util/types.ts';
import type { CassetteHeader, Chunk, EntryEnd, Producer, WebSocketClose, WireFacts } from './format.ts';
import type { InterimHead, RequestHead, ResponseHead } from './tap.ts';

/**
 * A journal (`NAME.har.part`) is one line with a `JournalStart`, then one record after the other. Everything in them is
 * decoded and redacted. Times are milliseconds since the exchange began.
 *
 * A record is a line of JSON, an `ExchangeRecord` of which texts were taken out: where its last member is `raw`, so many bytes
 * and a line feed follow, and the bytes are those texts one after the other, as they were sent. Writing them costs what copying
 * does. Journals of version 1 have the texts in the JSON, and nothing follows.
 */
export const JOURNAL_VERSION = 2;

/** `reads` of a leg instead of `chunks`: time, bytes, and 1 for a binary message. */
export type Read = [ms: number, bytes: number, binary?: 1];

/** A leg as its line has it. */
export interface LegLine extends Omit<LegRecord, 'body'> {
  reads?: Read[];
  body?: BodyLine;
}

/** `raw` of a body: the bytes of its text. */
export interface BodyLine extends BodyRecord {
  raw?: number;
}

export interface ExchangeLine extends Omit<ExchangeRecord, 'legs'> {
  legs?: LegLine[];
  raw?: number;
}

/** What a recorder knows of the header when it begins; the rest is counted when the cassette is written. */
export type RecordingHeader = Omit<CassetteHeader, 'redacted' | 'elided' | 'client'>;

/** Who writes a journal: enough to tell a running process from a dead one, and from a later one with the same id. */
export interface JournalOwner {
  pid: number;
  /** Start time of the process as the system counts it (Linux: clock ticks since boot); null where it does not say. */
  started: string | null;
  /** Host, boot and process id namespace: `pid` means something only where this is the same. */
  machine: string;
}

export interface JournalStart {
  tapedeckJournal: number;
  owner: JournalOwner;
  /** The recording may replace an existing cassette. */
  force: boolean;
  header: RecordingHeader;
}

/** One update of one exchange. `x` and `t` stand first, so that an index needs no parsing. */
export interface ExchangeRecord {
  /** `_seq`. */
  x: number;
  t: 'open' | 'chunks' | 'close';
  /** In the first record. */
  start?: { startedAt: number; seed: string; protocol: Protocol | null; connection?: string };
  legs?: LegRecord[];
  attempts?: AttemptEnd[];
  /** Interim responses, as they came. */
  informational?: InterimRecord[];
  losses?: Loss[];
  outcome?: Outcome;
  end?: EntryEnd;
  /** How the WebSocket connection ended; may come after `close`. */
  socketClose?: WebSocketClose;
}

/** An interim response: of an attempt, or, without one, as it was written to the client. */
export interface InterimRecord extends InterimHead {
  attempt?: number;
  ms: number;
}

export interface AttemptEnd {
  attempt: number;
  outcome: Outcome;
  end: EntryEnd;
}

/** What became known of one leg. Fields of a later record replace those of an earlier one; chunks add up. */
export interface LegRecord {
  leg: LegName;
  attempt?: number;
  /** When the head was written or read. */
  ms?: number;
  request?: RequestHead;
  response?: ResponseHead;
  protocol?: Protocol | null;
  producer?: Producer;
  /** Of a response whose reads are kept apart. */
  streamed?: true;
  /** Content codings, while the body is not final. */
  encodings?: string[];
  /** Bytes on the wire so far, while the body is not final. */
  wireBytes?: number;
  /** How often redaction changed the body, while it is not final. */
  redacted?: number;
  /** Decoded reads; of a WebSocket one a message, binary ones as bytes. Of a body that is not streamed: what had come when it was written, for the case of a kill. */
  chunks?: Chunk[];
  /** The final body; absent when the recording was killed before the body ended. */
  body?: BodyRecord;
  /** The body equals that of the client side, so far; false takes it back, and the body follows. */
  same?: boolean;
  end?: EntryEnd;
  trailers?: RawHeaders;
}

export interface BodyRecord {
  /** Decoded length. */
  size: number;
  /** Length on the wire. */
  bytes: number;
  text?: string;
  /** Base64 of decoded bytes that are not text. */
  decoded?: string;
  wire?: WireFacts;
  redacted?: number;
  cut?: number;
}

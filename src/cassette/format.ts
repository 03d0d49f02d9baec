import type { ZstdFrameFacts } from '../decode/zstd/facts.ts';
import type { Loss, Outcome, Protocol, Side } from '../util/types.ts';

/**
 * Cassette format 1: a HAR 1.2 file with our fields under `_`. The contract is docs/cassette-format.md and
 * schemas/cassette.schema.json; these are the same shapes as TypeScript types.
 */
export const FORMAT_VERSION = 1;

/** `log._tapedeck`: stands first in the file, so that a reader knows what follows. */
export interface CassetteHeader {
  format: number;
  /** Version of the tapedeck that wrote the file. */
  tool: string;
  /** When the recording began, ISO 8601. */
  recordedAt: string;
  /** The client of the first exchange that named itself, from its user agent. */
  client?: { name: string; version?: string };
  /** What stood between client and upstream: `tapedeck`, or the name of the gateway that was recorded around. */
  gateway: { name: string; version?: string };
  upstream: { url: string; protocol: Protocol | null };
  /** Of a recording around somebody else's gateway (`record --around`). */
  around?: AroundHeader;
  /** How many values were replaced, by kind (`authorization`, `api-key`, `jwt`, …); empty when none was. */
  redacted: Record<string, number>;
  /** How many texts were elided, and the characters they had. */
  elided: { texts: number; chars: number };
}

/** The recording had a tap on both sides of a gateway that is not ours. */
export interface AroundHeader {
  /** Base URL of the gateway. */
  url: string;
  /** The two sides were joined into exchanges; false in a recording that was cut short before that. */
  joined: boolean;
}

/**
 * How an upstream request was found to belong to its exchange, most telling first. `none`, on a client entry: the gateway asked the
 * provider for nothing.
 */
export type JoinedBy = 'request-id' | 'session' | 'call-ids' | 'content' | 'order' | 'none';

/**
 * What a join around a gateway rests on. `certain`: nothing else comes into question; `likely`: others do, and this one fits
 * best; `guess`: nothing but the time speaks for it.
 */
export interface EntryJoin {
  by: JoinedBy;
  certainty: 'certain' | 'likely' | 'guess';
}

export interface HarHeader {
  name: string;
  value: string;
}

/** What crossed the wire, wherever the UTF-8 of the text is not just that. */
export interface WireFacts {
  /** Content codings in the order they were applied (`["zstd"]`); empty for a plain body that is not UTF-8. */
  encodings: string[];
  /** Length on the wire after transfer coding was removed, in bytes. */
  bytes: number;
  /** Hex SHA-256 of those bytes; absent when redaction changed the body. */
  sha256?: string;
  /** The bytes themselves; absent when redaction changed the body, or when `_chunks` holds them. */
  base64?: string;
  zstd?: ZstdFrameFacts[];
  /** Why the coded body could not be decoded; then there is no text. */
  undecodable?: string;
}

/** One read from the socket: milliseconds since `startedDateTime`, and text or, when it is not whole UTF-8, bytes. */
export type Chunk = [ms: number, data: string | { base64: string }];

/** The fields that request and response bodies share. */
export interface BodyFields {
  mimeType: string;
  /**
   * Decoded view. Absent (in requests: empty, since HAR wants it) when the body is streamed (`_chunks`), binary, the same
   * as the client's, or undecodable.
   */
  text?: string;
  _wire?: WireFacts;
  _chunks?: Chunk[];
  /** The body equals the one of the same kind on the client side of this exchange. */
  _sameAs?: 'client';
  /** Redaction changed this body: how often. */
  _redacted?: number;
  /** Decoded bytes that are not text, where `_wire.base64` does not hold just these: coded, or changed by redaction. */
  _decoded?: { base64: string };
  /** The body is longer than a cassette keeps: so many bytes are missing at its end. */
  _cut?: number;
}

export interface HarRequest {
  method: string;
  url: string;
  httpVersion: string;
  cookies: [];
  headers: HarHeader[];
  queryString: HarHeader[];
  headersSize: number;
  /** Bytes on the wire; -1 when unknown. */
  bodySize: number;
  postData?: BodyFields & { text: string };
  /** The request was not received whole. */
  _incomplete?: true;
  /** Trailer fields, as they came. */
  _trailers?: HarHeader[];
}

export interface HarResponse {
  /** 0 when no response came. */
  status: number;
  statusText: string;
  httpVersion: string;
  cookies: [];
  headers: HarHeader[];
  content: BodyFields & { size: number };
  redirectURL: string;
  headersSize: number;
  bodySize: number;
  /** Milliseconds from `startedDateTime` to the response head. */
  _headMs?: number;
  /** Interim responses (RFC 9110 section 15.2) before it, in their order. */
  _informational?: InterimResponse[];
  /** Trailer fields, as they came. */
  _trailers?: HarHeader[];
}

/** An interim response: 100, 102, 103, … */
export interface InterimResponse {
  /** Milliseconds from `startedDateTime`. */
  ms: number;
  status: number;
  statusText: string;
  headers: HarHeader[];
}

/** Who ended this side of the exchange, when and how. */
export interface EntryEnd {
  by: 'client' | 'tapedeck' | 'upstream';
  /** Milliseconds since `startedDateTime`. */
  ms: number;
  /** `complete`: the message ended as HTTP says. The rest is how it broke. */
  how: 'complete' | 'closed' | 'reset' | 'timeout' | 'refused' | 'error';
  /** Error code and text of the socket or the protocol, for people. */
  detail?: string;
}

export interface Producer {
  /** `client`, `tapedeck`, `upstream`, or a gateway's name. */
  name: string;
  version?: string;
  /** `passthrough`, or a translator's name such as `responses->chat`. */
  how?: string;
  /** Of a translator: the provider's table that was in force, so that the same translation can be made again. */
  dialect?: string;
  /** The name that the model was given by a rule of `--map`. */
  model?: string;
}

/** One side of one exchange: a client entry, and one upstream entry an attempt. */
export interface Entry {
  startedDateTime: string;
  /** Whole duration, milliseconds. */
  time: number;
  request: HarRequest;
  response: HarResponse;
  cache: Record<string, never>;
  timings: { send: number; wait: number; receive: number };
  /** Unique within the cassette. */
  _exchange: string;
  /** Order in which the requests began; both sides of an exchange share it. */
  _seq: number;
  _side: Side;
  /** From 1; upstream entries only. */
  _attempt?: number;
  _protocol: Protocol | null;
  _producer: Producer;
  /** `<unix ms>-<16 hex>`: clock and id source of this exchange, so that a replay gives the same bytes. */
  _seed: string;
  _losses?: Loss[];
  _outcome: Outcome;
  _end?: EntryEnd;
  /** Joins the entries of one WebSocket connection. */
  _connection?: string;
  /** In the order of their times, both directions; as they were before compression. */
  _webSocketMessages?: WebSocketMessage[];
  /** The messages equal those of the client side of this exchange; upstream entries only. */
  _webSocketSameAs?: 'client';
  /** Redaction changed the messages: how often. */
  _webSocketRedacted?: number;
  /** Bytes of messages missing at the end of a direction: a cassette keeps no more of one exchange. */
  _webSocketCut?: number;
  /** Of the last exchange of a connection. */
  _webSocketClose?: WebSocketClose;
  /** Of a recording around a gateway: how this upstream entry came to its exchange, or that there is none (on a client entry). */
  _join?: EntryJoin;
  /** Of a recording around a gateway: it asked this without being asked; on all entries of such an exchange. */
  _unasked?: true;
}

/** Who ended a WebSocket connection; codes of RFC 6455 section 7.1.5 (1005: without a code, 1006: without a close frame). */
export interface WebSocketClose {
  by: 'client' | 'upstream' | 'tapedeck';
  code: number;
  reason: string;
}

/** As Chrome writes them; `time` in seconds since the epoch, opcode 1 text, 2 binary (then `data` is base64). */
export interface WebSocketMessage {
  type: 'send' | 'receive';
  time: number;
  opcode: number;
  data: string;
}

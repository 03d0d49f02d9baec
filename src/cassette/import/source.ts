import type { RawHeaders } from '../../util/types.ts';
import type { BodyFields, EntryEnd, Producer, WebSocketMessage } from '../format.ts';

/** What a source cannot tell, although a recording would have it. */
export type Lack =
  | 'header-case'
  | 'chunk-times'
  | 'times'
  | 'upstream-side'
  | 'wire-bytes'
  | 'lossy-bytes'
  | 'request-body'
  | 'response-body'
  | 'response'
  | 'pseudo-headers'
  | 'other-flows';

/** In words, for people: what is missing, and where it went. */
export const LACKS: Record<Lack, string> = {
  'header-case': 'the case of header names: the source has them in lower case',
  'chunk-times': 'the reads of streams and their times: each stream is kept as one text',
  times: 'when the answer came: only the time of the request is known',
  'upstream-side': 'the other side: what is kept is the client side alone',
  'wire-bytes': 'the bytes of coded bodies (zstd, gzip, …): the source holds them decoded',
  'lossy-bytes': 'coded or binary bodies: the source turned their bytes into text, which cannot be undone',
  'request-body': 'request bodies',
  'response-body': 'response bodies',
  response: 'responses: the upstream was not reached, or the source ended before',
  'pseudo-headers': 'pseudo-header fields of HTTP/2 (`:method`, …): they are no header lines and were left out',
  'other-flows': 'flows that are no HTTP (TCP, UDP, DNS): they were left out',
};

/** How many exchanges lack what. */
export type LackCounts = Map<Lack, number>;

/** One exchange as its source tells it, before redaction. */
export interface ImportedExchange {
  /** Unix milliseconds. */
  startedAt: number;
  /** Milliseconds from there; absent where the source does not tell. */
  sentMs?: number;
  headMs?: number;
  endMs?: number;
  request: ImportedMessage & { method: string; url: string };
  /** Absent when no response came. */
  response?: ImportedMessage & { status: number; statusText: string };
  /** What stopped it, in the words of the source. */
  error?: string;
  end?: EntryEnd;
  webSocketMessages?: WebSocketMessage[];
  lacks: readonly Lack[];
}

export interface ImportedMessage {
  httpVersion: string;
  headers: RawHeaders;
  trailers?: RawHeaders;
  body: ImportedBody;
}

export interface ImportedBody {
  /** Absent: there was no body. */
  fields?: BodyFields;
  /** Decoded length; 0 when unknown. */
  size: number;
  /** Length on the wire; -1 when unknown. */
  wireSize: number;
}

/** Something that exchanges can be read from. */
export interface ImportSource {
  format: 'codex-dump' | 'har' | 'mitmproxy';
  /** What it is, for people. */
  title: string;
  /** What stood between client and upstream. */
  gateway: Producer;
  /** In the order the requests began; may be read again from the beginning. */
  exchanges(): AsyncIterable<ImportedExchange> | Iterable<ImportedExchange>;
}

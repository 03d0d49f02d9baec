import type { LegName, Outcome, Protocol } from '../util/types.ts';
import type { Entry, WireFacts } from './format.ts';

/** A cassette's exchange, as every reader (show, explain, validate, play, replay) sees it. */
export interface RecordedExchange {
  /** `_exchange`. */
  id: string;
  seq: number;
  protocol: Protocol | null;
  outcome: Outcome;
  client: Entry;
  /** Upstream entries by attempt; empty when the exchange never went upstream, or was imported from one side. */
  attempts: Entry[];
}

/** A body with both of its views. */
export interface LegBody {
  /** Decoded text; undefined when the body is binary or could not be decoded. */
  text: string | undefined;
  /** Decoded bytes: the UTF-8 of `text`, or the binary body; undefined when it could not be decoded. */
  decoded: Uint8Array | undefined;
  /** Bytes as they crossed the wire; undefined when redaction or an edit made them unknowable. */
  wire: Uint8Array | undefined;
  facts: WireFacts | undefined;
  /** Decoded bytes by read, with milliseconds since the entry began; one chunk for a body that was not streamed. */
  chunks: { ms: number; data: Uint8Array }[];
  /** How often redaction changed it; 0: untouched. */
  redacted: number;
}

/** One of the four messages. */
export interface Leg {
  name: LegName;
  entry: Entry;
  /** Absent body: undefined. */
  body: LegBody | undefined;
}

import type { Finding } from '../findings.ts';

/**
 * What the client does with the answer. The shape is that of an oracle's verdict, taken as an argument, so that judging
 * an exchange needs no oracle of its own.
 */
export interface Forecast {
  /** For people, e.g. `Codex 0.169.0`. */
  client: string;
  kind: 'turn' | 'compact' | 'models';
  form?: 'endpoint' | 'inline' | 'summary';
  action: 'accept' | 'retry' | 'fail' | 'hang' | 'silent';
  rule: string;
  reason: string;
  message?: string;
  /** Pauses in milliseconds before each repeat, if the answer stays like this. */
  pauses: readonly number[];
  remarks: readonly { rule: string; item: string; reason: string }[];
}

export interface DiagnosisContext {
  findings: readonly Finding[];
  /** Undefined where nobody knows what the client does (another client, another endpoint). */
  forecast?: Forecast;
  /** How the cassette and the exchange are named in commands to run next. */
  cassette: string;
  exchange: string;
}

/** Who ended the exchange and what came last. Times in milliseconds since the exchange began. */
export interface Ending {
  by: 'client' | 'tapedeck' | 'upstream' | 'unknown';
  how: 'complete' | 'closed' | 'reset' | 'timeout' | 'refused' | 'error' | 'unknown';
  ms: number;
  /** Socket or protocol error, as recorded. */
  detail?: string;
  /** Decoded bytes of the answer. */
  bytes: number;
  /** Silence before the end: since the last byte, or since the beginning where there was none. */
  gapMs: number;
  /** Silence since the last whole event with data; the one that matters to an idle timer. */
  eventGapMs: number;
  lastEvent?: { type: string; number: number; start: number; end: number; ms: number };
}

/** A cause that was recognised. */
export interface FoundCause {
  id: string;
  level: 'broken' | 'warning';
  /** What happened, one sentence. */
  cause: string;
  fix: string;
  source: string;
  /** What in this exchange shows it. */
  evidence: string;
}

export interface Diagnosis {
  exchange: string;
  seq: number;
  level: 'ok' | 'warning' | 'broken';
  /** One sentence. */
  headline: string;
  /** `POST /v1/responses → 200`. */
  request: string;
  ending: Ending;
  /** `ending` in words. */
  ended: string[];
  /** Most telling first. */
  causes: FoundCause[];
  forecast?: Forecast;
  /** `forecast` in words. */
  next: string[];
  findings: readonly Finding[];
  /** What was looked at; for an exchange without fault this is the answer. */
  checked: string[];
  /** Commands to run next. */
  commands: string[];
}

import { disconnected, TEXT } from './messages.ts';
import { backoffMs, requestsInAll } from './settings.ts';
import type { StreamReading } from './stream.ts';
import type { CodexSettings, CodexVerdict } from './types.ts';

/** What a rule says; the rest of a verdict follows from it. */
export interface Ruling {
  rule: string;
  reason: string;
  message?: string;
}

/** The turn ends with this error, exit code 1. */
export function fail(ruling: Ruling): CodexVerdict {
  return { action: 'fail', ...ruling, items: [] };
}

/** The stream layer repeats: the whole request again, up to `stream_max_retries` times. */
export function retryStream(settings: CodexSettings, ruling: Ruling, delayMs = backoffMs(1)): CodexVerdict {
  return retryLayer(settings, 'stream', requestsInAll(settings, 'stream'), ruling, delayMs);
}

/**
 * The request layer repeats (`request_max_retries`), and where it gives up the stream layer starts it anew, unless the
 * error is final.
 */
export function retryRequest(
  settings: CodexSettings,
  ruling: Ruling,
  options: { delayMs?: number; isFinal?: boolean } = {},
): CodexVerdict {
  const requests = requestsInAll(settings, options.isFinal ? 'request' : 'both');
  return retryLayer(settings, 'request', requests, ruling, options.delayMs ?? backoffMs(1));
}

function retryLayer(
  settings: CodexSettings,
  layer: 'request' | 'stream',
  requests: number,
  ruling: Ruling,
  delayMs: number,
): CodexVerdict {
  // With no retries left by configuration the same error ends the turn.
  const none = layer === 'stream' ? settings.streamRetries === 0 : requests === 1;
  if (none) return fail(ruling);
  return { action: 'retry', ...ruling, retry: { layer, requests, delayMs }, items: [] };
}

/** A stream error: "stream disconnected before completion: …", repeated. */
export function breakStream(settings: CodexSettings, rule: string, reason: string, text: string): CodexVerdict {
  return retryStream(settings, { rule, reason, message: disconnected(text) });
}

/** A stream that ended before `response.completed`, by whatever it held instead. */
export function neverCompleted(settings: CodexSettings, rule: string, reason: string): CodexVerdict {
  return breakStream(settings, rule, reason, TEXT.streamClosed);
}

/** Adds what the stream gave before the event that decided it. */
export function withItems(verdict: CodexVerdict, reading: StreamReading): CodexVerdict {
  const remarks = reading.remarks.length > 0 ? { remarks: reading.remarks } : {};
  return { ...verdict, items: reading.items, ...remarks };
}

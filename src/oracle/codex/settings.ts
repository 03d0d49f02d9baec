import type { CodexSettings } from './types.ts';

/**
 * Codex's defaults. Retries: measured (a persistent 500 is 30 requests = 5 × 6). Idle timeout: documented default of
 * `stream_idle_timeout_ms`.
 */
export const DEFAULT_SETTINGS: CodexSettings = {
  requestRetries: 4,
  streamRetries: 5,
  idleTimeoutMs: 300_000,
  refreshableToken: false,
};

/** First pause of both retry layers; it doubles with every try, with 10 % of jitter (measured in all three versions). */
export const FIRST_DELAY_MS = 200;

/** Pause before the n-th repeat (n from 1), without jitter. */
export function backoffMs(n: number): number {
  return FIRST_DELAY_MS * 2 ** (n - 1);
}

/** Requests in all when every answer makes both layers repeat, or only one of them. */
export function requestsInAll(settings: CodexSettings, layers: 'request' | 'stream' | 'both'): number {
  const request = layers === 'stream' ? 1 : settings.requestRetries + 1;
  const stream = layers === 'request' ? 1 : settings.streamRetries + 1;
  return request * stream;
}

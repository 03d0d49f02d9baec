import type { Protocol } from '../../util/types.ts';
import { readProviderError, writeClientError } from '../error.ts';
import type { SourceFailure } from './source-items.ts';

/** What a failure within a 200 would have been as a status, by its code; errors of the request are 400. */
const STATUSES: Readonly<Record<string, number>> = {
  insufficient_quota: 429,
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
  server_error: 500,
  api_error: 500,
  server_is_overloaded: 503,
  slow_down: 503,
  overloaded_error: 529,
  vector_store_timeout: 504,
  timeout_error: 504,
};

/** Codes that blame the request. */
const OF_REQUEST =
  /^(?:invalid_|image_|empty_image|unsupported_|context_length|failed_to_download|bio_policy|misalignment)/;

/** A failure of a Responses provider as the client's protocol tells errors. @returns status and JSON text */
export function writeFailure(protocol: Protocol, failure: SourceFailure): { status: number; text: string } {
  const { code, message, param } = failure;
  const known = Object.hasOwn(STATUSES, code) ? STATUSES[code] : undefined;
  const status = known ?? (OF_REQUEST.test(code) ? 400 : 500);
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  const text = JSON.stringify({ error: { message, type, code, ...(param !== undefined && { param }) } });
  return writeClientError(protocol, readProviderError({ status, text }));
}

import { asObject, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { type ErrorKind, readProviderError } from '../error.ts';
import type { Losses } from '../shared/losses.ts';
import type { ResponseEnd } from '../shared/response-object.ts';

type Ending = { how: 'completed' } | { how: 'incomplete'; reason: string; loss?: string };

/** By `stop_reason` (SDK 1.11.0, `StopReason`). */
const ENDINGS: Readonly<Record<string, Ending>> = {
  end_turn: { how: 'completed' },
  tool_use: { how: 'completed' },
  stop_sequence: { how: 'completed' },
  max_tokens: { how: 'incomplete', reason: 'max_output_tokens' },
  model_context_window_exceeded: {
    how: 'incomplete',
    reason: 'max_output_tokens',
    loss: 'the context was full: Responses knows only the bound on the answer',
  },
  pause_turn: {
    how: 'incomplete',
    reason: 'max_output_tokens',
    loss: 'the provider paused the turn, to be asked to go on: Responses knows only the bound on the answer',
  },
  refusal: { how: 'incomplete', reason: 'content_filter' },
};

/**
 * How the response ends. A reason that is not known is told as it is: it may mean that the answer is cut, so that it must not
 * look completed.
 * @param stopReason undefined: the message is over and nobody said why
 */
export function endingOf(stopReason: string | undefined, losses: Losses): ResponseEnd {
  if (stopReason === undefined) {
    losses.add('/stop_reason', 'value', 'the provider did not say why it stopped');
    return { how: 'completed' };
  }
  const ending = entryOf(ENDINGS, stopReason);
  if (!ending) {
    losses.add('/stop_reason', 'value', `Responses knows no end like ${JSON.stringify(stopReason)}`);
    return { how: 'incomplete', reason: stopReason };
  }
  if (ending.how === 'completed') return { how: 'completed' };
  if (ending.loss !== undefined) losses.add('/stop_reason', 'value', ending.loss);
  return { how: 'incomplete', reason: ending.reason };
}

/** Status that an error would have had before the stream, by its type (docs of the Messages API, "Errors"). */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Codes that Codex 0.113.0 to 0.169.0 act on; after any other it tries again, as after `server_error`. */
const CODES: Partial<Record<ErrorKind, string>> = {
  'context-length': 'context_length_exceeded',
  quota: 'insufficient_quota',
  'rate-limit': 'rate_limit_exceeded',
  overloaded: 'server_is_overloaded',
  'model-not-found': 'invalid_prompt',
  authentication: 'invalid_prompt',
  permission: 'invalid_prompt',
  'not-found': 'invalid_prompt',
  'too-large': 'invalid_prompt',
  'invalid-request': 'invalid_prompt',
};

/**
 * An error within the stream, or in place of a whole answer, as the end of a response.
 * @param event `{"type":"error","error":{…}}`, or `{"error":{…}}` as llama-server sends it
 */
export function failureOf(event: JsonObject): ResponseEnd {
  const error = asObject(event.error);
  const said = typeof error?.code === 'number' ? error.code : undefined;
  const status = entryOf(STATUSES, error?.type) ?? said ?? 500;
  const { kind, message } = readProviderError({ status, text: JSON.stringify(event) });
  return { how: 'failed', code: CODES[kind] ?? 'server_error', message };
}

import { asNumber, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { type ErrorKind, readProviderError } from '../error.ts';
import type { Losses } from '../shared/losses.ts';

/** How an answer ended, in the words of Responses. */
export type Ending =
  | { how: 'completed' }
  | { how: 'incomplete'; reason: string }
  | { how: 'failed'; code: string; message: string };

const COMPLETED: Ending = { how: 'completed' };
const CUT: Ending = { how: 'incomplete', reason: 'max_output_tokens' };
const FILTERED: Ending = { how: 'incomplete', reason: 'content_filter' };

function broken(reason: string): Ending {
  return { how: 'failed', code: 'server_error', message: `The provider stopped with finish reason \`${reason}\`.` };
}

/** By `finish_reason`. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  stop: COMPLETED,
  tool_calls: COMPLETED,
  function_call: COMPLETED,
  length: CUT,
  content_filter: FILTERED,
  // Mistral: the context is full.
  model_length: CUT,
  // DeepSeek: the server had to stop.
  insufficient_system_resource: broken('insufficient_system_resource'),
  // OpenRouter, Mistral and vLLM, of a model that died or was stopped.
  error: broken('error'),
  abort: broken('abort'),
  // The words of Messages, as gateways in front of Claude let them through.
  end_turn: COMPLETED,
  stop_sequence: COMPLETED,
  tool_use: COMPLETED,
  max_tokens: CUT,
  refusal: FILTERED,
};

/** What a `finish_reason` means. One that is not known is told as it is: the answer may be cut, so it must not look completed. */
export function endingOf(reason: string, losses: Losses): Ending {
  if (Object.hasOwn(ENDINGS, reason)) return ENDINGS[reason]!;
  losses.add('/choices/0/finish_reason', 'value', `Responses knows no end like ${JSON.stringify(reason)}`);
  return { how: 'incomplete', reason };
}

/**
 * The code that makes Codex 0.113.0 to 0.169.0 say the right thing, and try again only where that helps (measured); those
 * of the Responses API where Codex knows no other.
 */
const CODES: Readonly<Record<ErrorKind, string>> = {
  'context-length': 'context_length_exceeded',
  quota: 'insufficient_quota',
  'rate-limit': 'rate_limit_exceeded',
  overloaded: 'server_is_overloaded',
  'model-not-found': 'invalid_prompt',
  authentication: 'invalid_prompt',
  permission: 'invalid_prompt',
  'too-large': 'invalid_prompt',
  'not-found': 'invalid_prompt',
  'invalid-request': 'invalid_prompt',
  timeout: 'server_error',
  server: 'server_error',
};

/** The status that an error would have had before the stream, by its words. */
const STATUS_BY_WORD: readonly [words: RegExp, status: number][] = [
  [/insufficient_quota|billing|rate.?limit|too many requests/i, 429],
  [/overloaded/i, 503],
  [/context_length_exceeded|exceed_context_size|invalid_request|invalid_prompt|bad.?request/i, 400],
  [/authentication|invalid_api_key/i, 401],
  [/permission/i, 403],
  [/not_found/i, 404],
];

/** An error in place of a chunk, or of the whole answer. @param value the parsed data */
export function failureOf(value: JsonObject): Ending {
  const said = asObject(value.error) ?? value;
  const { kind, message } = readProviderError({ status: statusOf(said), text: JSON.stringify(value) });
  return { how: 'failed', code: CODES[kind], message };
}

/** The status as the error names it (llama-server and vLLM do), else the one its words stand for. */
function statusOf(said: JsonObject): number {
  for (const value of [said.code, said.status, said.status_code]) {
    const status = Number(asNumber(value) ?? asString(value));
    if (status >= 400 && status < 600) return status;
  }
  const words = [said.type, said.code, said.message, said.error].map(asString).join(' ');
  return STATUS_BY_WORD.find(([pattern]) => pattern.test(words))?.[1] ?? 500;
}

import { asObject, asString, type JsonObject, parseData } from '../protocols/grammar.ts';
import type { Protocol, RawHeaders } from '../util/types.ts';

/** An answer of the provider's that is no success, before the stream. */
export interface ProviderError {
  status: number;
  /** Text of the body. */
  text: string;
}

/** What went wrong, whatever the provider's way to say it. */
export interface ErrorFacts {
  status: number;
  message: string;
  /** The provider's own words. */
  type: string | undefined;
  code: string | undefined;
  param: string | undefined;
  kind: ErrorKind;
}

export type ErrorKind =
  | 'context-length'
  | 'quota'
  | 'rate-limit'
  | 'model-not-found'
  | 'overloaded'
  | 'authentication'
  | 'permission'
  | 'too-large'
  | 'timeout'
  | 'not-found'
  | 'invalid-request'
  | 'server';

interface KindRule {
  kind: ErrorKind;
  statuses: readonly number[];
  /** In the type, the code or the message. */
  words?: RegExp;
}

/**
 * The first that fits. Providers say the same thing with many words: OpenAI `context_length_exceeded`, llama-server
 * `exceed_context_size_error`, Anthropic "prompt is too long".
 */
const KINDS: readonly KindRule[] = [
  {
    kind: 'context-length',
    statuses: [400, 413, 422, 500],
    words:
      /context_length_exceeded|exceed_context_size|model_context_window_exceeded|prompt is too long|maximum context length|context (?:length|window|size)[^.]{0,40}exceed|exceeds?[^.]{0,40}context (?:length|window|size)/i,
  },
  {
    kind: 'quota',
    statuses: [400, 402, 403, 429],
    words: /insufficient_quota|billing_error|billing_hard_limit|credit balance|exceeded your current quota/i,
  },
  // DeepSeek: "Insufficient Balance". The status says so whatever the words are (RFC 9110 section 15.5.3, "Payment Required").
  { kind: 'quota', statuses: [402] },
  {
    kind: 'model-not-found',
    statuses: [400, 404],
    // Within a sentence; the points in the names of models (`qwen2.5`) end none.
    words:
      /model_not_found|model(?:[^.]|\.(?=\S)){0,80}(?:not found|does not exist|not exist)|not_found_error[^.]{0,20}model:|unknown model/i,
  },
  { kind: 'overloaded', statuses: [529] },
  { kind: 'overloaded', statuses: [500, 502, 503], words: /overloaded|slow_down|at capacity/i },
  { kind: 'rate-limit', statuses: [429] },
  { kind: 'authentication', statuses: [401] },
  { kind: 'permission', statuses: [403] },
  { kind: 'not-found', statuses: [404] },
  { kind: 'too-large', statuses: [413] },
  { kind: 'timeout', statuses: [408, 504] },
];

/** Reads an error in any of the shapes that providers give it. */
export function readProviderError({ status, text }: ProviderError): ErrorFacts {
  const said = errorObject(parseData(text)) ?? {};
  const type = asString(said.type);
  const code = asString(said.code);
  const message = messageOf(said) ?? plainMessage(text, status);
  const words = [type, code, message].join(' ');
  const rule = KINDS.find(
    ({ statuses, words: pattern }) => statuses.includes(status) && (pattern?.test(words) ?? true),
  );
  const kind = rule?.kind ?? (status < 500 ? 'invalid-request' : 'server');
  return { status, message, type, code, param: asString(said.param), kind };
}

/** `{"error":{…}}`, the same in a list (Gemini), `{"error":"…"}`, `{"detail":"…"}` (FastAPI), `{"message":"…"}`, or the object itself. */
function errorObject(value: unknown): JsonObject | undefined {
  const body = asObject(Array.isArray(value) ? value[0] : value);
  if (!body) return undefined;
  return asObject(body.error) ?? (typeof body.error === 'string' ? { ...body, message: body.error } : body);
}

function messageOf(said: JsonObject): string | undefined {
  const { message, detail } = said;
  const text = asString(message) || asString(detail);
  if (text) return text;
  return typeof detail === 'object' && detail !== null ? JSON.stringify(detail) : undefined;
}

/** A page of HTML or a line of text, cut to what a terminal shows; JSON that says nothing is told as it is. */
function plainMessage(text: string, status: number): string {
  // Patterns that a text of brackets alone does not make run for minutes.
  const plain = text
    .replace(/<(?:style|script)[\s\S]*?(?:<\/(?:style|script)>|$)/gi, ' ')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain === '' ? `The provider answered with status ${status} and no message.` : plain.slice(0, 500);
}

/** The type, the code and the status by which OpenAI's clients know a kind. Codex 0.113.0 to 0.169.0 act on the status first. */
const OPENAI: Partial<Record<ErrorKind, { type: string; code: string; status?: number }>> = {
  'context-length': { type: 'invalid_request_error', code: 'context_length_exceeded', status: 400 },
  quota: { type: 'insufficient_quota', code: 'insufficient_quota', status: 429 },
  'rate-limit': { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  'model-not-found': { type: 'invalid_request_error', code: 'model_not_found', status: 404 },
  overloaded: { type: 'server_error', code: 'server_is_overloaded', status: 503 },
  authentication: { type: 'invalid_request_error', code: 'invalid_api_key' },
};

/** Types of the Messages API's errors, and its own status for what has one. */
const MESSAGES: Readonly<Record<ErrorKind, { type: string; status?: number }>> = {
  'context-length': { type: 'invalid_request_error', status: 400 },
  quota: { type: 'billing_error', status: 402 },
  'rate-limit': { type: 'rate_limit_error' },
  'model-not-found': { type: 'not_found_error', status: 404 },
  overloaded: { type: 'overloaded_error', status: 529 },
  authentication: { type: 'authentication_error' },
  permission: { type: 'permission_error' },
  'not-found': { type: 'not_found_error' },
  'too-large': { type: 'request_too_large' },
  timeout: { type: 'timeout_error' },
  'invalid-request': { type: 'invalid_request_error' },
  server: { type: 'api_error' },
};

/** The error in the shape of the client's protocol. @returns status and JSON text */
export function writeClientError(protocol: Protocol, facts: ErrorFacts): { status: number; text: string } {
  const { kind, message } = facts;
  if (protocol === 'messages') {
    const { type, status = facts.status } = MESSAGES[kind];
    return { status, text: JSON.stringify({ type: 'error', error: { type, message } }) };
  }
  const known = OPENAI[kind];
  const type = known?.type ?? facts.type ?? (facts.status < 500 ? 'invalid_request_error' : 'server_error');
  const error = { message, type, param: facts.param ?? null, code: known?.code ?? facts.code ?? null };
  return { status: known?.status ?? facts.status, text: JSON.stringify({ error }) };
}

/**
 * When to try again, as all clients understand it: `retry-after` in seconds (RFC 9110 section 10.2.3), worked out from a date or
 * from OpenAI's `retry-after-ms` where the provider gave only those.
 * @param now unix milliseconds
 */
export function retryHeaders(headers: RawHeaders, now: number): string[] {
  let after: string | undefined;
  let ms: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (name === 'retry-after') after = headers[i + 1];
    if (name === 'retry-after-ms') ms = headers[i + 1];
  }
  const seconds = secondsOf(after, now) ?? (isNumber(ms) ? Math.ceil(Number(ms) / 1000) : undefined);
  const out = seconds === undefined ? [] : ['retry-after', String(seconds)];
  return ms === undefined ? out : [...out, 'retry-after-ms', ms];
}

function secondsOf(after: string | undefined, now: number): number | undefined {
  if (isNumber(after)) return Math.ceil(Number(after));
  const date = Date.parse(String(after));
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}

function isNumber(text: string | undefined): boolean {
  return /^\d+(?:\.\d+)?$/.test(String(text));
}

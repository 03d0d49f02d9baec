import type { JsonObject } from '../../protocols/grammar.ts';
import type { BackContext } from '../types.ts';

/** How a response ended; `incomplete`: reason `max_output_tokens` or `content_filter`. */
export type ResponseEnd =
  | { how: 'completed'; usage?: JsonObject }
  | { how: 'incomplete'; reason: string; usage?: JsonObject }
  | { how: 'failed'; code: string; message: string; usage?: JsonObject };

/** Fields of a request that OpenAI repeats in the response, with the type that they must have to be repeated. */
const REPEATED: Readonly<Record<string, (value: unknown) => boolean>> = {
  background: isBoolean,
  instructions: isString,
  max_output_tokens: isNumber,
  max_tool_calls: isNumber,
  metadata: isObject,
  parallel_tool_calls: isBoolean,
  previous_response_id: isString,
  prompt_cache_key: isString,
  reasoning: isObject,
  safety_identifier: isString,
  service_tier: isString,
  store: isBoolean,
  temperature: isNumber,
  text: isObject,
  tool_choice: (value) => isString(value) || isObject(value),
  tools: Array.isArray,
  top_logprobs: isNumber,
  top_p: isNumber,
  truncation: isString,
  user: isString,
};

const REPEATED_FIELDS = Object.entries(REPEATED);

/** The fields of a response that stay the same from `response.created` to the terminal event. */
export function baseResponse(context: BackContext): JsonObject {
  const { request, model } = context.plan;
  const base: JsonObject = {
    id: context.newId('resp_'),
    object: 'response',
    created_at: Math.floor(context.now() / 1000),
    model,
    // What the schema requires where the request said nothing.
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
  };
  for (const [name, fits] of REPEATED_FIELDS) {
    const value = request[name];
    if (fits(value)) base[name] = value;
  }
  return base;
}

/** The fields that change: those of a running response without an end. */
export function endingOf(end: ResponseEnd | undefined, output: readonly JsonObject[]): JsonObject {
  const error = end?.how === 'failed' ? { code: end.code, message: end.message } : null;
  const incomplete = end?.how === 'incomplete' ? { reason: end.reason } : null;
  return {
    status: end?.how ?? 'in_progress',
    error,
    incomplete_details: incomplete,
    output,
    usage: end?.usage ?? null,
  };
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { type FieldTable, reportUnread } from '../shared/fields.ts';
import { createLosses, type Losses } from '../shared/losses.ts';
import { applyDialect, effortOf, outputTokens } from '../shared/responses-body.ts';
import { ResponsesCalls } from '../shared/responses-calls.ts';
import { createToolNames } from '../shared/tool-names.ts';
import type { Refusal, RequestTranslation, TranslateContext } from '../types.ts';
import { translateMessages } from './messages.ts';
import { translateToolChoice, translateTools } from './tools.ts';

export const REQUEST_HOP = 'chat->responses';

/** Parameters that both protocols have by the same name and with the same meaning. */
const SAME = [
  'metadata',
  'moderation',
  'parallel_tool_calls',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'temperature',
  'top_p',
  'user',
] as const;

const PARAMETERS: FieldTable = {
  read: [
    ...SAME,
    'function_call',
    'functions',
    'logprobs',
    'max_completion_tokens',
    'max_tokens',
    'messages',
    'model',
    'reasoning_effort',
    'response_format',
    'store',
    'stream',
    'stream_options',
    'tool_choice',
    'tools',
    'top_logprobs',
    'verbosity',
    'web_search_options',
  ],
  lost: {
    audio: 'Responses answers with text alone',
    frequency_penalty: 'Responses has no penalties',
    logit_bias: 'Responses has no logit bias',
    modalities: 'Responses answers with text alone',
    n: 'Responses gives one answer',
    prediction: 'Responses takes no predicted output',
    presence_penalty: 'Responses has no penalties',
    seed: 'Responses has no seed',
    stop: 'the provider knows no stop sequences: its answer is cut where one begins, and goes on unseen',
  },
  neutral: {
    frequency_penalty: [0],
    logit_bias: [{}],
    modalities: [['text']],
    n: [1],
    presence_penalty: [0],
    stop: ['', []],
  },
};

/** A Chat Completions request as a Responses request. */
export function translateRequest(body: JsonObject, context: TranslateContext): RequestTranslation | Refusal {
  const refusal = refuse(body);
  if (refusal) return refusal;
  const losses = createLosses(REQUEST_HOP);
  const names = createToolNames(context.dialect.toolNames);
  const calls = new ResponsesCalls(context);
  const tools = translateTools(body, names, losses);
  const translated: JsonObject = {
    ...(body.model !== undefined && { model: body.model }),
    input: translateMessages(body.messages, { calls, names, context, losses }),
    ...(tools.length > 0 && { tools }),
    ...translateToolChoice(body, tools, names, losses),
    ...readParameters(body, context, losses),
  };
  reportUnread(body, '', 'parameter', PARAMETERS, losses);
  const plan = {
    request: body,
    model: asString(body.model) ?? '',
    tools: names.tools,
    callIds: calls.callIds,
    stream: body.stream === true,
  };
  return { body: applyDialect(translated, context, losses), losses: losses.list, plan };
}

/**
 * What a client would not notice the lack of: it reads the second choice, or the audio, of an answer that has none. A loss would
 * be told where its program does not look.
 */
function refuse(body: JsonObject): Refusal | undefined {
  const asks = (code: string, message: string): Refusal => ({ problem: { status: 400, code, message } });
  if (typeof body.n === 'number' && body.n > 1) {
    return asks('unsupported_parameter', 'The provider speaks Responses, which gives one answer: `n` must be 1.');
  }
  if (asArray(body.modalities).includes('audio')) {
    return asks('unsupported_parameter', 'The provider speaks Responses, which answers with no audio.');
  }
  return undefined;
}

function readParameters(body: JsonObject, context: TranslateContext, losses: Losses): JsonObject {
  const same = SAME.flatMap((name) => (body[name] === undefined || body[name] === null ? [] : [[name, body[name]]]));
  const effort = effortOf(body.reasoning_effort, context.dialect, '/reasoning_effort', losses);
  const obfuscation = asObject(body.stream_options)?.include_obfuscation;
  return {
    ...Object.fromEntries(same),
    ...readBound(body, losses),
    ...(effort !== undefined && { reasoning: { effort } }),
    ...readText(body),
    ...readLogprobs(body, losses),
    // Chat stores nothing unless it is asked to; Responses stores unless it is told not to.
    store: body.store === true,
    ...(body.stream === true && { stream: true }),
    ...(typeof obfuscation === 'boolean' && { stream_options: { include_obfuscation: obfuscation } }),
  };
}

/** `max_completion_tokens` is what `max_tokens` was called before. */
function readBound(body: JsonObject, losses: Losses): JsonObject {
  const { max_completion_tokens: bound, max_tokens: old } = body;
  if (bound === undefined || bound === null) return outputTokens(old, '/max_tokens', losses);
  if (typeof old === 'number' && old !== bound) {
    losses.add('/max_tokens', 'parameter', '`max_completion_tokens` says another bound, and holds');
  }
  return outputTokens(bound, '/max_completion_tokens', losses);
}

function readText(body: JsonObject): JsonObject {
  const format = asObject(body.response_format);
  const { json_schema: schema, ...rest } = format ?? {};
  // Responses has the fields of `json_schema` beside the type, and requires the schema.
  const flat = schema === undefined ? rest : { ...rest, schema: {}, ...asObject(schema) };
  const text = {
    ...(format && { format: flat }),
    ...(typeof body.verbosity === 'string' && { verbosity: body.verbosity }),
  };
  return Object.keys(text).length > 0 ? { text } : {};
}

function readLogprobs(body: JsonObject, losses: Losses): JsonObject {
  if (body.logprobs !== true) {
    if (body.top_logprobs) losses.add('/top_logprobs', 'parameter', 'without `logprobs` nothing is asked for');
    return {};
  }
  const { top_logprobs: wanted } = body;
  const top = typeof wanted === 'number' ? { top_logprobs: wanted } : {};
  if (wanted != null && typeof wanted !== 'number') losses.add('/top_logprobs', 'parameter', 'this is no number');
  return { ...top, include: ['message.output_text.logprobs'] };
}

import type { Protocol } from '../../util/types.ts';
import { createSession, requestHeaders, seededUuid } from '../client-request.ts';

type Json = Record<string, unknown>;

/** A tool as every protocol has it: a function with a JSON schema. */
export interface PromptTool {
  name: string;
  description: string;
  parameters: Json;
}

/** A call of an earlier turn with its result. */
export interface PastCall {
  id: string;
  name: string;
  arguments: Json;
  output: string;
}

/** A request of any client, as far as the three protocols agree. */
export interface Prompt {
  /** What the user says last. */
  text: string;
  system?: string;
  /** What was said before, the user first. */
  before?: readonly { role: 'user' | 'assistant'; text: string }[];
  /** Calls of the last answer, after `text`: the request then asks to go on from their results. */
  calls?: readonly PastCall[];
  tools?: readonly PromptTool[];
  /** A PNG in base64 beside the text. */
  image?: string;
  stream?: boolean;
  maxTokens?: number;
  /** Fields of the protocol's own, put over the others. */
  more?: Json;
}

/** The tool of checks that need one. */
export const WEATHER_TOOL: PromptTool = {
  name: 'get_weather',
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['C', 'F'] } },
    required: ['city'],
    additionalProperties: false,
  },
};

const PATHS: Record<Protocol, string> = { responses: '/responses', chat: '/chat/completions', messages: '/messages' };

/** Path of a protocol's main endpoint below the base URL. */
export function endpointPath(protocol: Protocol): string {
  return PATHS[protocol];
}

const BODIES: Record<Protocol, (prompt: Prompt, model: string) => Json> = {
  responses: responsesBody,
  chat: chatBody,
  messages: messagesBody,
};

/** The body of a request that says a prompt in a client's protocol. */
export function bodyOf(protocol: Protocol, prompt: Prompt, model: string): Json {
  return { ...BODIES[protocol](prompt, model), ...prompt.more };
}

function responsesBody(prompt: Prompt, model: string): Json {
  const { text, system, before = [], calls = [], tools, image, stream = true, maxTokens } = prompt;
  const part = (role: string, said: string) => ({
    type: role === 'assistant' ? 'output_text' : 'input_text',
    text: said,
  });
  const message = (role: string, content: object[]) => ({ type: 'message', role, content });
  const picture = image === undefined ? [] : [{ type: 'input_image', image_url: `data:image/png;base64,${image}` }];
  return {
    model,
    stream,
    store: false,
    ...(system === undefined ? {} : { instructions: system }),
    input: [
      ...before.map(({ role, text: said }) => message(role, [part(role, said)])),
      message('user', [part('user', text), ...picture]),
      ...calls.map((call) => ({
        type: 'function_call',
        call_id: call.id,
        name: call.name,
        arguments: JSON.stringify(call.arguments),
      })),
      ...calls.map((call) => ({ type: 'function_call_output', call_id: call.id, output: call.output })),
    ],
    ...(tools ? { tools: tools.map((tool) => ({ type: 'function', strict: false, ...tool })) } : {}),
    ...(maxTokens === undefined ? {} : { max_output_tokens: maxTokens }),
  };
}

function chatBody(prompt: Prompt, model: string): Json {
  const { text, system, before = [], calls = [], tools, image, stream = true, maxTokens } = prompt;
  const content =
    image === undefined
      ? text
      : [
          { type: 'text', text },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
        ];
  const toolCalls = calls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
  return {
    model,
    stream,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      ...before.map(({ role, text: said }) => ({ role, content: said })),
      { role: 'user', content },
      ...(calls.length > 0 ? [{ role: 'assistant', content: null, tool_calls: toolCalls }] : []),
      ...calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: call.output })),
    ],
    ...(tools ? { tools: tools.map((tool) => ({ type: 'function', function: tool })) } : {}),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  };
}

function messagesBody(prompt: Prompt, model: string): Json {
  const { text, system, before = [], calls = [], tools, image, stream = true, maxTokens = 1024 } = prompt;
  const picture =
    image === undefined ? [] : [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } }];
  const uses = calls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: call.arguments }));
  const results = calls.map((call) => ({ type: 'tool_result', tool_use_id: call.id, content: call.output }));
  return {
    model,
    max_tokens: maxTokens,
    stream,
    ...(system === undefined ? {} : { system }),
    messages: [
      ...before.map(({ role, text: said }) => ({ role, content: [{ type: 'text', text: said }] })),
      { role: 'user', content: [...picture, { type: 'text', text }] },
      ...(calls.length > 0
        ? [
            { role: 'assistant', content: uses },
            { role: 'user', content: results },
          ]
        : []),
    ],
    ...(tools ? { tools: tools.map(({ parameters, ...tool }) => ({ ...tool, input_schema: parameters })) } : {}),
  };
}

/**
 * Headers as the usual client of a protocol sends them: Codex 0.169.0, OpenAI's SDK 7.55.0, Anthropic's SDK 1.11.0. A gateway may treat a
 * client by its user agent, so `plain` has nothing that names one.
 */
export function headersOf(protocol: Protocol, key: string | undefined, seed: string, plain: boolean): string[] {
  if (plain) return [...credentials(protocol, key), 'content-type', 'application/json', 'accept', '*/*'];
  return IDENTITIES[protocol](key, seed);
}

function credentials(protocol: Protocol, key: string | undefined): string[] {
  const version = protocol === 'messages' ? ['anthropic-version', '2023-06-01'] : [];
  if (key === undefined) return version;
  return protocol === 'messages' ? ['x-api-key', key, ...version] : ['authorization', `Bearer ${key}`];
}

/** 2026-01-01T00:00:00Z: requests of two runs are the same. */
const SESSION_START = 1_767_225_600_000;

const IDENTITIES: Record<Protocol, (key: string | undefined, seed: string) => string[]> = {
  responses: (key, seed) => {
    const headers = requestHeaders(createSession(seed, 'gpt-5.5', SESSION_START), key ?? '');
    if (key !== undefined) return headers;
    const at = headers.indexOf('authorization');
    return headers.filter((_, i) => i !== at && i !== at + 1);
  },
  chat: (key, seed) => [
    ...['accept', 'application/json', 'content-type', 'application/json', 'user-agent', 'OpenAI/JS 7.55.0'],
    ...['x-stainless-lang', 'js', 'x-stainless-package-version', '7.55.0', 'x-stainless-retry-count', '0'],
    ...['x-client-request-id', seededUuid(seed, 'request'), ...credentials('chat', key)],
  ],
  messages: (key) => [
    ...['accept', 'application/json', 'content-type', 'application/json', 'user-agent', 'Anthropic/JS 1.11.0'],
    ...['x-stainless-lang', 'js', 'x-stainless-package-version', '1.11.0', 'x-stainless-retry-count', '0'],
    ...credentials('messages', key),
  ],
};

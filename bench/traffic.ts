/** What the benchmark sends and gets: made-up texts of the sizes and shapes that Codex's traffic has. */

/** Events of one stream. */
export const STREAM_EVENTS = 500;

const WORDS =
  'the agent reads a file then it runs the tests and writes a patch that makes them pass before it ends'.split(' ');

/** Plain words, always the same ones. @param length in characters */
function prose(length: number): string {
  let text = '';
  for (let i = 0; text.length < length; i++) text += `${WORDS[(i * 7) % WORDS.length]} `;
  return text.slice(0, length);
}

function message(role: string, text: string): object {
  return { type: 'message', role, content: [{ type: 'input_text', text }] };
}

function tool(name: string): object {
  const property = { type: 'string', description: prose(160) };
  const parameters = {
    type: 'object',
    properties: { path: property, text: property },
    required: ['path'],
    additionalProperties: false,
  };
  return { type: 'function', name, description: prose(500), strict: false, parameters };
}

const SMALL = {
  model: 'bench-1',
  stream: false,
  store: false,
  input: [message('user', prose(565))],
};

const CODEX = {
  model: 'bench-1',
  instructions: prose(17_000),
  input: [message('developer', prose(6_000)), message('user', prose(2_000)), message('user', prose(800))],
  tools: Array.from({ length: 13 }, (_, i) => tool(`tool_${i}`)),
  tool_choice: 'auto',
  parallel_tool_calls: false,
  store: false,
  stream: true,
  include: ['reasoning.encrypted_content'],
};

/** 700 bytes. */
export const SMALL_REQUEST = JSON.stringify(SMALL);

/** 40 KB: long instructions, a dozen tools, a few turns. */
export const CODEX_REQUEST = JSON.stringify(CODEX);

export type RequestSize = 'small' | 'codex';

/** The request that asks for what its target answers: whoever translates goes by the body. */
export function requestBody(size: RequestSize, target: Target): string {
  return JSON.stringify({ ...(size === 'small' ? SMALL : CODEX), stream: target !== 'json' });
}

/** What the model says in a JSON answer. */
const ANSWER_TEXT = prose(707);

/** 1 KB. */
export const SMALL_ANSWER = JSON.stringify({
  id: 'resp_0001',
  object: 'response',
  created_at: 1_700_000_000,
  status: 'completed',
  model: 'bench-1',
  output: [
    {
      type: 'message',
      id: 'msg_0001',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: ANSWER_TEXT, annotations: [] }],
    },
  ],
  usage: { input_tokens: 150, output_tokens: 120, total_tokens: 270 },
});

function deltaText(n: number): string {
  return `${WORDS[n % WORDS.length]}      `.slice(0, 6);
}

/** One event of a stream; all have the same length, so that bytes tell events. */
export function streamEvent(n: number): string {
  const data = {
    type: 'response.output_text.delta',
    sequence_number: 1000 + n,
    item_id: 'msg_0001',
    output_index: 0,
    content_index: 0,
    delta: deltaText(n),
  };
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Bytes of one event. */
export const EVENT_BYTES = streamEvent(0).length;

/** Where a provider of Chat Completions is asked, whatever for. */
export const CHAT_PATH = '/v1/chat/completions';

/** The same answer as Chat Completions tells it. */
export const CHAT_ANSWER = JSON.stringify({
  id: 'chatcmpl-0001',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'bench-1',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: ANSWER_TEXT, refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 150, completion_tokens: 120, total_tokens: 270 },
});

/** The same deltas as chunks of Chat Completions. */
export function chatChunk(n: number): string {
  return chunk({ delta: { content: deltaText(n) }, finish_reason: null }, {});
}

/** What follows the last delta. */
export const CHAT_END = `${chunk({ delta: {}, finish_reason: 'stop' }, {})}${chunk(undefined, {
  usage: { prompt_tokens: 150, completion_tokens: STREAM_EVENTS, total_tokens: 150 + STREAM_EVENTS },
})}data: [DONE]\n\n`;

function chunk(choice: object | undefined, more: object): string {
  const head = { id: 'chatcmpl-0001', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'bench-1' };
  const choices = choice ? [{ index: 0, ...choice, logprobs: null }] : [];
  return `data: ${JSON.stringify({ ...head, choices, ...more })}\n\n`;
}

/** What a request asks the provider for, by its target. */
export const TARGETS = {
  /** A JSON answer. */
  json: '/v1/responses',
  /** `STREAM_EVENTS` events, each written by itself. */
  stream: '/v1/responses?bench=stream',
  /** Events for as long as somebody reads. */
  endless: '/v1/responses?bench=endless',
} as const;

export type Target = keyof typeof TARGETS;

/** Where a translated answer is right: whole, with all that the provider said. @param text of its body */
export function isWholeAnswer(target: Target, text: string): boolean {
  if (target === 'json') return text.includes('"status":"completed"') && text.includes(JSON.stringify(ANSWER_TEXT));
  const deltas = text.split('\nevent: response.output_text.delta\n').length - 1;
  return deltas === STREAM_EVENTS && text.includes('\nevent: response.completed\n');
}

/** A whole request as it goes over the socket, with the headers that Codex sends. */
export function requestBytes(target: Target, body: string): Buffer {
  const head = [
    `POST ${TARGETS[target]} HTTP/1.1`,
    'host: bench.invalid',
    `authorization: Bearer ${'sk-'}bench`,
    'content-type: application/json',
    `accept: ${target === 'json' ? 'application/json' : 'text/event-stream'}`,
    'user-agent: codex_exec/0.169.0 (Linux; x86_64) bench',
    'originator: codex_exec',
    'session-id: 00000000-0000-4000-8000-000000000000',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

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

/** 700 bytes. */
export const SMALL_REQUEST = JSON.stringify({
  model: 'bench-1',
  stream: false,
  store: false,
  input: [message('user', prose(565))],
});

/** 40 KB: long instructions, a dozen tools, a few turns. */
export const CODEX_REQUEST = JSON.stringify({
  model: 'bench-1',
  instructions: prose(17_000),
  input: [message('developer', prose(6_000)), message('user', prose(2_000)), message('user', prose(800))],
  tools: Array.from({ length: 13 }, (_, i) => tool(`tool_${i}`)),
  tool_choice: 'auto',
  parallel_tool_calls: false,
  store: false,
  stream: true,
  include: ['reasoning.encrypted_content'],
});

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
      content: [{ type: 'output_text', text: prose(707), annotations: [] }],
    },
  ],
  usage: { input_tokens: 150, output_tokens: 120, total_tokens: 270 },
});

/** One event of a stream; all have the same length, so that bytes tell events. */
export function streamEvent(n: number): string {
  const data = {
    type: 'response.output_text.delta',
    sequence_number: 1000 + n,
    item_id: 'msg_0001',
    output_index: 0,
    content_index: 0,
    delta: `${WORDS[n % WORDS.length]}      `.slice(0, 6),
  };
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Bytes of one event. */
export const EVENT_BYTES = streamEvent(0).length;

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

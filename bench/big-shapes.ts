import { CODEX_REQUEST, SMALL_REQUEST } from './traffic.ts';

/** What the exchanges of a big cassette look like. */
export interface Shape {
  name: string;
  /** The body of the n-th request, from 0; no two are equal. */
  request(n: number): string;
  /** The reads of the n-th answer. */
  answer(n: number): string[];
}

function event(type: string, fields: object, sequence: number): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields, sequence_number: sequence })}\n\n`;
}

/** A stream as the Responses API has it: a message that is written in so many deltas. */
function stream(n: number, deltas: number): string[] {
  const place = { item_id: `msg_${n}`, output_index: 0, content_index: 0 };
  const words = Array.from({ length: deltas }, (_, i) => `word ${n}.${i} `);
  const text = words.join('');
  const part = (value: string) => ({ type: 'output_text', text: value, annotations: [], logprobs: [] });
  const item = (status: string, content: object[]) => ({
    type: 'message',
    id: `msg_${n}`,
    role: 'assistant',
    status,
    content,
  });
  const response = (status: string, output: object[], usage: object | null) => ({
    response: {
      id: `resp_${n}`,
      object: 'response',
      created_at: 1_700_000_000,
      status,
      model: 'bench-1',
      output,
      parallel_tool_calls: false,
      tool_choice: 'auto',
      tools: [],
      usage,
    },
  });
  const usage = {
    input_tokens: 150,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: deltas,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 150 + deltas,
  };
  const done = item('completed', [part(text)]);
  return [
    event('response.created', response('in_progress', [], null), 0),
    event('response.output_item.added', { output_index: 0, item: item('in_progress', []) }, 1),
    event('response.content_part.added', { ...place, part: part('') }, 2),
    ...words.map((delta, i) => event('response.output_text.delta', { ...place, delta, logprobs: [] }, 3 + i)),
    event('response.output_text.done', { ...place, text, logprobs: [] }, 3 + deltas),
    event('response.content_part.done', { ...place, part: part(text) }, 4 + deltas),
    event('response.output_item.done', { output_index: 0, item: done }, 5 + deltas),
    event('response.completed', response('completed', [done], usage), 6 + deltas),
  ];
}

function numbered(body: string, n: number, padding = ''): string {
  const request = JSON.parse(body) as { input: object[] };
  const content = [{ type: 'input_text', text: `question number ${n} ${padding}` }];
  return JSON.stringify({
    ...request,
    stream: true,
    input: [...request.input, { type: 'message', role: 'user', content }],
  });
}

const FILE = 'a line of a file that the agent has read\n'.repeat(2000);

export const SHAPES: Record<'small' | 'large', Shape> = {
  /** A short question and a short answer: 5 KB in the cassette. */
  small: { name: 'small', request: (n) => numbered(SMALL_REQUEST, n), answer: (n) => stream(n, 3) },
  /** A turn of Codex with a long history and a long answer: 250 KB in the cassette. */
  large: { name: 'large', request: (n) => numbered(CODEX_REQUEST, n, FILE), answer: (n) => stream(n, 400) },
};

import type { JsonObject } from '../../../src/protocols/grammar.ts';
import type { Wrap } from './requests.ts';

const response = (output: unknown[]): JsonObject => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'model_1',
  status: 'completed',
  output,
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
});

const said = (part: JsonObject): JsonObject => ({
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  status: 'completed',
  content: [part],
});

const completion = (message: JsonObject): JsonObject => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'model_1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'So.', ...message }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

const message = (content: unknown[]): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'model_1',
  content,
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 1 },
});

const SO = { type: 'text', text: 'So.' };

/** A search of the provider and its result go together. */
function searchAround({ type, id, tool_use_id }: JsonObject): { before: JsonObject[]; after: JsonObject[] } {
  const caller = { type: 'direct' };
  const use = { type: 'server_tool_use', name: 'web_search', input: { query: 'towns' }, caller };
  const result = { type: 'web_search_tool_result', content: [], caller };
  return {
    before: type === 'web_search_tool_result' ? [{ ...use, id: tool_use_id }] : [],
    after: type === 'server_tool_use' ? [{ ...result, tool_use_id: id }] : [],
  };
}

/** Puts a sample into an answer that is minimal and sensible. */
export const ANSWER_WRAPS = {
  'responses.answer-item': (sample) => ({
    document: response([sample]),
    path: '/output/0',
    bare: response([]),
  }),
  'responses.answer-part': (sample) => ({
    document: response([said(sample as JsonObject)]),
    path: '/output/0/content/0',
    bare: response([]),
  }),
  'responses.annotation': (sample) => ({
    document: response([said({ type: 'output_text', text: 'So.', annotations: [sample] })]),
    path: '/output/0/content/0/annotations/0',
    bare: response([said({ type: 'output_text', text: 'So.', annotations: [] })]),
  }),
  'chat.answer-call': (sample) => ({
    document: completion({ tool_calls: [sample] }),
    path: '/choices/0/message/tool_calls/0',
    bare: completion({}),
  }),
  'messages.answer-block': (sample) => {
    const { before, after } = searchAround(sample as JsonObject);
    return {
      document: message([...before, sample, ...after, SO]),
      path: `/content/${before.length}`,
      bare: message([SO]),
    };
  },
  'messages.citation': (sample) => ({
    document: message([{ ...SO, citations: [sample] }]),
    path: '/content/0/citations/0',
    bare: message([SO]),
  }),
} as const satisfies Record<string, Wrap>;

/** One field of the assistant's message of a completion. */
export function wrapMessageField(name: string): Wrap {
  return (sample) => ({
    document: completion({ [name]: sample }),
    path: `/choices/0/message/${name}`,
    bare: completion({}),
  });
}

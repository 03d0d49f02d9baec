import { describe, expect, it } from 'vitest';
import { summariseAnswer, summariseStream } from '../../src/report/answer-summary.ts';

const MESSAGE = { type: 'message', content: [{ type: 'output_text', text: 'Hello' }] };
const CALL = { type: 'function_call', namespace: 'n', name: 'f', arguments: '{"a":1}', call_id: 'c1' };
const PATCH = { type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin', call_id: 'c2' };
const REASONING = { type: 'reasoning', summary: [{ type: 'summary_text', text: 'so' }] };
const USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 1 },
  total_tokens: 13,
};

const FULL = {
  id: 'resp_1',
  model: 'm',
  finish: 'completed',
  text: 'Hello',
  reasoning: 'so',
  toolCalls: [
    { kind: 'function_call', name: 'n.f', arguments: '{"a":1}', callId: 'c1' },
    { kind: 'custom_tool_call', name: 'apply_patch', arguments: '*** Begin', callId: 'c2' },
  ],
  others: ['web_search_call'],
  usage: { input: 10, cached: 4, output: 3, reasoning: 1, total: 13 },
};
const OUTPUT = [REASONING, MESSAGE, CALL, PATCH, { type: 'web_search_call' }];
const RESPONSE = { id: 'resp_1', model: 'm', status: 'completed', error: null, output: OUTPUT, usage: USAGE };

const done = (item: object) => ({ type: 'response.output_item.done', item });
const delta = (text: string) => ({ type: 'response.output_text.delta', delta: text });

describe('the Responses protocol', () => {
  it('says the same as one document and as a stream', () => {
    expect(summariseAnswer('responses', RESPONSE)).toEqual(FULL);
    const events = [delta('Hel'), delta('lo'), ...OUTPUT.map(done), { type: 'response.completed', response: RESPONSE }];
    expect(summariseStream('responses', events)).toEqual(FULL);
  });

  it('takes items from the terminal event when there were no others', () => {
    expect(summariseStream('responses', [{ type: 'response.completed', response: RESPONSE }])).toEqual(FULL);
  });

  it('keeps the deltas of a stream that broke off', () => {
    expect(summariseStream('responses', [delta('Hel'), undefined, 7, delta('lo')]).text).toBe('Hello');
  });

  it.each<[event: object, expected: object]>([
    [
      { type: 'response.failed', response: { status: 'failed', error: { code: 'server_error', message: 'no' } } },
      { finish: 'failed', error: { code: 'server_error', message: 'no' } },
    ],
    [
      {
        type: 'response.incomplete',
        response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      },
      { finish: 'incomplete: max_output_tokens' },
    ],
    [{ type: 'error', code: 'c', message: 'm' }, { error: { code: 'c', message: 'm' } }],
    [
      { type: 'error', error: { type: 'overloaded_error', message: 'm' } },
      { error: { code: 'overloaded_error', message: 'm' } },
    ],
  ])('reads %j', (event, expected) => {
    expect(summariseStream('responses', [event])).toMatchObject(expected);
  });
});

describe('the Chat protocol', () => {
  const usage = {
    prompt_tokens: 4,
    completion_tokens: 2,
    total_tokens: 6,
    prompt_tokens_details: { cached_tokens: 1 },
  };
  const expected = {
    id: 'chatcmpl-1',
    model: 'm',
    finish: 'tool_calls',
    text: 'ab',
    reasoning: 'so',
    toolCalls: [
      { kind: 'function', name: 'f', arguments: '{"a":1}', callId: 'c1' },
      { kind: 'function', name: 'g', arguments: '{}', callId: 'c2' },
    ],
    others: [],
    usage: { input: 4, cached: 1, output: 2, total: 6 },
  };

  it('is put together from chunks', () => {
    const chunk = (delta: object, finish: string | null = null) => ({
      id: 'chatcmpl-1',
      model: 'm',
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    const call = (index: number, fields: object) => chunk({ tool_calls: [{ index, ...fields }] });
    const events = [
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: 'so' }),
      chunk({ content: 'a' }),
      chunk({ content: 'b' }),
      call(0, { id: 'c1', type: 'function', function: { name: 'f', arguments: '' } }),
      call(0, { function: { arguments: '{"a"' } }),
      call(1, { id: 'c2', type: 'function', function: { name: 'g', arguments: '{}' } }),
      call(0, { function: { arguments: ':1}' } }),
      chunk({}, 'tool_calls'),
      { id: 'chatcmpl-1', choices: [], usage },
      undefined,
    ];
    expect(summariseStream('chat', events)).toEqual(expected);
  });

  it('says the same as one document', () => {
    const call = (id: string, name: string, args: string) => ({
      id,
      type: 'function',
      function: { name, arguments: args },
    });
    const message = { content: 'ab', reasoning: 'so', tool_calls: [call('c1', 'f', '{"a":1}'), call('c2', 'g', '{}')] };
    const body = { id: 'chatcmpl-1', model: 'm', choices: [{ message, finish_reason: 'tool_calls' }], usage };
    expect(summariseAnswer('chat', body)).toEqual(expected);
  });
});

describe('the Messages protocol', () => {
  const expected = {
    id: 'msg_1',
    model: 'm',
    finish: 'tool_use',
    text: 'ab',
    reasoning: 'so',
    toolCalls: [{ kind: 'tool_use', name: 'f', arguments: '{"a":1}', callId: 't1' }],
    others: ['redacted_thinking'],
    usage: { input: 4, cached: 1, output: 9 },
  };

  it('is put together from events', () => {
    const start = (index: number, block: object) => ({ type: 'content_block_start', index, content_block: block });
    const part = (index: number, fields: object) => ({ type: 'content_block_delta', index, delta: fields });
    const events = [
      {
        type: 'message_start',
        message: { id: 'msg_1', model: 'm', usage: { input_tokens: 4, cache_read_input_tokens: 1, output_tokens: 1 } },
      },
      start(0, { type: 'thinking', thinking: '' }),
      part(0, { type: 'thinking_delta', thinking: 'so' }),
      start(1, { type: 'text', text: '' }),
      part(1, { type: 'text_delta', text: 'a' }),
      part(1, { type: 'text_delta', text: 'b' }),
      start(2, { type: 'tool_use', id: 't1', name: 'f', input: {} }),
      part(2, { type: 'input_json_delta', partial_json: '{"a"' }),
      part(2, { type: 'input_json_delta', partial_json: ':1}' }),
      start(3, { type: 'redacted_thinking', data: 'x' }),
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ];
    expect(summariseStream('messages', events)).toEqual(expected);
  });

  it('says the same as one document', () => {
    const content = [
      { type: 'thinking', thinking: 'so' },
      { type: 'text', text: 'ab' },
      { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
      { type: 'redacted_thinking', data: 'x' },
    ];
    const usage = { input_tokens: 4, cache_read_input_tokens: 1, output_tokens: 9 };
    expect(summariseAnswer('messages', { id: 'msg_1', model: 'm', content, stop_reason: 'tool_use', usage })).toEqual(
      expected,
    );
  });
});

describe('error bodies', () => {
  it.each<[body: unknown, error: object | undefined]>([
    [{ error: { message: 'no', type: 't', code: null } }, { code: 't', message: 'no' }],
    [{ error: { message: 'no', type: 't', code: 'c' } }, { code: 'c', message: 'no' }],
    [{ error: 'no' }, { message: 'no' }],
    [
      { type: 'error', error: { type: 'not_found_error', message: 'no' } },
      { code: 'not_found_error', message: 'no' },
    ],
    [[1], undefined],
    ['text', undefined],
  ])('%j', (body, error) => {
    expect(summariseAnswer(null, body).error).toEqual(error);
  });
});

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/protocols/grammar.ts';
import { unfoldAnswer } from '../../src/translate/unfold.ts';
import type { Protocol } from '../../src/util/types.ts';

const PROTOCOLS: readonly Protocol[] = ['responses', 'chat', 'messages'];

const parse = (protocol: Protocol, body: JsonObject) =>
  unfoldAnswer(protocol, body).map(({ data }) => (data === '[DONE]' ? data : (JSON.parse(data) as JsonObject)));

describe('a document that came in the place of a stream', () => {
  it.each(PROTOCOLS)('is one error where it is one, although the status was a success: %s', (protocol) => {
    const body = { error: { message: 'made-up', type: 'api_error' } };
    expect(parse(protocol, body)).toEqual([body]);
    expect(parse(protocol, { error: 'made-up' })).toEqual([{ error: 'made-up' }]);
  });

  it.each(PROTOCOLS)('is its answer where it has one beside an error of null: %s', (protocol) => {
    const answers = { responses: { output: [] }, chat: { choices: [] }, messages: { content: [] } };
    expect(parse(protocol, { ...answers[protocol], error: null })).not.toEqual([]);
    expect(parse(protocol, { output: null, choices: null, content: null })).toEqual([]);
  });

  it.each(PROTOCOLS)('is a stream that just ends where it is no answer at all: %s', (protocol) => {
    expect(parse(protocol, {})).toEqual([]);
    expect(parse(protocol, { error: null })).toEqual([]);
  });

  it('is a text where a message has a string for its content', () => {
    const events = parse('messages', { type: 'message', content: 'made-up', stop_reason: 'end_turn' });
    expect(events.filter((event) => (event as JsonObject).type === 'content_block_delta')).toEqual([
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'made-up' } },
    ]);
  });

  it('says at the end why a message was refused, where streams say it', () => {
    const stop_details = { type: 'refusal', category: 'bio', explanation: 'made-up' };
    const events = parse('messages', { type: 'message', content: [], stop_reason: 'refusal', stop_details });
    const [start, delta] = events as JsonObject[];
    expect(start!.message).not.toHaveProperty('stop_details');
    expect(delta!.delta).toEqual({ stop_reason: 'refusal', stop_sequence: null, stop_details });
  });

  it('keeps the end of a response that failed', () => {
    const failed = { object: 'response', status: 'failed', error: { code: 'server_error', message: 'made-up' } };
    expect((parse('responses', failed).at(-1) as JsonObject).type).toBe('response.failed');
  });

  it('is a response that failed where its status is not known', () => {
    const types = (status: unknown) =>
      parse('responses', { object: 'response', status }).map((event) => (event as JsonObject).type);
    expect(types('completed').at(-1)).toBe('response.completed');
    expect(types('incomplete').at(-1)).toBe('response.incomplete');
    expect(types('queued').at(-1)).toBe('response.failed');
    expect(types(undefined).at(-1)).toBe('response.completed');
  });
});

describe('the stream of a whole answer', () => {
  it('has two chunks for each choice of Chat, the usage and the end mark', () => {
    const call = { id: 'c', type: 'function', function: { name: 'run', arguments: '{}' } };
    const events = parse('chat', {
      id: 'x',
      object: 'chat.completion',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'a' }, logprobs: null, finish_reason: 'stop' },
        { index: 1, message: { role: 'assistant', tool_calls: [call, call] }, finish_reason: 'tool_calls' },
        { message: 'none' },
        'none',
      ],
      usage: { total_tokens: 1 },
    });
    const chunk = (fields: JsonObject) => ({ id: 'x', object: 'chat.completion.chunk', ...fields });
    const choice = (fields: JsonObject) => chunk({ choices: [fields] });
    const calls = [
      { index: 0, ...call },
      { index: 1, ...call },
    ];
    expect(events).toEqual([
      choice({ index: 0, delta: { role: 'assistant', content: 'a' }, logprobs: null, finish_reason: null }),
      choice({ index: 0, delta: {}, finish_reason: 'stop' }),
      choice({ index: 1, delta: { role: 'assistant', tool_calls: calls }, finish_reason: null }),
      choice({ index: 1, delta: {}, finish_reason: 'tool_calls' }),
      ...[0, 1].flatMap(() => [
        choice({ delta: {}, finish_reason: null }),
        choice({ index: 0, delta: {}, finish_reason: null }),
      ]),
      chunk({ choices: [], usage: { total_tokens: 1 } }),
      '[DONE]',
    ]);
    expect(parse('chat', { choices: [] })).toEqual(['[DONE]']);
    expect(unfoldAnswer('chat', { choices: [{}] }).every(({ name }) => name === undefined)).toBe(true);
  });

  it('has each call of Chat under an index of its own', () => {
    const calls = [{ index: 0, id: 'a' }, { index: 0, id: 'a' }, 'none'];
    const [said] = parse('chat', { choices: [{ message: { tool_calls: calls } }] }) as { choices: JsonObject[] }[];
    expect(said!.choices[0]!.delta).toEqual({
      tool_calls: [{ index: 0, id: 'a' }, { index: 1, id: 'a' }, { index: 2 }],
    });
  });

  it('has the blocks of Messages in their deltas', () => {
    const citation = { type: 'char_location' };
    const blocks = [
      { type: 'thinking', thinking: 'Hm.', signature: 's' },
      { type: 'thinking' },
      { type: 'text', text: 'So.', citations: [citation] },
      { type: 'tool_use', id: 't', name: 'run', input: { a: 1 } },
      { type: 'server_tool_use', id: 's', name: 'web_search' },
      { type: 'redacted_thinking', data: 'd' },
      7,
    ];
    const usage = { output_tokens: 1 };
    const events = unfoldAnswer('messages', {
      id: 'm',
      content: blocks,
      stop_reason: 'stop_sequence',
      stop_sequence: '.',
      usage,
    });
    const block = (index: number, content_block: JsonObject, ...deltas: JsonObject[]) => [
      { type: 'content_block_start', index, content_block },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ];
    const told = events.map(({ data }) => JSON.parse(data) as JsonObject);
    expect(told).toEqual([
      { type: 'message_start', message: { id: 'm', content: [], stop_reason: null, stop_sequence: null, usage } },
      ...block(
        0,
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: 'Hm.' },
        { type: 'signature_delta', signature: 's' },
      ),
      ...block(1, { type: 'thinking', thinking: '', signature: '' }, { type: 'thinking_delta', thinking: '' }),
      ...block(
        2,
        { type: 'text', text: '', citations: [] },
        { type: 'text_delta', text: 'So.' },
        { type: 'citations_delta', citation },
      ),
      ...block(
        3,
        { type: 'tool_use', id: 't', name: 'run', input: {} },
        { type: 'input_json_delta', partial_json: '{"a":1}' },
      ),
      ...block(
        4,
        { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
        { type: 'input_json_delta', partial_json: '{}' },
      ),
      ...block(5, { type: 'redacted_thinking', data: 'd' }),
      ...block(6, {}),
      { type: 'message_delta', delta: { stop_reason: 'stop_sequence', stop_sequence: '.' }, usage },
      { type: 'message_stop' },
    ]);
    expect(events.map(({ name }) => name)).toEqual(told.map(({ type }) => type));
    expect(parse('messages', { content: [] }).at(-2)).toEqual({
      type: 'message_delta',
      delta: { stop_reason: null, stop_sequence: null },
    });
  });

  it('has the items of Responses as they are', () => {
    const output = [{ type: 'message' }, { type: 'reasoning' }];
    const response = { id: 'r', object: 'response', status: 'incomplete', output, usage: { total_tokens: 1 } };
    const begun = { ...response, status: 'in_progress', output: [], usage: null };
    expect(parse('responses', response)).toEqual(
      [
        { type: 'response.created', response: begun },
        { type: 'response.in_progress', response: begun },
        ...output.flatMap((item, output_index) => [
          { type: 'response.output_item.added', output_index, item },
          { type: 'response.output_item.done', output_index, item },
        ]),
        { type: 'response.incomplete', response },
      ].map((event, sequence_number) => ({ ...event, sequence_number })),
    );
  });
});

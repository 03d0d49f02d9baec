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

  it('keeps the end of a response that failed', () => {
    const failed = { object: 'response', status: 'failed', error: { code: 'server_error', message: 'made-up' } };
    expect((parse('responses', failed).at(-1) as JsonObject).type).toBe('response.failed');
  });
});

import { describe, expect, it } from 'vitest';
import { judgeRequest } from '../../../src/conformance/harness/strictness.ts';
import type { ReceivedRequest } from '../../../src/conformance/script.ts';

/** A request as the scripted upstream receives it, as far as it is judged. */
function received(endpoint: string, body: object, headers: string[] = []): ReceivedRequest {
  const decoded = new TextEncoder().encode(JSON.stringify(body));
  return { endpoint, headers, decoded } as unknown as ReceivedRequest;
}

const CALL = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
const messages = (call: object, result: object = {}) => [
  { role: 'user', content: 'Hello.' },
  { role: 'assistant', tool_calls: [call] },
  { role: 'tool', tool_call_id: 'call_1', content: 'ok', ...result },
];
const chat = (list: object[]) => received('chat.completions', { model: 'm', messages: list });
const format = (...headers: string[]) => {
  const schema = { type: 'object', properties: {}, additionalProperties: false };
  const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hello.' }] };
  return received('messages', { ...body, output_format: { type: 'json_schema', schema } }, headers);
};

describe('a strict provider', () => {
  it.each([
    ['an index that a stream gave to a call', chat(messages({ ...CALL, index: 0 }))],
    ['the name of the tool in its result', chat(messages(CALL, { name: 'f' }))],
    ['structured outputs of a beta that is named', format('anthropic-beta', 'x,structured-outputs-2025-11-13')],
  ])('takes %s', (_, request) => {
    expect(judgeRequest(request)).toEqual([]);
  });

  it.each([
    ['another field of a call', chat(messages({ ...CALL, namespace: 'n' })), '/messages/1/tool_calls/0/namespace'],
    ['the same form without the beta', format(), '/output_format'],
  ])('refuses %s', (_, request, pointer) => {
    expect(judgeRequest(request)).toMatchObject([{ pointer }]);
  });
});

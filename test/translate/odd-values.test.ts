import { describe, expect, it } from 'vitest';
import { type JsonObject, parseData } from '../../src/protocols/grammar.ts';
import { defaultDialect } from '../../src/translate/dialects.ts';
import { findHop } from '../../src/translate/hops.ts';
import type { Protocol } from '../../src/util/types.ts';
import { makeBackContext, makeContext, placesOf } from '../helpers/translate.ts';

/** A value of JSON that JavaScript makes neither a text nor a number of, but an exception. */
const ODD = { toString: '', valueOf: '' };

function read(client: Protocol, upstream: Protocol, events: readonly JsonObject[]) {
  const stream = findHop(client, upstream)!.stream(makeBackContext(defaultDialect(upstream)));
  const steps = events.map((event) => stream.push({ name: undefined, data: JSON.stringify(event) }));
  steps.push(stream.end('done'));
  const data = steps.flatMap((step) => step.events.map((event) => event.data));
  return {
    last: parseData(data.filter((text) => text !== '[DONE]').at(-1)!) as JsonObject,
    lost: placesOf(steps.flatMap(({ losses }) => losses)),
  };
}

describe('an odd value', () => {
  it.each([
    ['type', { error: { type: ODD, message: 'made-up' } }],
    ['code', { error: { code: ODD, status: [ODD], message: 'made-up' } }],
    ['list of errors', { error: [ODD], message: 'made-up' }],
  ])('is no %s of an error of Chat', (_name, event) => {
    const { last } = read('responses', 'chat', [event]);
    expect(last).toMatchObject({
      response: { error: { code: 'server_error', message: expect.stringContaining('made-up') } },
    });
  });

  it('is no index of a block of Messages', () => {
    const delta = { type: 'content_block_delta', index: ODD, delta: { type: 'text_delta', text: 'a' } };
    expect(read('responses', 'messages', [delta]).lost).toEqual(['event /content/undefined']);
  });

  it.each(['chat', 'messages'] as const)('is no type of an annotation towards %s', (client) => {
    const content = [{ type: 'output_text', text: 'a', annotations: [{ type: ODD }] }];
    const response = { status: 'completed', output: [{ type: 'message', content }], usage: { input_tokens: 1 } };
    const { last, lost } = read(client, 'responses', [{ type: 'response.completed', response }]);
    expect(lost).toContain('field /output/0');
    expect(last).not.toHaveProperty('error');
  });

  it.each([{ type: ODD }, { type: 'allowed_tools', tools: [{ type: [ODD] }] }])(
    'is no choice of a tool: %j',
    (choice) => {
      const tools = [{ type: 'function', name: 'f' }];
      const hop = findHop('responses', 'messages')!;
      const result = hop.request({ input: 'x', tools, tool_choice: choice }, makeContext(defaultDialect('messages')));
      expect('losses' in result && placesOf(result.losses).join()).toContain('/tool_choice');
    },
  );
});

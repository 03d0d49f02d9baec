import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/protocols/grammar.ts';
import { chatResponses } from '../../src/translate/chat-responses/hop.ts';
import { findDialect } from '../../src/translate/dialects.ts';
import { messagesResponses } from '../../src/translate/messages-responses/hop.ts';
import { responsesMessages } from '../../src/translate/responses-messages/hop.ts';
import type { Plan } from '../../src/translate/types.ts';
import { makeContext } from '../helpers/translate.ts';

const HOPS = [
  { hop: chatResponses, request: { messages: [] } },
  { hop: messagesResponses, request: { messages: [] } },
  { hop: responsesMessages, request: { input: 'Hi' } },
].map((entry) => ({ ...entry, name: `${entry.hop.client} to ${entry.hop.upstream}` }));

describe.each(HOPS)('the plan of $name', ({ hop, request }) => {
  const planOf = (body: JsonObject): Plan => {
    const dialect = findDialect(hop.upstream === 'messages' ? 'anthropic' : 'responses', hop.upstream)!;
    const result = hop.request({ ...request, ...body }, makeContext(dialect));
    if ('problem' in result) throw new Error(result.problem.message);
    return result.plan;
  };

  it.each([
    { body: { stream: true }, stream: true },
    { body: { stream: false }, stream: false },
    { body: { stream: 'yes' }, stream: false },
    { body: {}, stream: false },
  ])('tells that $body asks for a stream: $stream', ({ body, stream }) => {
    expect(planOf(body).stream).toBe(stream);
  });

  it.each([
    { body: { model: 'm' }, model: 'm' },
    { body: {}, model: '' },
    { body: { model: 7 }, model: '' },
  ])('has the model of $body', ({ body, model }) => {
    expect(planOf(body).model).toBe(model);
  });
});

describe('the tools of a plan', () => {
  const context = () => makeContext(findDialect('responses', 'responses')!);

  it('have the kind that a Chat client gave them, offered or only called', () => {
    const result = chatResponses.request(
      {
        messages: [
          { role: 'assistant', tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'raw', input: '' } }] },
          { role: 'assistant', function_call: { name: 'old', arguments: '{}' } },
        ],
        tools: [
          { type: 'custom', custom: { name: 'patch' } },
          { type: 'function', function: { name: 'run' } },
        ],
      },
      context(),
    );
    expect('plan' in result && Object.fromEntries(result.plan.tools)).toEqual({
      patch: { kind: 'custom', name: 'patch' },
      run: { kind: 'function', name: 'run' },
      raw: { kind: 'custom', name: 'raw' },
      old: { kind: 'function', name: 'old' },
    });
  });

  it('are functions to a Messages client', () => {
    const result = messagesResponses.request(
      {
        messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'old', input: {} }] }],
        tools: [
          { name: 'run', input_schema: {} },
          { type: 'bash_20250124', name: 'bash' },
        ],
        tool_choice: { type: 'tool', name: 'walk' },
      },
      context(),
    );
    expect('plan' in result && Object.fromEntries(result.plan.tools)).toEqual({
      run: { kind: 'function', name: 'run' },
      bash: { kind: 'function', name: 'bash' },
      old: { kind: 'function', name: 'old' },
      walk: { kind: 'function', name: 'walk' },
    });
  });

  it('have the kind by which a Responses client has called them', () => {
    const item = (type: string, name: string) => ({ type, name, call_id: name });
    const input = [item('function_call', 'run'), item('custom_tool_call', 'patch')];
    const result = responsesMessages.request({ input }, makeContext(findDialect('anthropic', 'messages')!));
    expect('plan' in result && Object.fromEntries(result.plan.tools)).toEqual({
      run: { kind: 'function', name: 'run' },
      patch: { kind: 'custom', name: 'patch' },
    });
  });
});

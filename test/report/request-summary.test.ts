import { describe, expect, it } from 'vitest';
import { summariseRequest } from '../../src/report/request-summary.ts';

function items(...input: unknown[]): string[] {
  const summary = summariseRequest('responses', { input });
  return (summary?.items ?? []).map(({ role, type, text }) => [role, type, text].filter(Boolean).join(' | '));
}

describe('a Responses request', () => {
  it('may be nested deeper than JSON can be written', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expect(items(deep)).toEqual(['unknown | [nested too deeply to be shown]']);
    expect(summariseRequest('responses', { metadata: deep })?.settings.metadata).toBe(
      '[nested too deeply to be shown]',
    );
  });

  it('is its model, the size of its instructions, its items, its tools and the rest', () => {
    const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }];
    const summary = summariseRequest('responses', {
      model: 'gpt-4.1-mini',
      stream: true,
      instructions: 'You are brief.',
      input,
      tools: [
        { type: 'function', name: 'exec_command' },
        { type: 'web_search' },
        { type: 'namespace', name: 'agents', tools: [{ type: 'function', name: 'spawn' }] },
      ],
      store: false,
      include: [],
    });
    expect(summary).toEqual({
      model: 'gpt-4.1-mini',
      stream: true,
      instructions: 14,
      items: [{ role: 'user', type: 'message', text: 'hi', chars: JSON.stringify(input[0]).length }],
      tools: [
        { kind: 'function', name: 'exec_command' },
        { kind: 'web_search' },
        { kind: 'namespace', name: 'agents', inner: [{ kind: 'function', name: 'spawn' }] },
      ],
      settings: { store: 'false', include: '[]' },
    });
  });

  it('counts tools that travel inside the input', () => {
    const tools = [{ type: 'custom', name: 'exec' }];
    expect(summariseRequest('responses', { input: [{ type: 'additional_tools', tools }] })?.tools).toEqual([
      { kind: 'custom', name: 'exec' },
    ]);
  });

  it('takes a plain string as the message of a user', () => {
    expect(summariseRequest('responses', { input: 'hi' })?.items).toMatchObject([
      { role: 'user', type: 'message', text: 'hi' },
    ]);
  });

  it.each<[item: unknown, expected: string]>([
    [{ role: 'user', content: 'hi' }, 'user | message | hi'],
    [{ type: 'function_call', name: 'f', arguments: '{"a":1}' }, 'function_call | f({"a":1})'],
    [{ type: 'function_call', namespace: 'n', name: 'f', arguments: '{}' }, 'function_call | n.f({})'],
    [{ type: 'function_call_output', output: 'done' }, 'function_call_output | done'],
    [{ type: 'function_call_output', output: [{ type: 'input_text', text: 'a' }] }, 'function_call_output | a'],
    [{ type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin' }, 'custom_tool_call | apply_patch *** Begin'],
    [
      { type: 'reasoning', summary: [{ text: 'so' }], encrypted_content: 'abcd' },
      'reasoning | so [encrypted, 4 characters]',
    ],
    [{ type: 'reasoning', content: null, encrypted_content: 'abcd' }, 'reasoning | [encrypted, 4 characters]'],
    [{ type: 'compaction', encrypted_content: 'ab' }, 'compaction | [encrypted, 2 characters]'],
    [{ type: 'compaction_trigger' }, 'compaction_trigger'],
    [
      { type: 'message', role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,AA' }] },
      'user | message | [image 24 characters]',
    ],
    [
      { type: 'tool_search_call', execution: 'client' },
      'tool_search_call | {"type":"tool_search_call","execution":"client"}',
    ],
    [{ type: 'constructor' }, 'constructor | {"type":"constructor"}'],
    ['text', 'unknown | text'],
    [null, 'unknown | null'],
  ])('%j', (item, expected) => {
    expect(items(item)).toEqual([expected]);
  });
});

describe('a Chat request', () => {
  it('is its messages', () => {
    const summary = summariseRequest('chat', {
      model: 'm',
      messages: [
        { role: 'system', content: 'brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'see' },
            { type: 'image_url', image_url: { url: 'https://h/a.png' } },
          ],
        },
        { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: '{}' } }] },
        { role: 'tool', tool_call_id: 'c', content: 'done' },
      ],
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
    expect(summary?.items.map(({ role, type, text }) => [role, type, text])).toEqual([
      ['system', 'message', 'brief'],
      ['user', 'image_url', 'see [image https://h/a.png]'],
      ['assistant', 'tool calls', 'f({})'],
      ['tool', 'tool result', 'done'],
    ]);
    expect(summary?.tools).toEqual([{ kind: 'function', name: 'f' }]);
  });
});

describe('a Messages request', () => {
  it('is its system prompt and its messages', () => {
    const summary = summariseRequest('messages', {
      model: 'm',
      max_tokens: 9,
      system: [{ type: 'text', text: 'brief' }],
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'so' },
            { type: 'tool_use', name: 'f', input: { a: 1 } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'done' }] },
      ],
      tools: [{ name: 'f', input_schema: {} }],
    });
    expect(summary).toMatchObject({
      instructions: 5,
      settings: { max_tokens: '9' },
      tools: [{ kind: 'tool', name: 'f' }],
    });
    expect(summary?.items.map(({ role, type, text }) => [role, type, text])).toEqual([
      ['assistant', 'thinking, tool_use', 'so f({"a":1})'],
      ['user', 'tool_result', 'done'],
    ]);
  });
});

describe('anything else', () => {
  it.each([
    [null, { model: 'm' }],
    ['responses', []],
    ['responses', 'text'],
    ['chat', {}],
  ] as const)('%s %j has no summary', (protocol, body) => {
    expect(summariseRequest(protocol, body)).toBeUndefined();
  });
});

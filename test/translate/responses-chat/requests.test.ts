import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { type Dialect, findDialect } from '../../../src/translate/dialects.ts';
import { translateRequest } from '../../../src/translate/responses-chat/request.ts';
import { type Opaque, sealOpaque } from '../../../src/translate/shared/opaque.ts';
import { makeContext, placesOf } from '../../helpers/translate.ts';

function dialect(name: string, changes: Partial<Dialect> = {}): Dialect {
  return { ...findDialect(name, 'chat')!, ...changes };
}

/** The body without its model, and where something is lost. */
function translate(request: JsonObject, to: Dialect = dialect('openai')) {
  const result = translateRequest(request, makeContext(to));
  if ('problem' in result) throw new Error(result.problem.message);
  const { model: _, ...body } = result.body;
  return { body, lost: placesOf(result.losses), losses: result.losses };
}

const tool = (name: string) => ({ type: 'function', name, parameters: { type: 'object', properties: {} } });
const user = (content: unknown) => ({ role: 'user', content });
const call = (id: string, fields: JsonObject = {}) => ({
  type: 'function_call',
  call_id: id,
  name: 'run',
  arguments: '{}',
  ...fields,
});
const output = (id: string, text = 'done') => ({ type: 'function_call_output', call_id: id, output: text });
const thought = (text: string, fields: JsonObject = {}) => ({
  type: 'reasoning',
  summary: [{ type: 'summary_text', text }],
  ...fields,
});
const sealed = (blocks: unknown[], protocol: Opaque['protocol'] = 'chat') => sealOpaque({ protocol, blocks });

describe('parameters', () => {
  const CASES: [name: string, to: Dialect, request: JsonObject, body: JsonObject, lost: string[]][] = [
    ['an empty text to say no instructions', dialect('openai'), { instructions: '' }, {}, []],
    ['an input that is none', dialect('openai'), { input: 7 }, {}, ['value /input']],
    ['null for an input', dialect('openai'), { input: null }, {}, []],
    ['a check of what is said', dialect('openai'), { moderation: { model: 'm' } }, { moderation: { model: 'm' } }, []],
    ['a check that others do not know', dialect('groq'), { moderation: { model: 'm' } }, {}, ['parameter /moderation']],
    [
      'padding, before and behind the usage that is asked for',
      dialect('openai'),
      { stream_options: { include_obfuscation: false }, stream: true },
      { stream: true, stream_options: { include_usage: true, include_obfuscation: false } },
      [],
    ],
    [
      'padding of others',
      dialect('groq'),
      { stream: true, stream_options: { include_obfuscation: false } },
      { stream: true, stream_options: { include_usage: true } },
      ['parameter /stream_options/include_obfuscation'],
    ],
    [
      'padding of no stream, and an option that is not known',
      dialect('openai'),
      { stream_options: { include_obfuscation: true, 'a/b': 1, c: null } },
      {},
      ['parameter /stream_options/include_obfuscation', 'parameter /stream_options/a~1b'],
    ],
    [
      'an option of a stream that is not known',
      dialect('openai'),
      { stream: true, stream_options: { other: true } },
      { stream: true, stream_options: { include_usage: true } },
      ['parameter /stream_options/other'],
    ],
    [
      'options that are none',
      dialect('openai'),
      { stream: true, stream_options: 7 },
      { stream: true, stream_options: { include_usage: true } },
      ['value /stream_options'],
    ],
    ['a stream that is neither on nor off', dialect('openai'), { stream: 'yes' }, {}, ['value /stream']],
    ['a count of tokens', dialect('openai'), { top_logprobs: 3 }, { top_logprobs: 3, logprobs: true }, []],
    [
      'a count of tokens that the provider lacks',
      dialect('groq'),
      { top_logprobs: 3 },
      {},
      ['parameter /top_logprobs'],
    ],
    [
      'settings of null',
      dialect('openai'),
      { reasoning: { effort: null, summary: null }, text: { format: null } },
      {},
      [],
    ],
    ['an effort that is none', dialect('openai'), { reasoning: { effort: 'utmost' } }, {}, ['value /reasoning/effort']],
    ['an effort that is no text', dialect('openai'), { reasoning: { effort: 7 } }, {}, ['value /reasoning/effort']],
    [
      'a setting of the text that is not known',
      dialect('openai'),
      { text: { tone: 'warm' } },
      {},
      ['parameter /text/tone'],
    ],
    [
      'JSON of any kind',
      dialect('chat'),
      { text: { format: { type: 'json_object' } } },
      { response_format: { type: 'json_object' } },
      [],
    ],
    [
      'a format that is not known',
      dialect('openai'),
      { text: { format: { type: 'grammar' } } },
      {},
      ['parameter /text/format'],
    ],
    [
      'a schema with fields of null',
      dialect('openai'),
      { text: { format: { type: 'json_schema', name: 'n', schema: {}, strict: null, description: null } } },
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema: {} } } },
      [],
    ],
  ];
  it.each(CASES)('%s', (_name, to, request, body, lost) => {
    const { body: got, lost: told } = translate(request, to);
    expect(got).toEqual({ messages: [], ...body });
    expect(told).toEqual(lost);
  });

  it.each<[string, JsonObject, string]>([
    ['an effort', { reasoning: { effort: 'utmost' } }, 'the provider knows no such effort'],
    ['a setting', { text: { tone: 'warm' } }, 'Chat Completions has no such parameter'],
  ])('tells why %s that it does not know is lost', (_name, request, reason) => {
    expect(translate(request).losses).toMatchObject([{ reason }]);
  });

  it.each(['conversation', 'prompt'])('refuses %s, which a server would have to store', (name) => {
    expect(translateRequest({ [name]: { id: 'x' } }, makeContext(dialect('openai')))).toEqual({
      problem: {
        status: 400,
        code: 'unsupported_parameter',
        message: `A provider of Chat Completions knows no \`${name}\`.`,
      },
    });
  });

  it('says nothing that nobody has said', () => {
    expect(translateRequest({}, makeContext(dialect('openai')))).toEqual({
      body: { model: '', messages: [] },
      losses: [],
      plan: { request: {}, model: '', tools: new Map(), callIds: new Map(), stream: false },
    });
  });

  it('knows on the way back what was asked for', () => {
    const request = { model: 'm', input: 'Hi', stream: true };
    const result = translateRequest(request, makeContext(dialect('openai')));
    expect(result).toMatchObject({ plan: { request, model: 'm', stream: true } });
  });
});

describe('tools', () => {
  const tools = [tool('run'), tool('stop')];
  const CASES: [name: string, to: Dialect, request: JsonObject, choice: JsonObject, lost: string[]][] = [
    ['any', dialect('chat'), { tools, tool_choice: 'auto' }, { tool_choice: 'auto' }, []],
    ['none', dialect('chat'), { tools, tool_choice: 'none' }, { tool_choice: 'none' }, []],
    ['at least one', dialect('chat'), { tools, tool_choice: 'required' }, { tool_choice: 'required' }, []],
    [
      'one by its name',
      dialect('chat'),
      { tools, tool_choice: { type: 'function', name: 'run' } },
      { tool_choice: { type: 'function', function: { name: 'run' } } },
      [],
    ],
    [
      'a kind of tool that is no function',
      dialect('chat'),
      { tools, tool_choice: { type: 'mcp', name: 'run' } },
      {},
      ['parameter /tool_choice'],
    ],
    ['two at once', dialect('chat'), { tools, parallel_tool_calls: true }, { parallel_tool_calls: true }, []],
    ['two at once, or not', dialect('chat'), { tools, parallel_tool_calls: 'maybe' }, {}, []],
    ['one at a time', dialect('ollama'), { tools, parallel_tool_calls: false }, {}, ['parameter /parallel_tool_calls']],
    ['two at once, which goes without saying', dialect('ollama'), { tools, parallel_tool_calls: true }, {}, []],
    [
      'some, of a mode that is not known',
      dialect('chat'),
      { tools, tool_choice: { type: 'allowed_tools', mode: 'often', tools } },
      { tool_choice: 'auto' },
      [],
    ],
    [
      'a choice without a type',
      dialect('chat'),
      { tools, tool_choice: { name: 'run' } },
      {},
      ['parameter /tool_choice'],
    ],
  ];
  it.each(CASES)('%s', (_name, to, request, choice, lost) => {
    const { body, lost: told } = translate(request, to);
    expect(body).toEqual({ messages: [], tools: expect.any(Array), ...choice });
    expect(body.tools).toHaveLength(2);
    expect(told).toEqual(lost);
  });

  it.each([
    ['auto', []],
    ['required', ['parameter /tool_choice']],
  ])('are not there to choose: %s', (choice, lost) => {
    expect(translate({ tool_choice: choice })).toMatchObject({ body: { messages: [] }, lost });
  });

  it('have a name each, also when a function and a custom tool share theirs', () => {
    const input = [
      { type: 'custom_tool_call', call_id: 'a', name: 'run', input: 'x' },
      { type: 'custom_tool_call_output', call_id: 'a', output: 'done' },
    ];
    const { body } = translate({ tools: [tool('run'), { type: 'custom', name: 'run' }], input });
    const names = (body.tools as { function: { name: string } }[]).map((one) => one.function.name);
    expect(new Set(names).size).toBe(2);
    expect(body.messages).toMatchObject([{ tool_calls: [{ function: { name: names[1] } }] }, { role: 'tool' }]);
  });
});

describe('parts', () => {
  it.each<[name: string, part: JsonObject, to: string, content: unknown, lost: string[]]>([
    [
      'an image that is not data, whatever its address says',
      { type: 'input_image', image_url: 'https://x.test/data:1.png' },
      'llama-server',
      '[An image was left out: it cannot be passed on.]',
      ['part /input/0/content/0'],
    ],
    [
      'a file with fields of the wrong type',
      { type: 'input_file', file_data: 'data:text/plain;base64,QQ==', file_id: 7, filename: 7 },
      'openai',
      [{ type: 'file', file: { file_data: 'data:text/plain;base64,QQ==' } }],
      [],
    ],
    ['a file without a text', { type: 'input_file', file_data: 7 }, 'openai', '', ['part /input/0/content/0']],
  ])('%s', (_name, part, to, content, lost) => {
    const { body, lost: told } = translate({ input: [user([part])] }, dialect(to));
    expect(body.messages).toEqual([user(content)]);
    expect(told).toEqual(lost);
  });
});

describe('items', () => {
  const CASES: [name: string, to: Dialect, input: unknown[], messages: unknown[], lost: string[]][] = [
    [
      'an assistant who said nothing',
      dialect('openai'),
      [{ role: 'assistant', content: '' }],
      [{ role: 'assistant', content: '' }],
      [],
    ],
    [
      'arguments that are no object',
      dialect('openai'),
      [
        { type: 'tool_search_call', call_id: 'a', arguments: '[1]' },
        { type: 'tool_search_output', call_id: 'a', tools: [] },
      ],
      [{ tool_calls: [{ function: { name: 'tool_search', arguments: '{"arguments":"[1]"}' } }] }, { role: 'tool' }],
      ['value /input/0/arguments'],
    ],
    [
      'blanks for arguments',
      dialect('openai'),
      [call('a', { arguments: ' \n' }), output('a')],
      [{ tool_calls: [{ function: { arguments: '{}' } }] }, { role: 'tool' }],
      [],
    ],
    [
      'a command with an empty environment',
      dialect('openai'),
      [
        { type: 'local_shell_call', call_id: 'a', action: { type: 'exec', command: ['ls'], env: {} } },
        { type: 'local_shell_call_output', call_id: 'a', output: '' },
      ],
      [{ tool_calls: [{ function: { arguments: '{"command":["ls"]}' } }] }, { role: 'tool' }],
      [],
    ],
    [
      'a command with an environment',
      dialect('openai'),
      [
        { type: 'local_shell_call', call_id: 'a', action: { type: 'exec', command: ['ls'], env: { A: '1' } } },
        { type: 'local_shell_call_output', call_id: 'a', output: '' },
      ],
      [{ tool_calls: [{ function: { arguments: '{"command":["ls"]}' } }] }, { role: 'tool' }],
      ['field /input/0/action/env'],
    ],
    [
      'a compaction with parts that are no text',
      dialect('openai'),
      [
        {
          type: 'compaction',
          encrypted_content: sealed([
            7,
            { type: 'image', text: 'x' },
            { type: 'text', text: 7 },
            { type: 'text', text: 'So.' },
          ]),
        },
      ],
      [user('So.')],
      [],
    ],
    [
      'an assistant who refused twice in one message',
      dialect('openai'),
      [
        {
          role: 'assistant',
          content: [
            { type: 'refusal', refusal: 'No' },
            { type: 'refusal', refusal: 'pe.' },
          ],
        },
      ],
      [{ role: 'assistant', content: null, refusal: 'Nope.' }],
      [],
    ],
    [
      'a message of nobody',
      dialect('openai'),
      [{ type: 'message', content: 'Hi' }],
      [user('Hi')],
      ['value /input/0/role'],
    ],
    ['a compaction of which nothing is told', dialect('openai'), [{ type: 'compaction' }], [], ['item /input/0']],
  ];
  it.each(CASES)('%s', (_name, to, input, messages, lost) => {
    const { body, lost: told } = translate({ input }, to);
    expect(body.messages).toHaveLength(messages.length);
    expect(body.messages).toMatchObject(messages);
    expect(told).toEqual(lost);
  });
});

describe('thoughts', () => {
  const always = dialect('minimax');
  const openrouter = dialect('openrouter');
  const detail = { type: 'reasoning.encrypted', data: 'd' };
  const calls = [{ id: 'a', type: 'function', function: { name: 'run', arguments: '{}' } }];
  const done = { role: 'tool', tool_call_id: 'a', content: 'done' };
  const answer = { role: 'assistant', content: 'So.' };
  const CASES: [name: string, to: Dialect, input: unknown[], messages: unknown[], lost: string[]][] = [
    [
      'before words of the user have no message',
      always,
      [thought('Hm.'), user('And?'), answer],
      [user('And?'), answer],
      ['item /input/0'],
    ],
    [
      'go past an instruction',
      openrouter,
      [user('Go.'), thought('Hm.'), { role: 'system', content: 'Be kind.' }, call('a'), output('a')],
      [
        user('Go.'),
        { role: 'system', content: 'Be kind.' },
        { role: 'assistant', content: null, reasoning: 'Hm.', tool_calls: calls },
        done,
      ],
      [],
    ],
    [
      'between parallel calls stand with all of them',
      openrouter,
      [
        thought('One.', { encrypted_content: sealed([detail]) }),
        call('a'),
        thought('Two.', { encrypted_content: sealed([{ ...detail, data: 'e' }]) }),
        call('b'),
        output('a'),
        output('b'),
        answer,
      ],
      [
        {
          role: 'assistant',
          content: null,
          reasoning: 'One.\n\nTwo.',
          reasoning_details: [detail, { ...detail, data: 'e' }],
          tool_calls: [...calls, { ...calls[0], id: 'b' }],
        },
        done,
        { ...done, tool_call_id: 'b' },
        answer,
      ],
      [],
    ],
    [
      'between a call and what is said before its output stand with both',
      always,
      [call('a'), thought('Hm.'), answer, output('a')],
      [{ role: 'assistant', content: '<think>\nHm.\n</think>\n\nSo.', tool_calls: calls }, done],
      [],
    ],
    [
      'between a call and its output belong to what comes next',
      openrouter,
      [call('a'), thought('Hm.'), output('a'), answer],
      [{ role: 'assistant', content: null, tool_calls: calls }, done, { ...answer, reasoning: 'Hm.' }],
      [],
    ],
    [
      'stay without calls where the provider wants them always',
      always,
      [thought('Hm.'), answer],
      [{ role: 'assistant', content: '<think>\nHm.\n</think>\n\nSo.' }],
      [],
    ],
    [
      'go without calls where it does not',
      dialect('think-tags'),
      [thought('Hm.'), answer],
      [answer],
      ['item /input/0'],
    ],
    [
      'of several items, and of several parts, are one text',
      openrouter,
      [
        thought('One.'),
        {
          type: 'reasoning',
          summary: [
            { type: 'summary_text', text: 'Two.' },
            { type: 'summary_text', text: 'Three.' },
          ],
        },
        call('a'),
        output('a'),
      ],
      [{ role: 'assistant', content: null, reasoning: 'One.\n\nTwo.\n\nThree.', tool_calls: calls }, done],
      [],
    ],
    [
      'without a text add nothing to it',
      openrouter,
      [
        thought('One.'),
        { type: 'reasoning', summary: [], encrypted_content: sealed([detail]) },
        call('a'),
        output('a'),
      ],
      [{ role: 'assistant', content: null, reasoning: 'One.', reasoning_details: [detail], tool_calls: calls }, done],
      [],
    ],
    [
      'that only the provider can read are all there is',
      openrouter,
      [{ type: 'reasoning', summary: [], encrypted_content: sealed([detail]) }, call('a'), output('a')],
      [{ role: 'assistant', content: null, reasoning_details: [detail], tool_calls: calls }, done],
      [],
    ],
    ['that say nothing are nothing to lose', openrouter, [{ type: 'reasoning', summary: [], content: [] }], [], []],
    [
      'of another protocol are for its provider alone',
      openrouter,
      [{ type: 'reasoning', summary: [], encrypted_content: sealed([detail], 'messages') }],
      [],
      ['field /input/0/encrypted_content'],
    ],
    [
      'in details are not for a provider that knows none',
      dialect('vllm'),
      [{ type: 'reasoning', summary: [], encrypted_content: sealed([detail]) }],
      [],
      ['field /input/0/encrypted_content'],
    ],
    [
      'have an empty summary beside them',
      openrouter,
      [
        {
          type: 'reasoning',
          content: [{ type: 'reasoning_text', text: 'Hm.' }],
          summary: [
            { type: 'summary_text', text: '' },
            { type: 'summary_text', text: '' },
          ],
        },
        call('a'),
        output('a'),
      ],
      [{ role: 'assistant', content: null, reasoning: 'Hm.', tool_calls: calls }, done],
      [],
    ],
    [
      'are no lists',
      openrouter,
      [{ type: 'reasoning', content: 7, summary: 7 }],
      [],
      ['part /input/0/content', 'part /input/0/summary'],
    ],
    [
      'are never taken back',
      dialect('openrouter', { reasoning: { field: 'reasoning', replay: 'never' } }),
      [thought('Hm.'), call('a'), output('a')],
      [{ role: 'assistant', content: null, tool_calls: calls }, done],
      ['item /input/0'],
    ],
  ];
  it.each(CASES)('%s', (_name, to, input, messages, lost) => {
    const { body, lost: told } = translate({ input }, to);
    expect(body.messages).toEqual(messages);
    expect(told).toEqual(lost);
  });
});

describe('instructions', () => {
  const CASES: [name: string, to: Dialect, request: JsonObject, messages: unknown[], lost: string[]][] = [
    ['alone', dialect('chat'), { instructions: 'Be kind.' }, [{ role: 'system', content: 'Be kind.' }], []],
    [
      'of the system, behind the user',
      dialect('chat'),
      { input: [user('Hi'), { role: 'system', content: 'Be kind.' }] },
      [{ role: 'user', content: 'Hi\n\nBe kind.' }],
      ['value /input/1'],
    ],
    [
      'of the system, in front',
      dialect('chat'),
      { input: [{ role: 'system', content: 'Be kind.' }, user('Hi')] },
      [{ role: 'system', content: 'Be kind.' }, user('Hi')],
      [],
    ],
    [
      'for a provider that takes none',
      dialect('openai', { instructions: 'user' }),
      { instructions: 'Be kind.', input: 'Hi' },
      [user('Be kind.'), user('Hi')],
      ['value /instructions'],
    ],
  ];
  it.each(CASES)('%s', (_name, to, request, messages, lost) => {
    const { body, lost: told } = translate(request, to);
    expect(body.messages).toEqual(messages);
    expect(told).toEqual(lost);
  });
});

describe('neighbours that become one message', () => {
  const detail = (data: string) => ({ type: 'reasoning.encrypted', data });
  const CASES: [name: string, to: Dialect, input: unknown[], messages: unknown[]][] = [
    [
      'have the thoughts and the calls of the second',
      dialect('vllm'),
      [{ role: 'assistant', content: 'First.' }, thought('Hm.'), call('a'), output('a')],
      [
        { role: 'assistant', content: 'First.', reasoning: 'Hm.', tool_calls: [{ id: 'a' }] },
        { role: 'tool', tool_call_id: 'a' },
      ],
    ],
    [
      'have the thoughts of both, with what the provider alone can read',
      dialect('openrouter', { mergeNeighbours: true }),
      [
        thought('One.', { encrypted_content: sealed([detail('1')]) }),
        { role: 'assistant', content: 'First.' },
        thought('Two.', { encrypted_content: sealed([detail('2')]) }),
        call('a'),
        output('a'),
      ],
      [
        {
          role: 'assistant',
          content: 'First.',
          reasoning: 'One.\n\nTwo.',
          reasoning_details: [detail('1'), detail('2')],
          tool_calls: [{ id: 'a' }],
        },
        { role: 'tool', tool_call_id: 'a' },
      ],
    ],
    [
      'have the thoughts of the first',
      dialect('minimax'),
      [thought('Hm.'), { role: 'assistant', content: 'First.' }, { role: 'assistant', content: 'Second.' }],
      [{ role: 'assistant', content: '<think>\nHm.\n</think>\n\nFirst.\n\nSecond.' }],
    ],
    [
      'have the refusals of both',
      dialect('openai', { mergeNeighbours: true }),
      [
        { role: 'assistant', content: 'First.' },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'Never.' }] },
      ],
      [{ role: 'assistant', content: 'First.', refusal: 'No.\n\nNever.' }],
    ],
  ];
  it.each(CASES)('%s', (_name, to, input, messages) => {
    const { body, losses } = translate({ input }, to);
    expect(body.messages).toHaveLength(messages.length);
    expect(body.messages).toMatchObject(messages);
    expect(losses).toEqual([]);
  });
});

import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { bodyWith, type TurnRow, turnChecks, unfoldContent } from '../shared/turns.ts';
import { PNG } from '../translate/told.ts';

type Json = Record<string, unknown>;

const API = 'OpenAI API reference, create a chat completion, messages';
const more = { tools: [{ type: 'function', function: WEATHER_TOOL }] };

function call(id: string, city: string): Json {
  return { id, type: 'function', function: { name: WEATHER_TOOL.name, arguments: JSON.stringify({ city }) } };
}

function result(id: string, content: unknown): Json {
  return { role: 'tool', tool_call_id: id, content };
}

const asked: Json = { role: 'user', content: 'Is it warm?' };
const calls = (...list: Json[]): Json => ({ role: 'assistant', content: null, tool_calls: list });
/** What a user may show beside words. */
const shown = (part: Json): Json[] => [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, part] }];

const ROWS: readonly TurnRow[] = [
  {
    name: 'system',
    what: 'A system message',
    turns: [{ role: 'system', content: 'Be short, naïve 你好 🙂.' }],
    why: API,
  },
  {
    name: 'system-parts',
    what: 'A system message of several parts',
    turns: [
      {
        role: 'system',
        content: [
          { type: 'text', text: 'One.' },
          { type: 'text', text: 'Two.' },
        ],
      },
    ],
    why: API,
  },
  {
    name: 'system-in-between',
    what: 'A system message in the middle of a conversation',
    turns: [asked, { role: 'assistant', content: 'Yes.' }, { role: 'system', content: 'Be shorter.' }],
    why: `${API}: a message of any role may stand anywhere`,
    level: 'should',
  },
  { name: 'developer', what: 'A developer message', turns: [{ role: 'developer', content: 'Be short.' }], why: API },
  {
    name: 'name',
    what: 'The `name` of who speaks',
    turns: [{ role: 'user', name: 'made_up', content: 'I am here.' }],
    why: API,
    level: 'should',
  },
  {
    name: 'user-parts',
    what: 'A user message of several texts',
    turns: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'One.' },
          { type: 'text', text: 'Two.' },
        ],
      },
    ],
    why: API,
  },
  {
    name: 'white-space',
    what: 'White space at the ends of a text',
    turns: [{ role: 'user', content: '  two before, a line after\n\n' }],
    why: 'code and diffs that are cut at their ends no longer apply',
    level: 'should',
  },
  {
    name: 'image-data',
    what: 'An image in a data URL',
    turns: shown({ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }),
    why: API,
  },
  {
    name: 'image-url',
    what: 'An image by its URL, with `detail`',
    turns: shown({ type: 'image_url', image_url: { url: 'https://images.example/a.png?b=1&c=2', detail: 'high' } }),
    why: API,
    level: 'should',
  },
  {
    name: 'audio',
    what: 'A sound',
    turns: shown({ type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } }),
    why: API,
    level: 'should',
  },
  {
    name: 'file-data',
    what: 'A file in base64',
    turns: shown({
      type: 'file',
      file: { filename: 'made-up.pdf', file_data: 'data:application/pdf;base64,JVBERi0xLjQ=' },
    }),
    why: API,
    level: 'should',
  },
  {
    name: 'file-id',
    what: 'A file by its id',
    turns: shown({ type: 'file', file: { file_id: 'file-made-up' } }),
    why: API,
    level: 'should',
  },
  {
    name: 'assistant-parts',
    what: 'An assistant message of several parts',
    turns: [
      asked,
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'One.' },
          { type: 'text', text: 'Two.' },
        ],
      },
    ],
    why: API,
    level: 'should',
  },
  {
    name: 'refusal',
    what: 'A refusal in the history',
    turns: [asked, { role: 'assistant', content: null, refusal: 'I cannot say.' }],
    why: API,
    level: 'should',
  },
  {
    name: 'call-and-result',
    what: 'A call with its result',
    turns: [asked, calls(call('call_1', 'Rome')), result('call_1', '21 °C')],
    more,
    why: API,
  },
  {
    name: 'result-parts',
    what: 'A result of several parts',
    turns: [
      asked,
      calls(call('call_1', 'Rome')),
      result('call_1', [
        { type: 'text', text: '21 °C' },
        { type: 'text', text: 'dry' },
      ]),
    ],
    more,
    why: API,
  },
  {
    name: 'empty-result',
    what: 'A result without a word',
    turns: [asked, calls(call('call_1', 'Rome')), result('call_1', '')],
    more,
    why: 'commands that print nothing; a call without its result is refused by the API',
  },
  {
    name: 'parallel-calls',
    what: 'Two calls of one answer with their results',
    turns: [
      asked,
      calls(call('call_1', 'Rome'), call('call_2', 'Åre')),
      result('call_1', '21 °C'),
      result('call_2', '-4 °C'),
    ],
    more,
    why: API,
  },
  {
    name: 'text-with-call',
    what: 'A text beside a call',
    turns: [
      asked,
      { ...calls(call('call_1', 'Rome')), content: 'I look it up.' },
      result('call_1', '21 °C'),
      { role: 'assistant', content: 'It is.' },
    ],
    more,
    why: API,
  },
  {
    name: 'open-result',
    what: 'A result that waits for an answer',
    turns: [calls(call('call_1', 'Rome')), result('call_1', '21 °C')],
    more,
    last: true,
    why: `${API}; every second request of an agent ends so`,
  },
  {
    name: 'custom-call',
    what: 'A call of a custom tool with its result',
    turns: [
      asked,
      calls({ id: 'call_1', type: 'custom', custom: { name: 'apply_patch', input: '*** Begin Patch\n' } }),
      result('call_1', 'ok'),
    ],
    more: { tools: [{ type: 'custom', custom: { name: 'apply_patch', description: 'Changes files.' } }] },
    why: API,
    level: 'should',
  },
  {
    name: 'reasoning-content',
    what: '`reasoning_content` of an assistant message with calls',
    turns: [
      asked,
      { ...calls(call('call_1', 'Rome')), reasoning_content: 'A made-up thought.' },
      result('call_1', '21 °C'),
    ],
    more,
    beyondSdk: true,
    why: 'DeepSeek API, thinking mode: a call without the thoughts before it is refused; Kimi and GLM alike',
    level: 'should',
  },
  {
    name: 'cache-control',
    what: '`cache_control` on a part',
    turns: [{ role: 'system', content: [{ type: 'text', text: 'Long.', cache_control: { type: 'ephemeral' } }] }],
    beyondSdk: true,
    why: 'OpenRouter documentation, prompt caching',
    level: 'info',
  },
];

/** Everybody speaks, and the system once more in between. */
const CONVERSATION: readonly Json[] = [
  { role: 'system', content: 'Be short.' },
  asked,
  { role: 'assistant', content: 'Where?' },
  { role: 'system', content: 'Be shorter.' },
  { role: 'user', content: 'In Rome and Åre.' },
  calls(call('call_1', 'Rome'), call('call_2', 'Åre')),
  result('call_1', '21 °C'),
  result('call_2', '-4 °C'),
  { role: 'assistant', content: 'Only in Rome.' },
];

/** What the messages of a Chat Completions request may be. */
export const CHAT_TURN_CHECKS: readonly Check[] = [
  ...turnChecks(ROWS, { area: 'chat', provider: 'Chat Completions', profiles: ['openai'] }),
  {
    id: 'chat.turn.order',
    revision: 1,
    requirement: 'The messages of a conversation reach a provider of Chat Completions in order, with none added.',
    source: `${API}: their order is the conversation; measured: every system text joined in front of it`,
    level: 'should',
    profiles: ['openai'],
    needs: 'upstream',
    clients: ['chat'],
    pair: 'same',
    async run(t) {
      const turns = CONVERSATION;
      const sent = bodyWith(t, { turns, more });
      await t.read(await t.call({ body: sent }));
      const { messages } = t.sentUp();
      const marks = (list: unknown) =>
        (Array.isArray(list) ? (list as (Json | null)[]) : []).map((turn) => {
          const parts = unfoldContent(turn ?? {}).content;
          const first = Array.isArray(parts) ? (parts[0] as Json | undefined) : undefined;
          return [turn?.role, first?.text].join(' ').trim();
        });
      t.expectSame(marks(messages), marks(sent.messages), 'the order is another one', {
        where: 'upstream request',
        pointer: '/messages',
      });
    },
  },
];

import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { type TurnRow, turnChecks } from '../shared/turns.ts';
import { PNG } from '../translate/told.ts';

type Json = Record<string, unknown>;

const API = 'Messages API reference, create a message, content blocks';
const MARK = { type: 'ephemeral' };
const { parameters: input_schema, ...named } = WEATHER_TOOL;
const more = { tools: [{ ...named, input_schema }] };
const SIGNED = {
  type: 'thinking',
  thinking: 'A made-up thought, naïve 你好.\n',
  signature: 'EqMadeUp+Signature/ab12==',
};

const user = (...content: Json[]): Json => ({ role: 'user', content });
const assistant = (...content: Json[]): Json => ({ role: 'assistant', content });
const text = (said: string): Json => ({ type: 'text', text: said });
const use = (id: string, city: string): Json => ({ type: 'tool_use', id, name: WEATHER_TOOL.name, input: { city } });
const result = (id: string, rest: Json): Json => ({ type: 'tool_result', tool_use_id: id, ...rest });
const yes = assistant(text('Yes.'));

/** What a user shows, and the answer to it. */
const shown = (block: Json): Json[] => [user(block, text('Is it nice?')), yes];

/** A call and its result, and the answer to it. */
const called = (rest: Json): Json[] => [
  user(text('Is it warm?')),
  assistant(use('toolu_1', 'Rome')),
  user(result('toolu_1', rest)),
  yes,
];

const PDF = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQKJSVFT0YK' };
const PICTURE = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } };

const ROWS: readonly TurnRow[] = [
  { name: 'string', what: 'A content that is a string', turns: [{ role: 'user', content: 'Warm?' }, yes], why: API },
  { name: 'texts', what: 'A message of several texts', turns: [user(text('One.'), text('Two.')), yes], why: API },
  {
    name: 'white-space',
    what: 'White space at the ends of a text',
    turns: [user(text('  two before, a line after\n\n')), yes],
    why: 'code and diffs that are cut at their ends no longer apply',
    level: 'should',
  },
  { name: 'image-base64', what: 'An image in base64', turns: shown(PICTURE), why: API },
  {
    name: 'image-url',
    what: 'An image by its URL',
    turns: shown({ type: 'image', source: { type: 'url', url: 'https://images.example/a.png?b=1&c=2' } }),
    why: API,
    level: 'should',
  },
  {
    name: 'document-base64',
    what: 'A PDF in base64, with title and citations',
    turns: shown({ type: 'document', source: PDF, title: 'Made up', citations: { enabled: true } }),
    why: `${API}; Claude Code reads PDFs`,
  },
  {
    name: 'document-url',
    what: 'A PDF by its URL',
    turns: shown({ type: 'document', source: { type: 'url', url: 'https://files.example/a.pdf' } }),
    why: API,
    level: 'should',
  },
  {
    name: 'document-text',
    what: 'A text as a document, with context and citations',
    turns: shown({
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: 'Made up.' },
      context: 'From a made-up file.',
      citations: { enabled: true },
    }),
    why: API,
    level: 'should',
  },
  {
    name: 'document-content',
    what: 'A document of blocks',
    turns: shown({ type: 'document', source: { type: 'content', content: [text('One.'), text('Two.')] } }),
    why: API,
    level: 'should',
  },
  {
    name: 'search-result',
    what: 'A search result of the client',
    turns: shown({
      ...{ type: 'search_result', source: 'https://made-up.example', title: 'Made up' },
      ...{ content: [text('Found.')], citations: { enabled: true } },
    }),
    why: API,
    level: 'should',
  },
  { name: 'result-string', what: 'A call with a result', turns: called({ content: '21 °C' }), more, why: API },
  {
    name: 'result-blocks',
    what: 'A result of several texts',
    turns: called({ content: [text('21 °C'), text('dry')] }),
    more,
    why: API,
  },
  {
    name: 'result-image',
    what: 'An image in a result',
    turns: called({ content: [text('A map.'), PICTURE] }),
    more,
    why: `${API}; Claude Code shows images that it read so`,
  },
  {
    name: 'result-error',
    what: '`is_error` of a result',
    turns: called({ content: 'no such city', is_error: true }),
    more,
    why: API,
  },
  { name: 'result-empty', what: 'A result without content', turns: called({}), more, why: API },
  {
    name: 'parallel-uses',
    what: 'Two calls of one answer with their results',
    turns: [
      user(text('Is it warm?')),
      assistant(text('I look.'), use('toolu_1', 'Rome'), use('toolu_2', 'Åre')),
      user(result('toolu_1', { content: '21 °C' }), result('toolu_2', { content: '-4 °C' }), text('Both?')),
      yes,
    ],
    more,
    why: API,
  },
  {
    name: 'open-result',
    what: 'A result that waits for an answer',
    turns: [assistant(use('toolu_1', 'Rome')), user(result('toolu_1', { content: '21 °C' }))],
    more,
    last: true,
    why: `${API}; every second request of an agent ends so`,
  },
  {
    name: 'thinking',
    what: 'A thought with its signature, before a call',
    turns: [
      user(text('Is it warm?')),
      assistant(SIGNED, text('I look.'), use('toolu_1', 'Rome')),
      user(result('toolu_1', { content: '21 °C' })),
      yes,
    ],
    more: { ...more, thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 4096 },
    why: 'Messages API, extended thinking: thoughts that changed are refused with 400',
  },
  {
    name: 'redacted-thinking',
    what: 'A redacted thought',
    turns: [
      user(text('Is it warm?')),
      assistant({ type: 'redacted_thinking', data: 'EmMadeUp/redacted+==' }, text('Yes.')),
    ],
    more: { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 4096 },
    why: 'Messages API, extended thinking: to be sent back unchanged',
  },
  {
    name: 'prefill',
    what: 'The beginning of an answer that the model is to go on from',
    turns: [{ role: 'assistant', content: 'It is {"' }],
    last: true,
    why: API,
    level: 'should',
  },
  {
    name: 'citations',
    what: 'A text with its citations in the history',
    turns: [
      ...shown({
        type: 'document',
        source: { type: 'text', media_type: 'text/plain', data: 'Made up.' },
        citations: { enabled: true },
      }).slice(0, 1),
      assistant({
        ...text('It is made up.'),
        citations: [
          {
            ...{ type: 'char_location', cited_text: 'Made up.', document_index: 0, document_title: null },
            ...{ start_char_index: 0, end_char_index: 8 },
          },
        ],
      }),
    ],
    why: API,
    level: 'should',
  },
  {
    name: 'server-tool',
    what: 'A web search of the provider with its result',
    turns: [
      user(text('Search.')),
      assistant(
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'made up' } },
        {
          ...{ type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1' },
          content: [
            {
              ...{ type: 'web_search_result', url: 'https://made-up.example', title: 'Made up' },
              encrypted_content: 'EmMadeUp==',
            },
          ],
        },
        text('Found.'),
      ),
    ],
    more: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    why: API,
    level: 'should',
  },
  ...(
    [
      ['text', [user({ ...text('Long.'), cache_control: MARK }), yes]],
      ['image', shown({ ...PICTURE, cache_control: MARK })],
      ['result', called({ content: '21 °C', cache_control: { ...MARK, ttl: '1h' } })],
      [
        'use',
        [
          user(text('Is it warm?')),
          assistant({ ...use('toolu_1', 'Rome'), cache_control: MARK }),
          user(result('toolu_1', { content: '21 °C' })),
          yes,
        ],
      ],
    ] as const
  ).map(
    ([place, turns]): TurnRow => ({
      name: `cache-control-${place}`,
      what: `\`cache_control\` on a block (${place})`,
      turns,
      more,
      why: 'Messages API, prompt caching: without its marks every request is paid in full',
      level: 'should',
    }),
  ),
  {
    name: 'file',
    what: 'A document by the id of a file',
    turns: shown({ type: 'document', source: { type: 'file', file_id: 'file_made_up' } }),
    beyondSdk: true,
    why: 'Messages API, files (beta)',
    level: 'info',
  },
];

/** What the messages of a Messages request may be. */
export const MESSAGES_TURN_CHECKS: readonly Check[] = turnChecks(ROWS, {
  area: 'messages',
  provider: 'Messages',
  profiles: ['anthropic'],
});

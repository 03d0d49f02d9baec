import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { cutIntoDeltas, namedEvents, type StreamEvent } from '../../provider/events.ts';
import { messagesObject } from '../../provider/messages.ts';
import { type SaidRow, type Speech, saidChecks } from '../shared/said.ts';

type Json = Record<string, unknown>;
type Event = { type: string; [field: string]: unknown };

const API = 'Messages API reference, the message and its events';
const { parameters: input_schema, ...named } = WEATHER_TOOL;
const TOOLS = { tools: [{ ...named, input_schema }] };
const THINKING = { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 4096 };
const SIGNATURE = 'EqMadeUp+Signature/ab12==';

const text = (said: string, rest: Json = {}): Json => ({ type: 'text', text: said, ...rest });
const use = (input: Json): Json => ({ type: 'tool_use', id: `toolu_${String(input.city)}`, name: named.name, input });
const CUT = [text('The first half')];

/** How a block begins, and the deltas that complete it; other blocks come whole in their start. */
const STARTS: Record<string, (block: Json) => { start: Json; deltas: Json[] }> = {
  text: (block) => ({
    start: { ...block, text: '', ...(block.citations ? { citations: [] } : {}) },
    deltas: [
      ...cutIntoDeltas(String(block.text)).map((piece) => ({ type: 'text_delta', text: piece })),
      ...((block.citations as Json[] | undefined) ?? []).map((citation) => ({ type: 'citations_delta', citation })),
    ],
  }),
  thinking: (block) => ({
    start: { ...block, thinking: '', signature: '' },
    deltas: [
      ...cutIntoDeltas(String(block.thinking)).map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature: block.signature },
    ],
  }),
  tool_use: inputDeltas,
  server_tool_use: inputDeltas,
};

function inputDeltas(block: Json): { start: Json; deltas: Json[] } {
  const json = JSON.stringify(block.input);
  // The API sends nothing at all for a call without arguments.
  const pieces = json === '{}' ? [''] : ['', json.slice(0, 5), json.slice(5)];
  const deltas = pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json }));
  return { start: { ...block, input: {} }, deltas };
}

function eventsOf({ content, stop_reason, stop_sequence, usage, ...head }: Json): StreamEvent[] {
  const blocks = (content as Json[]).flatMap((block, index): Event[] => {
    const { start, deltas } = STARTS[String(block.type)]?.(block) ?? { start: block, deltas: [] };
    return [
      { type: 'content_block_start', index, content_block: start },
      ...deltas.map((delta): Event => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ];
  });
  const message = { ...head, content: [], stop_reason: null, stop_sequence: null };
  return namedEvents([
    { type: 'message_start', message: { ...message, usage: { ...(usage as Json), output_tokens: 1 } } },
    { type: 'ping' },
    ...blocks,
    {
      type: 'message_delta',
      delta: { stop_reason, stop_sequence },
      usage: { output_tokens: (usage as Json).output_tokens },
    },
    { type: 'message_stop' },
  ]);
}

const ROWS: readonly SaidRow[] = [
  {
    name: 'thinking',
    requirement: 'A thought arrives with its signature, byte by byte.',
    source: 'Messages API, extended thinking: a thought that changed is refused when it comes back',
    said: { content: [{ type: 'thinking', thinking: 'Made up, naïve 你好.\n', signature: SIGNATURE }, text('Yes.')] },
    more: THINKING,
  },
  {
    name: 'redacted-thinking',
    requirement: 'A redacted thought arrives as it is.',
    source: 'Messages API, extended thinking',
    said: { content: [{ type: 'redacted_thinking', data: 'EmMadeUp/redacted+==' }, text('Yes.')] },
    more: THINKING,
  },
  {
    name: 'thinking-before-call',
    requirement: 'A thought before a call arrives with its signature, and so does the call.',
    source: 'Messages API, extended thinking with tools: Claude Code sends both back',
    said: {
      content: [{ type: 'thinking', thinking: 'Made up.', signature: SIGNATURE }, use({ city: 'Rome' })],
      stop_reason: 'tool_use',
    },
    more: { ...THINKING, ...TOOLS },
  },
  {
    name: 'calls-between-texts',
    requirement: 'Texts and calls of one answer arrive in their order.',
    source: API,
    said: {
      content: [text('One.'), use({ city: 'Rome' }), text('Two.'), use({ city: 'Åre "x"\n' })],
      stop_reason: 'tool_use',
    },
    more: TOOLS,
  },
  {
    name: 'call-without-input',
    requirement: 'A call without arguments arrives with an empty object.',
    source: `${API}; the API sends one empty piece, or none`,
    said: { content: [use({})], stop_reason: 'tool_use' },
    more: TOOLS,
  },
  {
    name: 'citations',
    requirement: 'The citations of a text arrive.',
    source: 'Messages API, citations',
    level: 'should',
    said: {
      content: [
        text('It is made up.', {
          citations: [
            {
              ...{ type: 'char_location', cited_text: 'Made up.', document_index: 0, document_title: 'Made up' },
              ...{ start_char_index: 0, end_char_index: 8, file_id: null },
            },
          ],
        }),
      ],
    },
  },
  {
    name: 'server-tool',
    requirement: "A web search of the provider's arrives with its result.",
    source: 'Messages API, web search: the result has to come back with the next request',
    level: 'should',
    said: {
      content: [
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'made up' } },
        {
          ...{ type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1' },
          content: [
            {
              ...{ type: 'web_search_result', url: 'https://made-up.example', title: 'Made up', page_age: null },
              encrypted_content: 'EmMadeUp==',
            },
          ],
        },
        text('Found.'),
      ],
    },
    more: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
  },
  ...(
    [
      ['max_tokens', 'must', 'an answer that was cut at its limit'],
      ['refusal', 'must', 'an answer that the model refused'],
      ['pause_turn', 'should', 'a turn that the client is to go on with'],
      ['model_context_window_exceeded', 'should', "an answer that was cut at the end of the model's context"],
    ] as const
  ).map(
    ([stop_reason, level, what]): SaidRow => ({
      name: `stop-${stop_reason.replaceAll('_', '-')}`,
      requirement: `\`stop_reason\` of ${what} is \`${stop_reason}\`.`,
      source: 'Messages API, stop reasons',
      level,
      said: { content: CUT, stop_reason },
    }),
  ),
  {
    name: 'cut-call',
    requirement: 'A call that was cut at the limit does not end as a call that may be run.',
    source: 'Messages API, stop reasons: what the input of such a call is nobody knows',
    said: { content: [use({ city: 'Ro' })], stop_reason: 'max_tokens' },
    more: TOOLS,
  },
  {
    name: 'stop-sequence',
    requirement: 'An answer that ended at a stop sequence says so, and at which.',
    source: 'Messages API, stop reasons',
    said: { content: CUT, stop_reason: 'stop_sequence', stop_sequence: 'END' },
    more: { stop_sequences: ['END'] },
  },
  {
    name: 'usage-cache',
    requirement: 'What was read from the cache and written to it arrives with the usage.',
    source: 'Messages API, prompt caching: what the clients reckon costs with',
    level: 'should',
    said: {
      usage: {
        ...{ input_tokens: 12, output_tokens: 56, cache_creation_input_tokens: 300, cache_read_input_tokens: 4000 },
        cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
      },
    },
  },
];

const SPEECH: Speech = {
  client: 'messages',
  profiles: ['anthropic'],
  document: (said, { model, mint }) => ({ ...(messagesObject({ text: 'Made up.' }, model, mint) as Json), ...said }),
  stream: eventsOf,
};

/** What only Messages can say. */
export const MESSAGES_ANSWER_CHECKS: readonly Check[] = saidChecks(ROWS, SPEECH);

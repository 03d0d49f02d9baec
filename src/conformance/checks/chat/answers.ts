import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { chatObject } from '../../provider/chat.ts';
import { cutIntoDeltas, type StreamEvent } from '../../provider/events.ts';
import { type SaidRow, type Speech, saidChecks } from '../shared/said.ts';

type Json = Record<string, unknown>;

const API = 'OpenAI API reference, the chat completion object and its chunks';
const TOOLS = { tools: [{ type: 'function', function: WEATHER_TOOL }] };

const call = (city: string): Json => ({
  ...{ id: `call_${city}`, type: 'function' },
  function: { name: WEATHER_TOOL.name, arguments: JSON.stringify({ city }) },
});

/** An answer of one choice. */
function choice(message: Json, finish_reason: string, rest: Json = {}): Json {
  return { choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason, ...rest }] };
}

function chunksOf({ choices, usage, object: _, ...head }: Json): StreamEvent[] {
  const chunk = (one: Json): StreamEvent => ({
    data: { ...head, object: 'chat.completion.chunk', choices: [{ finish_reason: null, ...one }] },
  });
  return [
    ...(choices as Json[]).flatMap(({ index, message, finish_reason, logprobs }) => [
      chunk({ index, delta: { role: 'assistant', content: '' } }),
      ...deltasOf(message as Json).map((delta) => chunk({ index, delta })),
      ...(((logprobs as Json | undefined)?.content as Json[] | undefined) ?? []).map((one) =>
        chunk({ index, delta: {}, logprobs: { content: [one], refusal: null } }),
      ),
      chunk({ index, delta: {}, finish_reason }),
    ]),
    { data: { ...head, object: 'chat.completion.chunk', choices: [], usage } },
    { data: '[DONE]' },
  ];
}

/** Texts in words, calls in a head and two halves, anything else at once. */
function deltasOf({ role: _, tool_calls, ...fields }: Json): Json[] {
  return [
    ...Object.entries(fields).flatMap(([name, value]): Json[] =>
      typeof value === 'string' ? cutIntoDeltas(value).map((piece) => ({ [name]: piece })) : [{ [name]: value }],
    ),
    ...((tool_calls as Json[] | undefined) ?? []).flatMap((one, index) => callDeltas(one, index)),
  ];
}

function callDeltas({ id, type, ...rest }: Json, index: number): Json[] {
  const kind = String(type);
  const { name, ...grows } = rest[kind] as Json;
  const [field, text] = Object.entries(grows)[0] as [string, string];
  const half = Math.ceil(text.length / 2);
  return [
    { tool_calls: [{ index, id, type, [kind]: { name, [field]: '' } }] },
    ...[text.slice(0, half), text.slice(half)].map((piece) => ({
      tool_calls: [{ index, [kind]: { [field]: piece } }],
    })),
  ];
}

/** Two calls whose pieces of one character come in turns. */
function interleaved(document: Json): StreamEvent[] {
  const [first, ...rest] = chunksOf({ ...document, ...choice({}, 'tool_calls') });
  const { choices: _, ...head } = first!.data as Json;
  const chunk = (...tool_calls: Json[]): StreamEvent => ({
    data: { ...head, choices: [{ index: 0, delta: { tool_calls }, finish_reason: null }] },
  });
  const texts = ['Rome', 'Åre'].map((city) => JSON.stringify({ city }));
  const heads = ['Rome', 'Åre'].map((city, index) =>
    chunk({ index, id: `call_${city}`, type: 'function', function: { name: WEATHER_TOOL.name, arguments: '' } }),
  );
  const pieces = Array.from({ length: texts[0]!.length }, (_, i) =>
    texts
      .map((text, index) => ({ index, function: { arguments: text[i] ?? '' } }))
      .filter((one) => one.function.arguments !== '')
      .map((one) => chunk(one)),
  ).flat();
  return [first!, ...heads, ...pieces, ...rest];
}

const ROWS: readonly SaidRow[] = [
  {
    name: 'reasoning-content',
    requirement: '`reasoning_content` of a provider arrives as it is.',
    source: 'DeepSeek, Kimi, GLM, vLLM: thoughts that have to come back with the next request',
    level: 'should',
    said: choice({ reasoning_content: 'A made-up thought.', content: 'The answer.' }, 'stop'),
  },
  {
    name: 'refusal',
    requirement: 'A refusal arrives as a refusal.',
    source: `${API}; structured output of the SDKs`,
    said: choice({ content: null, refusal: 'I cannot say.' }, 'stop'),
  },
  {
    name: 'length',
    requirement: 'An answer that was cut at its limit ends with `length`.',
    source: API,
    said: choice({ content: 'The first half' }, 'length'),
  },
  {
    name: 'content-filter',
    requirement: 'An answer that was filtered ends with `content_filter`.',
    source: API,
    said: choice({ content: 'The first half' }, 'content_filter'),
  },
  {
    name: 'cut-call',
    requirement: 'A call that was cut at the limit does not end as a call that may be run.',
    source: `${API}: what the arguments of such a call are nobody knows`,
    said: choice({ content: null, tool_calls: [call('Rome')] }, 'length'),
    more: TOOLS,
  },
  {
    name: 'text-and-calls',
    requirement: 'Text and calls of one answer arrive.',
    source: API,
    said: choice({ content: 'I look.', tool_calls: [call('Rome'), call('Åre')] }, 'tool_calls'),
    more: TOOLS,
  },
  {
    name: 'interleaved-calls',
    requirement: 'Calls whose arguments come in small pieces and in turns arrive by their index.',
    source: `${API}: \`index\` says which call a piece belongs to`,
    said: choice({ tool_calls: [call('Rome'), call('Åre')] }, 'tool_calls'),
    more: TOOLS,
    only: 'stream',
    events: interleaved,
  },
  {
    name: 'custom-call',
    requirement: 'A call of a custom tool arrives with its text.',
    source: API,
    level: 'should',
    said: choice(
      {
        content: null,
        tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'apply_patch', input: '*** Begin Patch\n' } }],
      },
      'tool_calls',
    ),
    more: { tools: [{ type: 'custom', custom: { name: 'apply_patch', description: 'Changes files.' } }] },
  },
  {
    name: 'choices',
    requirement: 'Every choice of an answer with several arrives.',
    source: `${API}, \`n\``,
    level: 'should',
    said: {
      choices: ['One.', 'Two.'].map((content, index) => ({
        ...{ index, finish_reason: 'stop' },
        message: { role: 'assistant', content },
      })),
    },
    more: { n: 2 },
  },
  {
    name: 'logprobs',
    requirement: 'Log probabilities that were asked for arrive.',
    source: API,
    level: 'should',
    said: choice({ content: 'Yes.' }, 'stop', {
      logprobs: { content: [{ token: 'Yes.', logprob: -0.25, bytes: [89, 101, 115, 46], top_logprobs: [] }] },
    }),
    more: { logprobs: true },
  },
  {
    name: 'annotations',
    requirement: 'Citations of a web search arrive.',
    source: API,
    level: 'should',
    said: choice(
      {
        content: 'Made up.',
        annotations: [
          {
            type: 'url_citation',
            url_citation: { start_index: 0, end_index: 8, title: 'Made up', url: 'https://made-up.example' },
          },
        ],
      },
      'stop',
    ),
  },
  {
    name: 'usage-details',
    requirement: 'The usage arrives with its details.',
    source: `${API}: what was cached, and what was thought`,
    level: 'should',
    said: {
      usage: {
        ...{ prompt_tokens: 1234, completion_tokens: 56, total_tokens: 1290 },
        ...{ prompt_tokens_details: { cached_tokens: 1024 }, completion_tokens_details: { reasoning_tokens: 40 } },
      },
    },
  },
  {
    name: 'fingerprint',
    requirement: '`system_fingerprint` and `service_tier` arrive.',
    source: API,
    level: 'info',
    said: { system_fingerprint: 'fp_made_up', service_tier: 'flex' },
  },
];

const SPEECH: Speech = {
  client: 'chat',
  profiles: ['openai'],
  document: (said, { model, mint }) => ({ ...(chatObject({ text: 'Made up.' }, model, mint) as Json), ...said }),
  stream: chunksOf,
};

/** What only Chat Completions can say. */
export const CHAT_ANSWER_CHECKS: readonly Check[] = saidChecks(ROWS, SPEECH);

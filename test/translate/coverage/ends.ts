import { asArray, asObject, type JsonObject, parseData } from '../../../src/protocols/grammar.ts';
import { findHop } from '../../../src/translate/hops.ts';
import type { SourceEnd } from '../../../src/translate/types.ts';
import type { Protocol } from '../../../src/util/types.ts';
import { makeContext } from '../../helpers/translate.ts';
import { PROVIDERS, plansOf } from './judge.ts';
import { table } from './page.ts';
import { type Bundle, propertiesOf, readBundle } from './schema.ts';

/** How an answer ends, as each provider says it. */
interface End {
  from: Protocol;
  words: string;
  events: JsonObject[];
  how: SourceEnd;
}

const CHUNK = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'model_1' };
const chunk = (delta: JsonObject, reason: string | null = null): JsonObject => ({
  ...CHUNK,
  choices: [{ index: 0, delta, finish_reason: reason }],
});

/** What an answer with calls has said before its end. */
const CALLED: Readonly<Record<string, JsonObject>> = {
  tool_calls: {
    tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'run', arguments: '{}' } }],
  },
  function_call: { function_call: { name: 'run', arguments: '{}' } },
};

const USE = [
  { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'toolu_1', name: 'run', input: {} } },
  { type: 'content_block_stop', index: 1 },
];

const START = [
  {
    type: 'message_start',
    message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'model_1', content: [] },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'So.' } },
  { type: 'content_block_stop', index: 0 },
];

const RESPONSE = { id: 'resp_1', object: 'response', created_at: 1, model: 'model_1', output: [] };
const CREATED = [
  { type: 'response.created', sequence_number: 0, response: { ...RESPONSE, status: 'in_progress' } },
  {
    type: 'response.output_text.delta',
    sequence_number: 1,
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    delta: 'So.',
  },
];

const OTHERS: Readonly<Record<Protocol, readonly [Protocol, Protocol]>> = {
  responses: ['chat', 'messages'],
  chat: ['responses', 'messages'],
  messages: ['responses', 'chat'],
};

const COLUMNS: readonly Protocol[] = ['responses', 'chat', 'messages'];

/** How every end of every provider's stream reaches the clients of the others. */
export function renderEnds(): string {
  const rows = findEnds().map((end) => [
    end.words,
    ...COLUMNS.map((to) => (OTHERS[end.from].includes(to) ? translateEnd(end, to) : '–')),
  ]);
  return table(['the provider', 'Responses client', 'Chat client', 'Messages client'], rows);
}

function findEnds(): End[] {
  return [...chatEnds(readBundle('chat')), ...messagesEnds(readBundle('messages')), ...responsesEnds()];
}

function wordsOf(bundle: Bundle, definition: string, field: string): string[] {
  const { schema } = propertiesOf(bundle, definition).find(({ name }) => name === field)!;
  const options = JSON.stringify(schema).includes('StopReason') ? bundle.definitions.StopReason! : schema;
  return valuesOf(options);
}

/** All words of an enum, wherever in the schema it stands. */
function valuesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(valuesOf);
  const node = asObject(value);
  if (!node) return [];
  if (Array.isArray(node.enum)) return node.enum.filter((one) => typeof one === 'string');
  return Object.values(node).flatMap(valuesOf);
}

function chatEnds(bundle: Bundle): End[] {
  const reasons = [...wordsOf(bundle, 'ChatCompletionChunk.Choice', 'finish_reason'), 'insufficient_system_resource'];
  const whole = reasons.map((reason): End => {
    const events = [chunk(CALLED[reason] ?? { content: 'So.' }), chunk({}, reason)];
    return { from: 'chat', words: `Chat: \`${reason}\``, events, how: 'done' };
  });
  const events = [chunk({ content: 'So.' })];
  return [
    ...whole,
    { from: 'chat', words: 'Chat: the stream ends without a reason', events, how: 'done' },
    { from: 'chat', words: 'Chat: the connection breaks', events, how: 'truncated' },
    {
      from: 'chat',
      words: 'Chat: `{"error":…}` in the stream',
      events: [...events, { error: { message: 'No.' } }],
      how: 'done',
    },
  ];
}

function messagesEnds(bundle: Bundle): End[] {
  const whole = wordsOf(bundle, 'Message', 'stop_reason').map((reason): End => {
    const delta = { type: 'message_delta', delta: { stop_reason: reason }, usage: {} };
    return {
      from: 'messages',
      words: `Messages: \`${reason}\``,
      events: [...START, ...(reason === 'tool_use' ? USE : []), delta, { type: 'message_stop' }],
      how: 'done',
    };
  });
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
  return [
    ...whole,
    { from: 'messages', words: 'Messages: the stream ends without a reason', events: START, how: 'done' },
    { from: 'messages', words: 'Messages: the connection breaks', events: START, how: 'truncated' },
    { from: 'messages', words: 'Messages: `error` in the stream', events: [...START, error], how: 'done' },
  ];
}

function responsesEnds(): End[] {
  const ends: [string, JsonObject][] = [
    ['completed', {}],
    ['incomplete', { incomplete_details: { reason: 'max_output_tokens' } }],
    ['incomplete', { incomplete_details: { reason: 'content_filter' } }],
    ['failed', { error: { code: 'server_error', message: 'No.' } }],
  ];
  const whole = ends.map(([status, fields]): End => {
    const reason = asObject(fields.incomplete_details)?.reason;
    const last = { type: `response.${status}`, sequence_number: 2, response: { ...RESPONSE, status, ...fields } };
    const words = `Responses: \`${status}\`${reason === undefined ? '' : `, \`${String(reason)}\``}`;
    return { from: 'responses', words, events: [...CREATED, last], how: 'done' };
  });
  return [
    ...whole,
    { from: 'responses', words: 'Responses: the connection breaks', events: CREATED, how: 'truncated' },
  ];
}

function translateEnd({ from, events, how }: End, to: Protocol): string {
  const hop = findHop(to, from)!;
  const [outer, inner] = [...plansOf(to, from).values()];
  const plan = inner ? { ...outer!, inner } : outer!;
  const stream = hop.stream({ ...makeContext(PROVIDERS[hop.upstream]), plan });
  const steps = events.map((event) => stream.push({ name: undefined, data: JSON.stringify(event) }));
  steps.push(stream.end(how));
  const told = steps.flatMap((step) => step.events);
  const documents = told.map(({ data }) => asObject(parseData(data)) ?? {});
  return TELL[to](documents);
}

/** The end as the client sees it. */
const TELL: Readonly<Record<Protocol, (documents: readonly JsonObject[]) => string>> = {
  responses: (documents) => {
    const { type, response } = documents.at(-1) ?? {};
    const said = asObject(response) ?? {};
    const why = asObject(said.incomplete_details)?.reason ?? asObject(said.error)?.code;
    return `\`${String(type)}\`${why === undefined ? '' : `, \`${String(why)}\``}`;
  },
  chat: (documents) => {
    const error = documents.find((one) => one.error !== undefined);
    if (error) return `\`{"error":…}\` without \`[DONE]\`, code \`${String(asObject(error.error)?.code)}\``;
    const reasons = documents.flatMap((one) => asArray(one.choices).map((choice) => asObject(choice)?.finish_reason));
    return `\`${String(reasons.findLast((reason) => typeof reason === 'string'))}\``;
  },
  messages: (documents) => {
    const error = documents.find(({ type }) => type === 'error');
    if (error) return `\`error\`, \`${String(asObject(error.error)?.type)}\``;
    const end = documents.find(({ type }) => type === 'message_delta');
    return `\`${String(asObject(end?.delta)?.stop_reason)}\``;
  },
};

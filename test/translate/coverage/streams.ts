import { asArray, asObject, asString, type JsonObject, parseData } from '../../../src/protocols/grammar.ts';
import { findHop } from '../../../src/translate/hops.ts';
import type { StreamEvent, StreamTranslator } from '../../../src/translate/types.ts';
import type { Loss, Protocol } from '../../../src/util/types.ts';
import { makeContext } from '../../helpers/translate.ts';
import { compareLeaves, leavesOf } from '../helpers/leaves.ts';
import { type Cell, PROVIDERS, plansOf } from './judge.ts';
import { type Bundle, propertiesOf } from './schema.ts';

/** Counts of one answer, as each protocol counts: Messages has what came from the cache, and went into it, beside the input. */
const USAGE = {
  responses: {
    input_tokens: 700,
    input_tokens_details: { cached_tokens: 200, cache_write_tokens: 100 },
    output_tokens: 60,
    output_tokens_details: { reasoning_tokens: 40 },
    total_tokens: 760,
  },
  chat: {
    prompt_tokens: 700,
    prompt_tokens_details: { cached_tokens: 200, cache_write_tokens: 100 },
    completion_tokens: 60,
    completion_tokens_details: { reasoning_tokens: 40 },
    total_tokens: 760,
  },
  messages: {
    input_tokens: 400,
    cache_creation_input_tokens: 100,
    cache_read_input_tokens: 200,
    output_tokens: 60,
    output_tokens_details: { thinking_tokens: 40 },
  },
} as const satisfies Record<Protocol, JsonObject>;

/** An event in the stream that it needs around it. */
export interface SampledEvent {
  before: JsonObject[];
  event: JsonObject;
  after: JsonObject[];
  /** The part of the event that is the sample, when it is not all of it. */
  sample?: unknown;
}

/** Fields that say where an event belongs, or pad it: what it says stands in the others. */
const FRAMING: ReadonlySet<string> = new Set([
  'annotation_index',
  'command_index',
  'content_index',
  'index',
  'item_id',
  'obfuscation',
  'output_index',
  'partial_image_index',
  'sequence_number',
  'summary_index',
  'type',
]);

/** What every response says of itself: each protocol has its own, and writes it anew. */
const HEAD: ReadonlySet<string> = new Set([
  'choices',
  'completed_at',
  'created',
  'created_at',
  'id',
  'model',
  'object',
  'output_text',
  'role',
  'status',
]);

/** @param from the provider's protocol @param to the client's */
export function judgeEvent(from: Protocol, to: Protocol, sampled: SampledEvent, bundle: Bundle): Cell {
  const { before, event, after } = sampled;
  const source = tellingPart(sampled, bundle);
  if (leavesOf(source).length === 0) {
    return { text: 'not applicable: it frames what other events say', silent: [], losses: [] };
  }
  const whole = run(from, to, [...before, event, ...after]);
  const bare = run(from, to, [...before, ...after]);
  const known = bare.losses.map(({ path, reason }) => `${path} ${reason}`);
  const fresh = whole.losses.filter(({ path, reason }) => !known.includes(`${path} ${reason}`));
  // Events of an item that is lost are lost with it.
  const losses =
    fresh.length > 0 ? fresh : bare.losses.filter(({ kind, path }) => kind === 'item' && path.includes('/0'));
  const { carried, reformed, silent } = compareLeaves({ source, target: whole.documents, losses: [] });
  const telling = silent.filter(({ key }) => key !== 'type');
  const reasons = [...new Set(losses.map(({ reason }) => reason))].join('; ');
  if (telling.length > 0 && losses.length === 0) {
    return { text: 'silent', silent: telling.map(({ path, value }) => `${path} ${value}`), losses };
  }
  if (carried.length === 0 && (telling.length > 0 || reformed.size === 0))
    return { text: `loss: ${reasons}`, silent: [], losses };
  const fields = [...new Set(telling.map(({ key }) => `\`${key}\``))];
  return { text: fields.length > 0 ? `carried, without ${fields.join(', ')}` : 'carried', silent: [], losses };
}

/** The event without its framing, and without what a response repeats of its request. */
function tellingPart({ event, sample }: SampledEvent, bundle: Bundle): unknown {
  const repeated = new Set(
    bundle.protocol === 'responses' ? propertiesOf(bundle, 'ResponsesRequest').map(({ name }) => name) : [],
  );
  const said = sample ?? event;
  return Object.fromEntries(
    Object.entries(said as JsonObject).flatMap(([name, value]) => {
      if (FRAMING.has(name)) return [];
      const head = name === 'response' || name === 'message' ? asObject(value) : undefined;
      if (!head) return HEAD.has(name) ? [] : [[name, value]];
      return [
        [
          name,
          Object.fromEntries(
            Object.entries(head).filter(([field]) => !HEAD.has(field) && !repeated.has(field) && field !== 'type'),
          ),
        ],
      ];
    }),
  );
}

interface Told {
  documents: unknown[];
  losses: Loss[];
}

function run(from: Protocol, to: Protocol, events: readonly JsonObject[]): Told {
  const hop = findHop(to, from)!;
  const dialect = PROVIDERS[hop.upstream];
  // A Chat client is told usage when it asks for it.
  const asked = to === 'chat' ? { stream_options: { include_usage: true } } : {};
  const [outer, inner] = [...plansOf(to, from, asked).values()];
  const plan = inner ? { ...outer!, inner } : outer!;
  const stream = hop.stream({ ...makeContext(dialect), plan });
  const steps = events.map((event) => push(stream, event));
  steps.push(stream.end('done'));
  const told = steps.flatMap((step): StreamEvent[] => step.events);
  return { documents: told.map(({ data }) => parseData(data) ?? data), losses: steps.flatMap(({ losses }) => losses) };
}

function push(stream: StreamTranslator, event: JsonObject) {
  return stream.push({ name: asString(event.type), data: JSON.stringify(event) });
}

const HEAD_OF_RESPONSE = { id: 'resp_1', object: 'response', created_at: 1, model: 'model_1', output: [] };

/** The item that an event of that type belongs to, by the beginning of the type. */
const ITEM_TYPES: readonly [prefix: string, type: string][] = [
  ['response.code_interpreter_call', 'code_interpreter_call'],
  ['response.content_part', 'message'],
  ['response.custom_tool_call_input', 'custom_tool_call'],
  ['response.file_search_call', 'file_search_call'],
  ['response.function_call_arguments', 'function_call'],
  ['response.image_generation_call', 'image_generation_call'],
  ['response.mcp_call', 'mcp_call'],
  ['response.mcp_list_tools', 'mcp_list_tools'],
  ['response.output_text', 'message'],
  ['response.reasoning', 'reasoning'],
  ['response.refusal', 'message'],
  ['response.shell_call', 'shell_call'],
  ['response.web_search_call', 'web_search_call'],
];

const TERMINAL: ReadonlySet<string> = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
  'error',
]);

/** A Responses event between the beginning of its item and the end of the response. */
export function wrapResponsesEvent(name: string, sample: JsonObject): SampledEvent {
  const created = {
    type: 'response.created',
    sequence_number: 0,
    response: { ...HEAD_OF_RESPONSE, status: 'in_progress' },
  };
  const done = {
    type: 'response.completed',
    sequence_number: 99,
    response: { ...HEAD_OF_RESPONSE, status: 'completed' },
  };
  const itemType = ITEM_TYPES.find(([prefix]) => name.startsWith(prefix))?.[1];
  const item = {
    type: itemType,
    id: 'item_1',
    ...(/function_call|tool_call/.test(itemType ?? '') && { call_id: 'call_1', name: 'run' }),
  };
  const added = { type: 'response.output_item.added', sequence_number: 1, output_index: 0, item };
  const event: JsonObject = {
    ...sample,
    ...('output_index' in sample && { output_index: 0 }),
    ...('item_id' in sample && { item_id: 'item_1' }),
    ...('content_index' in sample && { content_index: 0 }),
    ...('summary_index' in sample && { summary_index: 0 }),
    ...(asObject(sample.part) && { part: partFor(name, asObject(sample.part)!) }),
    ...(name === 'response.output_item.done' && { item: { ...asObject(sample.item), status: 'completed' } }),
    ...(asObject(sample.response) && { response: statusFor(name, asObject(sample.response)!) }),
  };
  const deltas = name.endsWith('part.done') ? [deltaBefore(name)] : [];
  return {
    before: [...(name === 'response.created' ? [] : [created]), ...(itemType ? [added] : []), ...deltas],
    event,
    after: TERMINAL.has(name) ? [] : [done],
  };
}

const TOLD = 'Told by deltas.';

/** A part is empty when it is added, and holds at its end what its deltas have told. */
function partFor(name: string, { type }: JsonObject): JsonObject {
  return { type, text: name.endsWith('.done') ? TOLD : '' };
}

function deltaBefore(name: string): JsonObject {
  const type = name.includes('summary') ? 'response.reasoning_summary_text.delta' : 'response.output_text.delta';
  return {
    type,
    sequence_number: 2,
    item_id: 'item_1',
    output_index: 0,
    content_index: 0,
    summary_index: 0,
    delta: TOLD,
  };
}

function statusFor(name: string, response: JsonObject): JsonObject {
  const status = name.slice('response.'.length);
  const { error, incomplete_details, ...rest } = response;
  const usage = USAGE.responses;
  const output = [{ type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: TOLD }] }];
  const ended = { completed: { output, usage }, failed: { error }, incomplete: { output, usage, incomplete_details } }[
    status
  ];
  // What a response says of itself on its way it says again at its end.
  return ended ? { ...rest, output: [], status, ...ended } : { ...HEAD_OF_RESPONSE, status: 'in_progress' };
}

const MESSAGE_START = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'model_1',
    content: [],
    usage: { input_tokens: 1, output_tokens: 1 },
  },
};

const MESSAGE_END = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
];

/** The block that a delta of that type belongs to. */
const BLOCKS: Readonly<Record<string, JsonObject>> = {
  citations_delta: { type: 'text', text: '' },
  input_json_delta: { type: 'tool_use', id: 'toolu_1', name: 'run', input: {} },
  signature_delta: { type: 'thinking', thinking: '', signature: '' },
  text_delta: { type: 'text', text: '' },
  thinking_delta: { type: 'thinking', thinking: '', signature: '' },
};

/** A delta in its block. */
export function wrapMessagesDelta(name: string, delta: JsonObject): SampledEvent {
  const text = name === 'input_json_delta' ? { partial_json: '{"place":"town_1"}' } : {};
  const event = { type: 'content_block_delta', index: 0, delta: { ...delta, ...text } };
  const start = { type: 'content_block_start', index: 0, content_block: BLOCKS[name] ?? BLOCKS.text_delta };
  const after = [{ type: 'content_block_stop', index: 0 }, ...MESSAGE_END];
  return { before: [MESSAGE_START, start], event, after, sample: event.delta };
}

/** A block as it starts. */
export function wrapMessagesEvent(name: string, sample: JsonObject): SampledEvent {
  const stop = { type: 'content_block_stop', index: 0 };
  const start = { type: 'content_block_start', index: 0, content_block: BLOCKS.text_delta };
  const { message } = sample;
  const event = {
    ...sample,
    ...('index' in sample && { index: 0 }),
    // A message is empty when it starts, but for what was counted.
    ...(asObject(message) && { message: { ...MESSAGE_START.message, usage: USAGE.messages } }),
    ...('usage' in sample && { usage: USAGE.messages }),
  };
  const around: Readonly<Record<string, Omit<SampledEvent, 'event'>>> = {
    message_start: { before: [], after: [{ ...MESSAGE_END[0]!, usage: {} }, MESSAGE_END[1]!] },
    message_delta: { before: [MESSAGE_START], after: [MESSAGE_END[1]!] },
    message_stop: { before: [MESSAGE_START, MESSAGE_END[0]!], after: [] },
    content_block_start: { before: [MESSAGE_START], after: [stop, ...MESSAGE_END] },
    content_block_stop: { before: [MESSAGE_START, start], after: MESSAGE_END },
    content_block_delta: { before: [MESSAGE_START, start], after: [stop, ...MESSAGE_END] },
    error: { before: [MESSAGE_START], after: [] },
  };
  return { ...(around[name] ?? { before: [MESSAGE_START], after: MESSAGE_END }), event };
}

const CHUNK = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'model_1' };

/** One field of a chunk, of its choice or of the delta of its choice. */
export function wrapChatField(level: 'chunk' | 'choice' | 'delta', name: string, value: unknown): SampledEvent {
  const choice = { index: 0, delta: {}, finish_reason: null };
  const field = name === 'tool_calls' ? asArray(value).map(ofOneKind) : name === 'usage' ? USAGE.chat : value;
  const delta = level === 'delta' ? { [name]: field } : { content: 'So.' };
  const chosen = level === 'choice' ? { ...choice, delta, [name]: field } : { ...choice, delta };
  const event = level === 'chunk' ? { ...CHUNK, choices: [chosen], [name]: field } : { ...CHUNK, choices: [chosen] };
  return {
    before: [],
    event,
    after: name === 'finish_reason' ? [] : [{ ...CHUNK, choices: [{ ...choice, finish_reason: 'stop' }] }],
    sample: { [name]: field },
  };
}

/** A call is one of a function or one of a custom tool. */
function ofOneKind(call: unknown): JsonObject {
  const { custom: _, ...rest } = asObject(call) ?? {};
  return { ...rest, type: 'function' };
}

import { cutIntoDeltas, namedEvents, type StreamEvent } from './events.ts';
import type { Mint } from './mint.ts';

/** What the scripted model says or asks for. */
export type ScriptedItem =
  | { type: 'message'; text: string }
  | { type: 'function_call'; name: string; arguments: Record<string, unknown>; namespace?: string }
  | { type: 'custom_tool_call'; name: string; input: string; namespace?: string }
  | { type: 'reasoning'; summary: string }
  | { type: 'compaction' };

/** One answer of the model. */
export interface ScriptedTurn {
  items: readonly ScriptedItem[];
  /** Tokens; the default is a small number of each. */
  usage?: { input: number; output: number };
}

type Json = Record<string, unknown>;
type TypedEvent = { type: string } & Json;

/** An item in its three states: as it is added, the events between, and as it is done. */
interface BuiltItem {
  added: Json;
  between: TypedEvent[];
  done: Json;
}

/** Opaque to the client, as a compaction or reasoning text is; a client must send it back unchanged. */
export const OPAQUE_CONTENT = 'gAAAAABtapedeck-opaque-content';

const DEFAULT_USAGE = { input: 120, output: 12 };

const BUILDERS: { [K in ScriptedItem['type']]: (item: Extract<ScriptedItem, { type: K }>, mint: Mint) => BuiltItem } = {
  message: buildMessage,
  function_call: buildFunctionCall,
  custom_tool_call: buildCustomToolCall,
  reasoning: buildReasoning,
  compaction: buildCompaction,
};

function buildItem(item: ScriptedItem, mint: Mint): BuiltItem {
  // The table's key is the item's own type, which TypeScript cannot follow through an index.
  return (BUILDERS[item.type] as (item: ScriptedItem, mint: Mint) => BuiltItem)(item, mint);
}

function buildMessage(item: Extract<ScriptedItem, { type: 'message' }>, mint: Mint): BuiltItem {
  const id = mint.id('msg');
  const part = (text: string) => ({ type: 'output_text', annotations: [], logprobs: [], text });
  const place = { item_id: id, content_index: 0 };
  const message = (status: string, content: object[]) => ({ id, type: 'message', status, role: 'assistant', content });
  return {
    added: message('in_progress', []),
    between: [
      { type: 'response.content_part.added', ...place, part: part('') },
      ...cutIntoDeltas(item.text).map((delta) => ({
        type: 'response.output_text.delta',
        ...place,
        delta,
        logprobs: [],
      })),
      { type: 'response.output_text.done', ...place, text: item.text, logprobs: [] },
      { type: 'response.content_part.done', ...place, part: part(item.text) },
    ],
    done: message('completed', [part(item.text)]),
  };
}

function buildFunctionCall(item: Extract<ScriptedItem, { type: 'function_call' }>, mint: Mint): BuiltItem {
  const id = mint.id('fc');
  const text = JSON.stringify(item.arguments);
  const call = { type: 'function_call', call_id: mint.id('call'), ...nameOf(item) };
  // Two deltas, cut in the middle: a client that reads each one as JSON of its own is caught.
  const half = Math.ceil(text.length / 2);
  const delta = (part: string) => ({ type: 'response.function_call_arguments.delta', item_id: id, delta: part });
  return {
    added: { id, ...call, status: 'in_progress', arguments: '' },
    between: [
      delta(text.slice(0, half)),
      delta(text.slice(half)),
      { type: 'response.function_call_arguments.done', item_id: id, arguments: text },
    ],
    done: { id, ...call, status: 'completed', arguments: text },
  };
}

function buildCustomToolCall(item: Extract<ScriptedItem, { type: 'custom_tool_call' }>, mint: Mint): BuiltItem {
  const id = mint.id('ctc');
  const call = { type: 'custom_tool_call', call_id: mint.id('call'), ...nameOf(item) };
  return {
    added: { id, ...call, status: 'in_progress', input: '' },
    between: [
      ...item.input
        .split(/(?<=\n)/)
        .map((delta) => ({ type: 'response.custom_tool_call_input.delta', item_id: id, delta })),
      { type: 'response.custom_tool_call_input.done', item_id: id, input: item.input },
    ],
    done: { id, ...call, status: 'completed', input: item.input },
  };
}

function nameOf({ name, namespace }: { name: string; namespace?: string }) {
  return namespace === undefined ? { name } : { name, namespace };
}

function buildReasoning(item: Extract<ScriptedItem, { type: 'reasoning' }>, mint: Mint): BuiltItem {
  const id = mint.id('rs');
  const place = { item_id: id, summary_index: 0 };
  const part = (text: string) => ({ type: 'summary_text', text });
  return {
    added: { id, type: 'reasoning', summary: [], encrypted_content: OPAQUE_CONTENT },
    between: [
      { type: 'response.reasoning_summary_part.added', ...place, part: part('') },
      { type: 'response.reasoning_summary_text.delta', ...place, delta: item.summary },
      { type: 'response.reasoning_summary_text.done', ...place, text: item.summary },
      { type: 'response.reasoning_summary_part.done', ...place, part: part(item.summary) },
    ],
    done: { id, type: 'reasoning', summary: [part(item.summary)], encrypted_content: OPAQUE_CONTENT },
  };
}

function buildCompaction(_item: ScriptedItem, mint: Mint): BuiltItem {
  const done = { id: mint.id('cmp'), type: 'compaction', encrypted_content: OPAQUE_CONTENT };
  return { added: done, between: [], done };
}

function responseUsage({ input, output }: { input: number; output: number } = DEFAULT_USAGE): Json {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}

/** The response object, with every field that the Responses API always sends. */
function responseObject(head: { id: string; created_at: number; model: string }, rest: Json): Json {
  return {
    id: head.id,
    object: 'response',
    created_at: head.created_at,
    status: 'in_progress',
    access_programs: null,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: head.model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    metadata: {},
    ...rest,
  };
}

/**
 * The whole stream of one answer in OpenAI's order: created, in_progress, then for each item added, its parts and
 * deltas, done, and completed with usage; sequence numbers from 0.
 */
export function responsesEvents(turn: ScriptedTurn, model: string, mint: Mint): StreamEvent[] {
  const head = { id: mint.id('resp'), created_at: mint.now(), model };
  const items = turn.items.map((item) => buildItem(item, mint));
  const list: TypedEvent[] = [
    { type: 'response.created', response: responseObject(head, {}) },
    { type: 'response.in_progress', response: responseObject(head, {}) },
    ...items.flatMap((item, output_index) => [
      { type: 'response.output_item.added', output_index, item: item.added },
      ...item.between.map((event) => ({ ...event, output_index })),
      { type: 'response.output_item.done', output_index, item: item.done },
    ]),
    { type: 'response.completed', response: completed(head, items, turn) },
  ];
  return namedEvents(list.map(({ type, ...rest }, sequence_number) => ({ type, sequence_number, ...rest })));
}

/** The same answer for a request without `stream`. */
export function responsesObject(turn: ScriptedTurn, model: string, mint: Mint): Json {
  const head = { id: mint.id('resp'), created_at: mint.now(), model };
  return completed(
    head,
    turn.items.map((item) => buildItem(item, mint)),
    turn,
  );
}

function completed(head: Parameters<typeof responseObject>[0], items: readonly BuiltItem[], turn: ScriptedTurn): Json {
  return responseObject(head, {
    status: 'completed',
    output: items.map(({ done }) => done),
    usage: responseUsage(turn.usage),
  });
}

/** The answer of `POST /responses/compact`, which Codex up to 0.139 asks for. */
export function compactionObject(mint: Mint): Json {
  return {
    id: mint.id('resp'),
    object: 'response.compaction',
    created_at: mint.now(),
    output: [buildCompaction({ type: 'compaction' }, mint).done],
    usage: responseUsage(),
  };
}

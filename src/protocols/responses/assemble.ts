import { asArray, asNumber, asObject, asString, type JsonObject } from '../grammar.ts';

/** A response as its events tell it. Fields beyond these are those of the last `response` object that an event carried. */
export interface AssembledResponse extends JsonObject {
  /** As in the terminal event; `in_progress` when there was none. */
  status: string;
  output: JsonObject[];
}

interface ItemState {
  item: JsonObject;
  outputIndex: number | undefined;
}

/** Where a delta of an item goes: the path to the text, with the index that the event names in the middle. */
const TEXTS: Readonly<Record<string, { list?: string; index?: string; field: string; part?: string }>> = {
  'response.output_text.delta': { list: 'content', index: 'content_index', field: 'text', part: 'output_text' },
  'response.refusal.delta': { list: 'content', index: 'content_index', field: 'refusal', part: 'refusal' },
  'response.reasoning_text.delta': { list: 'content', index: 'content_index', field: 'text', part: 'reasoning_text' },
  'response.reasoning_summary_text.delta': {
    list: 'summary',
    index: 'summary_index',
    field: 'text',
    part: 'summary_text',
  },
  'response.function_call_arguments.delta': { field: 'arguments' },
  'response.custom_tool_call_input.delta': { field: 'input' },
  'response.mcp_call_arguments.delta': { field: 'arguments' },
  'response.code_interpreter_call_code.delta': { field: 'code' },
};

const TERMINAL = ['response.completed', 'response.failed', 'response.incomplete'];

/**
 * The response that a stream amounts to. An item is the one of its `done` event, else what `added` and the deltas
 * made of it so far; the terminal event's own `output` wins when it is not empty. Takes any values and never throws.
 * @param events parsed data of the events, in order
 */
export function assembleResponses(events: readonly unknown[]): AssembledResponse {
  const items: ItemState[] = [];
  let response: JsonObject = {};
  let ended = false;
  for (const value of events) {
    const event = asObject(value);
    const type = asString(event?.type);
    if (!event || type === undefined || ended) continue;
    const said = asObject(event.response);
    response = { ...response, ...said };
    if (type === 'error') response = { ...response, error: asObject(event.error) ?? event };
    ended = TERMINAL.includes(type);
    if (ended) response = { ...response, status: asString(said?.status) ?? type.slice('response.'.length) };
    readItemEvent(items, type, event);
  }
  const own = asArray(response.output)
    .map(asObject)
    .filter((item) => item !== undefined);
  const output = own.length > 0 ? own : inOrder(items).map((state) => state.item);
  return { ...response, status: asString(response.status) ?? 'in_progress', output };
}

function readItemEvent(items: ItemState[], type: string, event: JsonObject): void {
  if (type === 'response.output_item.added') items.push(newState(event));
  else if (type === 'response.output_item.done') finishItem(items, event);
  else if (Object.hasOwn(TEXTS, type)) appendText(findState(items, event), type, event);
}

function newState(event: JsonObject): ItemState {
  return { item: structuredClone(asObject(event.item)) ?? {}, outputIndex: asNumber(event.output_index) };
}

function finishItem(items: ItemState[], event: JsonObject): void {
  const done = newState(event);
  const at = items.findIndex(
    ({ item, outputIndex }) =>
      (done.outputIndex !== undefined && outputIndex === done.outputIndex) ||
      (typeof done.item.id === 'string' && item.id === done.item.id),
  );
  if (at < 0) items.push(done);
  else items[at] = done;
}

function findState(items: readonly ItemState[], event: JsonObject): ItemState | undefined {
  const index = asNumber(event.output_index);
  const id = asString(event.item_id);
  if (index === undefined && id === undefined) return items.at(-1);
  return (
    items.find((state) => index !== undefined && state.outputIndex === index) ??
    items.find(({ item }) => item.id === id)
  );
}

function appendText(state: ItemState | undefined, type: string, event: JsonObject): void {
  const { list, index, field, part } = TEXTS[type]!;
  const delta = asString(event.delta);
  if (!state || delta === undefined) return;
  const target = list === undefined ? state.item : partAt(state.item, list, asNumber(event[index!]) ?? 0, part!);
  if (target) target[field] = (asString(target[field]) ?? '') + delta;
}

/** The part of that index, made if it is the next one; an index that leaves a gap has no part. */
function partAt(item: JsonObject, list: string, index: number, type: string): JsonObject | undefined {
  if (!Array.isArray(item[list])) item[list] = [];
  const parts = item[list] as unknown[];
  if (index === parts.length) parts.push({ type });
  return asObject(parts[index]);
}

/** By output index; items without one stay where they came. */
function inOrder(items: readonly ItemState[]): ItemState[] {
  return [...items].sort((a, b) =>
    a.outputIndex === undefined || b.outputIndex === undefined ? 0 : a.outputIndex - b.outputIndex,
  );
}

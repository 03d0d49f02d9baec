import { asNumber, asObject, asString, type JsonObject, parseData } from '../grammar.ts';

/** A message as its events tell it; other fields are those of `message_start`. */
export interface AssembledMessage extends JsonObject {
  type: 'message';
  content: JsonObject[];
  /** null: the stream did not say. */
  stop_reason: string | null;
  /** The error that ended the stream. */
  error?: unknown;
}

interface BlockState {
  block: JsonObject;
  /** Sum of the `input_json_delta`s. */
  input: string;
}

/** Texts that grow, by type of delta: name of the delta's field, and of the block's. */
const TEXTS: Readonly<Record<string, [from: string, to: string]>> = {
  text_delta: ['text', 'text'],
  thinking_delta: ['thinking', 'thinking'],
};

/**
 * The message that a stream amounts to. The input of a tool is parsed when its block is over; what is no JSON stays the
 * text that it is. Takes any values and never throws.
 * @param events parsed data of the events, in order
 */
export function assembleMessages(events: readonly unknown[]): AssembledMessage {
  const blocks = new Map<number, BlockState>();
  let message: AssembledMessage = { type: 'message', content: [], stop_reason: null };
  for (const value of events) {
    const event = asObject(value);
    const type = asString(event?.type);
    if (!event || type === undefined) continue;
    if (type === 'message_start') message = startMessage(event);
    else if (type === 'message_delta') message = mergeDelta(message, event);
    else if (type === 'error') message.error = event.error;
    else readBlockEvent(blocks, type, event);
  }
  const content = [...blocks].sort(([a], [b]) => a - b).map(([, state]) => finishBlock(state));
  return { ...message, content };
}

function startMessage(event: JsonObject): AssembledMessage {
  const start = asObject(event.message) ?? {};
  return { ...start, type: 'message', content: [], stop_reason: asString(start.stop_reason) ?? null };
}

function mergeDelta(message: AssembledMessage, event: JsonObject): AssembledMessage {
  const delta = asObject(event.delta) ?? {};
  const counts = Object.entries(asObject(event.usage) ?? {}).filter(([, count]) => count !== null);
  const usage = { ...asObject(message.usage), ...Object.fromEntries(counts) };
  const stopReason = asString(delta.stop_reason) ?? message.stop_reason;
  const counted = Object.keys(usage).length > 0 ? { usage } : {};
  return { ...message, ...delta, ...counted, type: 'message', content: [], stop_reason: stopReason };
}

function readBlockEvent(blocks: Map<number, BlockState>, type: string, event: JsonObject): void {
  const index = asNumber(event.index);
  if (index === undefined) return;
  if (type === 'content_block_start') {
    blocks.set(index, { block: structuredClone(asObject(event.content_block)) ?? {}, input: '' });
  } else if (type === 'content_block_delta') {
    const state = blocks.get(index);
    const delta = asObject(event.delta);
    if (state && delta) applyDelta(state, delta);
  }
}

function applyDelta(state: BlockState, delta: JsonObject): void {
  const type = asString(delta.type) ?? '';
  const names = Object.hasOwn(TEXTS, type) ? TEXTS[type] : undefined;
  if (names) state.block[names[1]] = (asString(state.block[names[1]]) ?? '') + (asString(delta[names[0]]) ?? '');
  else if (type === 'input_json_delta') state.input += asString(delta.partial_json) ?? '';
  else if (type === 'signature_delta') state.block.signature = delta.signature;
  else if (type === 'citations_delta') addCitation(state.block, delta.citation);
}

function addCitation(block: JsonObject, citation: unknown): void {
  const citations = Array.isArray(block.citations) ? block.citations : [];
  block.citations = [...citations, citation];
}

function finishBlock({ block, input }: BlockState): JsonObject {
  return input === '' ? block : { ...block, input: parseData(input) ?? input };
}

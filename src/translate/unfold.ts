import { asArray, asObject, asString, type JsonObject } from '../protocols/grammar.ts';
import type { Protocol } from '../util/types.ts';
import type { StreamEvent } from './types.ts';

/**
 * A whole answer as the stream that would have told it: some providers answer a request for a stream with one JSON document,
 * and a client that reads a stream does not understand that (Codex 0.113.0 to 0.169.0 fail on it).
 */
export function unfoldAnswer(protocol: Protocol, body: JsonObject): StreamEvent[] {
  if (isAnswer(body)) return UNFOLD[protocol](body);
  // What is no answer must not become one that says nothing: an error is told as it is, and after anything else the stream just ends.
  const failed = body.error !== undefined && body.error !== null;
  return failed ? [{ name: undefined, data: JSON.stringify(body) }] : [];
}

function isAnswer({ content, choices, output, object }: JsonObject): boolean {
  return [content, choices, output].some((said) => said !== undefined && said !== null) || object === 'response';
}

const UNFOLD: Readonly<Record<Protocol, (body: JsonObject) => StreamEvent[]>> = {
  responses: unfoldResponse,
  chat: unfoldCompletion,
  messages: unfoldMessage,
};

function named(type: string, fields: JsonObject): StreamEvent {
  return { name: type, data: JSON.stringify({ type, ...fields }) };
}

/** Chat: one chunk a choice that says all, one that ends it, the usage, and the end mark. */
function unfoldCompletion({ choices, usage, object: _, ...rest }: JsonObject): StreamEvent[] {
  const chunk = (fields: JsonObject): StreamEvent => ({
    name: undefined,
    data: JSON.stringify({ ...rest, object: 'chat.completion.chunk', ...fields }),
  });
  const events = asArray(choices).flatMap((value) => {
    const { message, finish_reason, ...choice } = asObject(value) ?? {};
    const said = asObject(message) ?? {};
    const calls = asArray(said.tool_calls).map((call, index) => ({ ...asObject(call), index }));
    const delta = calls.length > 0 ? { ...said, tool_calls: calls } : said;
    return [
      chunk({ choices: [{ ...choice, delta, finish_reason: null }] }),
      chunk({ choices: [{ index: choice.index ?? 0, delta: {}, finish_reason: finish_reason ?? null }] }),
    ];
  });
  if (usage !== undefined) events.push(chunk({ choices: [], usage }));
  return [...events, { name: undefined, data: '[DONE]' }];
}

/** How the text of a block travels: the field it starts empty in, and its delta. */
const BLOCK_TEXT: Readonly<Record<string, { field: string; delta: string }>> = {
  text: { field: 'text', delta: 'text_delta' },
  thinking: { field: 'thinking', delta: 'thinking_delta' },
};

function unfoldMessage({
  content,
  stop_reason,
  stop_sequence,
  stop_details,
  usage,
  ...rest
}: JsonObject): StreamEvent[] {
  const message = { ...rest, content: [], stop_reason: null, stop_sequence: null, usage };
  const events = [named('message_start', { message })];
  // Some servers answer as the SDK lets one ask: with a string.
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : asArray(content);
  blocks.forEach((value, index) => {
    const block = asObject(value) ?? {};
    const [start, ...deltas] = blockParts(block);
    events.push(named('content_block_start', { index, content_block: start }));
    for (const delta of deltas) events.push(named('content_block_delta', { index, delta }));
    events.push(named('content_block_stop', { index }));
  });
  const delta = { stop_reason: stop_reason ?? null, stop_sequence: stop_sequence ?? null, stop_details };
  events.push(named('message_delta', { delta, usage }), named('message_stop', {}));
  return events;
}

function blockParts(block: JsonObject): [start: JsonObject, ...deltas: JsonObject[]] {
  const type = asString(block.type) ?? '';
  if (type === 'tool_use' || type === 'server_tool_use') {
    const partial_json = JSON.stringify(block.input ?? {});
    return [
      { ...block, input: {} },
      { type: 'input_json_delta', partial_json },
    ];
  }
  const text = Object.hasOwn(BLOCK_TEXT, type) ? BLOCK_TEXT[type] : undefined;
  if (!text) return [block];
  const deltas: JsonObject[] = [{ type: text.delta, [text.field]: block[text.field] ?? '' }];
  for (const citation of asArray(block.citations)) deltas.push({ type: 'citations_delta', citation });
  if (typeof block.signature === 'string') deltas.push({ type: 'signature_delta', signature: block.signature });
  const start: JsonObject = { ...block, [text.field]: '' };
  if (type === 'thinking') start.signature = '';
  if (Array.isArray(block.citations)) start.citations = [];
  return [start, ...deltas];
}

/** Responses: items as they are done. Nobody of ours reads the deltas of an item that is told whole. */
function unfoldResponse(response: JsonObject): StreamEvent[] {
  let number = 0;
  const event = (type: string, fields: JsonObject) => named(type, { sequence_number: number++, ...fields });
  const begun = { ...response, status: 'in_progress', output: [], usage: null };
  const events = [event('response.created', { response: begun }), event('response.in_progress', { response: begun })];
  asArray(response.output).forEach((item, output_index) => {
    events.push(event('response.output_item.added', { output_index, item }));
    events.push(event('response.output_item.done', { output_index, item }));
  });
  const status = asString(response.status) ?? 'completed';
  const last = ['completed', 'incomplete'].includes(status) ? status : 'failed';
  return [...events, event(`response.${last}`, { response })];
}

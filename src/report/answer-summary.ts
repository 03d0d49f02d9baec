import type { Protocol } from '../util/types.ts';
import { asText, type Fields, fieldsOf, listOf, nameOf, numberOf, textOf } from './fields.ts';

/** What an answer says, short enough to read, whether it came as a stream or as one document. */
export interface AnswerSummary {
  id?: string;
  model?: string;
  /** Status of the Responses protocol, finish or stop reason of the others. */
  finish?: string;
  text: string;
  reasoning: string;
  toolCalls: ToolCall[];
  /** Types of other output items and blocks. */
  others: string[];
  usage?: Usage;
  error?: { code?: string; message: string };
}

export interface ToolCall {
  /** Item type: `function_call`, `custom_tool_call`, `tool_use`, … */
  kind: string;
  name: string;
  /** As the model wrote them: JSON, or the text of a custom tool. */
  arguments: string;
  callId?: string;
}

/** Tokens. */
export interface Usage {
  input?: number;
  cached?: number;
  output?: number;
  reasoning?: number;
  total?: number;
}

/** An answer in the making. */
type Draft = AnswerSummary & { calls: Map<string, ToolCall>; deltas: string };

function createDraft(): Draft {
  return { text: '', reasoning: '', toolCalls: [], others: [], calls: new Map(), deltas: '' };
}

function finish({ calls, deltas, ...draft }: Draft): AnswerSummary {
  // Items that only ever came as deltas (a stream that broke off) still say something.
  return { ...draft, text: draft.text || deltas, toolCalls: [...draft.toolCalls, ...calls.values()] };
}

/** What a whole JSON body says; an error body of any shape counts. */
export function summariseAnswer(protocol: Protocol | null, body: unknown): AnswerSummary {
  const draft = createDraft();
  const fields = fieldsOf(body);
  readError(draft, fields);
  if (protocol !== null) DOCUMENTS[protocol](draft, fields);
  return finish(draft);
}

/** What the events of a stream say, given the JSON of their data in order. */
export function summariseStream(protocol: Protocol | null, events: readonly unknown[]): AnswerSummary {
  const draft = createDraft();
  for (const event of events) {
    const fields = fieldsOf(event);
    if (protocol === 'chat') readChunk(draft, fields);
    else {
      const type = textOf(fields.type);
      if (Object.hasOwn(EVENTS, type)) EVENTS[type]!(draft, fields);
    }
  }
  return finish(draft);
}

const DOCUMENTS: Record<Protocol, (draft: Draft, body: Fields) => void> = {
  responses: readResponse,
  chat: (draft, body) => {
    readIdentity(draft, body);
    for (const choice of listOf(body.choices).map(fieldsOf)) readChoice(draft, choice, fieldsOf(choice.message));
    readUsage(draft, body.usage);
  },
  messages: (draft, body) => {
    readIdentity(draft, body);
    for (const [i, block] of listOf(body.content).entries()) openBlock(draft, String(i), fieldsOf(block));
    readStop(draft, body.stop_reason);
    readUsage(draft, body.usage);
  },
};

/** Handlers by event type; the types of Responses and Messages do not meet, but for `error`, which is alike. */
const EVENTS: Record<string, (draft: Draft, event: Fields) => void> = {
  'response.created': (draft, event) => readIdentity(draft, fieldsOf(event.response)),
  'response.output_text.delta': (draft, event) => {
    draft.deltas += textOf(event.delta);
  },
  'response.output_item.done': (draft, event) => {
    draft.deltas = '';
    readItem(draft, fieldsOf(event.item));
  },
  'response.completed': readTerminal,
  'response.incomplete': readTerminal,
  'response.failed': readTerminal,
  error: (draft, event) => readError(draft, { error: event.error ?? event }),
  message_start: (draft, event) => {
    const message = fieldsOf(event.message);
    readIdentity(draft, message);
    readUsage(draft, message.usage);
  },
  content_block_start: (draft, event) => openBlock(draft, asText(event.index), fieldsOf(event.content_block)),
  content_block_delta: (draft, event) => {
    const delta = fieldsOf(event.delta);
    draft.text += textOf(delta.text);
    draft.reasoning += textOf(delta.thinking);
    const call = draft.calls.get(asText(event.index));
    if (call) call.arguments += textOf(delta.partial_json);
  },
  message_delta: (draft, event) => {
    readStop(draft, fieldsOf(event.delta).stop_reason);
    readUsage(draft, event.usage);
  },
};

function readTerminal(draft: Draft, event: Fields): void {
  // Clients take items from their own events; the copy in the terminal event counts only when there were none.
  const { output, ...response } = fieldsOf(event.response);
  const seen = draft.text || draft.toolCalls.length > 0 || draft.others.length > 0;
  readResponse(draft, seen ? response : { ...response, output });
}

function readResponse(draft: Draft, response: Fields): void {
  readIdentity(draft, response);
  readError(draft, response);
  for (const item of listOf(response.output)) readItem(draft, fieldsOf(item));
  const reason = nameOf(fieldsOf(response.incomplete_details).reason);
  const status = nameOf(response.status);
  if (status !== undefined) draft.finish = reason === undefined ? status : `${status}: ${reason}`;
  readUsage(draft, response.usage);
}

function readItem(draft: Draft, item: Fields): void {
  const type = textOf(item.type);
  if (type === 'message') draft.text += partTexts(item.content);
  else if (type === 'reasoning') draft.reasoning += partTexts(item.summary) || partTexts(item.content);
  else if (type === 'function_call' || type === 'custom_tool_call') {
    const callId = nameOf(item.call_id);
    const name = [nameOf(item.namespace), textOf(item.name)].filter((part) => part !== undefined).join('.');
    const args = asText(item.arguments ?? item.input);
    draft.toolCalls.push({ kind: type, name, arguments: args, ...(callId === undefined ? {} : { callId }) });
  } else draft.others.push(type || 'unknown');
}

function partTexts(parts: unknown): string {
  return listOf(parts)
    .map((part) => textOf(fieldsOf(part).text) || textOf(fieldsOf(part).refusal))
    .join('');
}

function readChunk(draft: Draft, chunk: Fields): void {
  readIdentity(draft, chunk);
  readError(draft, chunk);
  for (const choice of listOf(chunk.choices).map(fieldsOf)) readChoice(draft, choice, fieldsOf(choice.delta));
  readUsage(draft, chunk.usage);
}

/** Chat: a message, or the next part of one. */
function readChoice(draft: Draft, choice: Fields, message: Fields): void {
  draft.text += textOf(message.content) || textOf(message.refusal);
  // `reasoning_content` (DeepSeek) and `reasoning` (OpenRouter) are additions of providers.
  draft.reasoning += textOf(message.reasoning_content) || textOf(message.reasoning);
  for (const [i, call] of listOf(message.tool_calls).map(fieldsOf).entries()) {
    const { name, arguments: args } = fieldsOf(call.function);
    const key = asText(call.index ?? i);
    const open = draft.calls.get(key) ?? { kind: nameOf(call.type) ?? 'function', name: '', arguments: '' };
    const callId = nameOf(call.id) ?? open.callId;
    draft.calls.set(key, {
      ...open,
      name: open.name || textOf(name),
      arguments: open.arguments + textOf(args),
      ...(callId === undefined ? {} : { callId }),
    });
  }
  readStop(draft, choice.finish_reason);
}

/** Messages: a content block, whole or at its start. */
function openBlock(draft: Draft, index: string, block: Fields): void {
  const type = textOf(block.type);
  if (type === 'text') draft.text += textOf(block.text);
  else if (type === 'thinking') draft.reasoning += textOf(block.thinking);
  else if (type === 'tool_use') {
    // A stream begins with an empty object and sends the arguments as text afterwards.
    const whole = Object.keys(fieldsOf(block.input)).length > 0;
    const callId = nameOf(block.id);
    const call = { kind: type, name: textOf(block.name), arguments: whole ? asText(block.input) : '' };
    draft.calls.set(index, { ...call, ...(callId === undefined ? {} : { callId }) });
  } else draft.others.push(type || 'unknown');
}

function readIdentity(draft: Draft, fields: Fields): void {
  const id = nameOf(fields.id);
  const model = nameOf(fields.model);
  if (id !== undefined) draft.id = id;
  if (model !== undefined) draft.model = model;
}

function readStop(draft: Draft, reason: unknown): void {
  const name = nameOf(reason);
  if (name !== undefined) draft.finish = name;
}

function readError(draft: Draft, fields: Fields): void {
  if (fields.error === undefined || fields.error === null) return;
  const error = fieldsOf(fields.error);
  const code = nameOf(error.code) ?? nameOf(error.type);
  const message = nameOf(error.message) ?? asText(fields.error);
  draft.error = { message, ...(code === undefined ? {} : { code }) };
}

/** Usage of any of the three protocols; later numbers replace earlier ones. */
function readUsage(draft: Draft, value: unknown): void {
  const usage = fieldsOf(value);
  const inputDetails = fieldsOf(usage.input_tokens_details ?? usage.prompt_tokens_details);
  const outputDetails = fieldsOf(usage.output_tokens_details ?? usage.completion_tokens_details);
  const numbers = {
    input: numberOf(usage.input_tokens ?? usage.prompt_tokens),
    cached: numberOf(inputDetails.cached_tokens ?? usage.cache_read_input_tokens),
    output: numberOf(usage.output_tokens ?? usage.completion_tokens),
    reasoning: numberOf(outputDetails.reasoning_tokens),
    total: numberOf(usage.total_tokens),
  };
  const known = Object.entries(numbers).filter(([, number]) => number !== undefined);
  if (known.length > 0) draft.usage = { ...draft.usage, ...(Object.fromEntries(known) as Usage) };
}

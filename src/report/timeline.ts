import { parseJson } from '../decode/json.ts';
import { createSseParser } from '../decode/sse.ts';
import { asText, type Fields, fieldsOf, listOf, nameOf, textOf } from './fields.ts';

/** One event of a recorded stream. */
export interface TimedEvent {
  /** Milliseconds since the entry began at which its last byte had arrived. */
  ms: number;
  /** `type` of its data; else the `event:` line; `[DONE]`; `chunk` for Chat; `data` for anything else. */
  type: string;
  /** Parsed data; undefined when it is not JSON. */
  json: unknown;
  data: string;
  /** Byte offsets in the decoded stream. */
  start: number;
  end: number;
}

/** A line of the time line: one event, or a run of deltas of the same kind. */
export interface TimelineRow {
  fromMs: number;
  toMs: number;
  type: string;
  count: number;
  text: string;
}

/** The events of a stream with the times of the reads that completed them, and what was left over at its end. */
export function readTimeline(chunks: readonly { ms: number; data: Uint8Array }[]): {
  events: TimedEvent[];
  rest?: { start: number; text: string };
} {
  const parser = createSseParser();
  const found = chunks.flatMap(({ ms, data }) => parser.push(data).map((event) => ({ ms, event })));
  const events = found.map(({ ms, event: { event, data, start, end } }) => {
    const parsed = parseJson(data);
    const json = parsed.ok ? parsed.value : undefined;
    return { ms, type: typeOf(event, data, json), json, data, start, end };
  });
  return { events, ...parser.end() };
}

function typeOf(event: string | undefined, data: string, json: unknown): string {
  const fields = fieldsOf(json);
  if (data.trim() === '[DONE]') return '[DONE]';
  if (fields.object === 'chat.completion.chunk') return 'chunk';
  return nameOf(fields.type) ?? event ?? (Array.isArray(fields.choices) ? 'chunk' : 'data');
}

/** Rows of the time line: runs of deltas of the same kind and item become one row with their joined text. */
export function foldTimeline(events: readonly TimedEvent[]): TimelineRow[] {
  const rows: (TimelineRow & { run: string | undefined })[] = [];
  for (const event of events) {
    const { run, text, type = event.type } = describe(event);
    const last = rows.at(-1);
    if (run !== undefined && last?.run === run) {
      last.toMs = event.ms;
      last.count++;
      last.text += text;
    } else rows.push({ fromMs: event.ms, toMs: event.ms, type, count: 1, text, run });
  }
  return rows.map(({ run: _, ...row }) => row);
}

/** What a row says. `run` names the run of deltas that the event belongs to. */
interface Description {
  text: string;
  run?: string;
  type?: string;
}

function describe(event: TimedEvent): Description {
  const fields = fieldsOf(event.json);
  if (event.type === '[DONE]') return { text: '' };
  if (event.json === undefined) return { text: `not JSON: ${event.data}` };
  if (/^response\..*\.delta$/.test(event.type)) {
    const place = [fields.output_index, fields.item_id, fields.content_index].map(asText);
    return { text: asText(fields.delta), run: [event.type, ...place].join(' ') };
  }
  if (Object.hasOwn(TEXTS, event.type)) return TEXTS[event.type]!(fields);
  return { text: /^response\..*\.done$/.test(event.type) ? doneText(fields) : '' };
}

/** What is worth saying of an event, by its type. */
const TEXTS: Record<string, (event: Fields) => Description> = {
  'response.created': (event) => {
    const response = fieldsOf(event.response);
    return { text: join(response.id, response.model) };
  },
  'response.output_item.added': (event) => ({ text: itemName(fieldsOf(event.item)) }),
  'response.output_item.done': (event) => ({ text: itemName(fieldsOf(event.item)) }),
  'response.content_part.added': (event) => ({ text: join(fieldsOf(event.part).type) }),
  'response.content_part.done': (event) => ({ text: join(fieldsOf(event.part).type) }),
  'response.completed': (event) => ({ text: terminalText(fieldsOf(event.response)) }),
  'response.incomplete': (event) => ({ text: terminalText(fieldsOf(event.response)) }),
  'response.failed': (event) => ({ text: terminalText(fieldsOf(event.response)) }),
  error: (event) => ({ text: errorText(fieldsOf(event.error ?? event)) }),
  message_start: (event) => {
    const message = fieldsOf(event.message);
    return { text: join(message.id, message.model) };
  },
  content_block_start: (event) => ({ text: itemName(fieldsOf(event.content_block)) }),
  content_block_delta: (event) => {
    const delta = fieldsOf(event.delta);
    const text = textOf(delta.text) || textOf(delta.partial_json) || textOf(delta.thinking);
    return {
      text,
      run: `${asText(event.index)} ${textOf(delta.type)}`,
      type: `content_block_delta ${textOf(delta.type)}`,
    };
  },
  message_delta: (event) => ({ text: join(fieldsOf(event.delta).stop_reason, usageText(fieldsOf(event.usage))) }),
  chunk: describeChunk,
};

function describeChunk(chunk: Fields): Description {
  const choice = fieldsOf(listOf(chunk.choices)[0]);
  const delta = fieldsOf(choice.delta);
  const reason = nameOf(choice.finish_reason);
  if (reason !== undefined) return { text: join(reason, usageText(fieldsOf(chunk.usage))), type: 'chunk finish' };
  for (const field of ['content', 'reasoning_content', 'reasoning', 'refusal']) {
    const text = nameOf(delta[field]);
    if (text !== undefined) return { text, run: `${asText(choice.index)} ${field}`, type: `chunk ${field}` };
  }
  const call = fieldsOf(listOf(delta.tool_calls)[0]);
  if (Object.keys(call).length > 0) {
    const { name, arguments: args } = fieldsOf(call.function);
    const opening = nameOf(name);
    const run = `${asText(choice.index)} tool ${asText(call.index)}`;
    return { text: opening === undefined ? textOf(args) : `${opening} ${textOf(args)}`, run, type: 'chunk tool_calls' };
  }
  const usage = usageText(fieldsOf(chunk.usage));
  if (usage) return { text: usage, type: 'chunk usage' };
  return { text: join(delta.role) };
}

function itemName(item: Fields): string {
  return join(item.type, item.namespace, item.name, item.status);
}

function doneText(fields: Fields): string {
  const whole = fields.text ?? fields.arguments ?? fields.input ?? fields.refusal;
  return typeof whole === 'string' ? `${whole.length} characters` : '';
}

function terminalText(response: Fields): string {
  const reason = fieldsOf(response.incomplete_details).reason;
  const error = response.error ? errorText(fieldsOf(response.error)) : undefined;
  return join(response.id, response.status, reason, error, usageText(fieldsOf(response.usage)));
}

function errorText(error: Fields): string {
  return join(error.code ?? error.type, error.message);
}

function usageText(usage: Fields): string {
  const input = usage.input_tokens ?? usage.prompt_tokens;
  const output = usage.output_tokens ?? usage.completion_tokens;
  const parts = [input === undefined ? '' : `in ${asText(input)}`, output === undefined ? '' : `out ${asText(output)}`];
  return parts.filter(Boolean).join(', ');
}

function join(...parts: unknown[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(' ');
}

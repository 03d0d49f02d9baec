import { parseJson } from '../../decode/json.ts';
import { parseSse, type SseRest } from '../../decode/sse.ts';
import type { SseEvent } from '../../decode/types.ts';
import { concatBytes } from '../../util/bytes.ts';
import { asFields, readItem } from './items.ts';
import type { CodexAnswer, CodexItem, CodexRemark } from './types.ts';

/** The event that decides a turn, or why there was none. */
export type Terminal =
  | { kind: 'completed' | 'failed' | 'incomplete'; data: string; event: Record<string, unknown> }
  | { kind: 'idle'; gapMs: number }
  | { kind: 'none' };

/** A stream as Codex reads it, up to the event that decides it. */
export interface StreamReading {
  terminal: Terminal;
  items: CodexItem[];
  /** Items of `response.output_item.done`, understood or not. */
  outputItems: number;
  compactions: number;
  remarks: CodexRemark[];
  /** Events by `type`; `(no type)` for JSON without one, `(no JSON)` for the rest. */
  counts: Map<string, number>;
  /** Whether some data looked like a Chat Completions chunk, an error object, or `[DONE]`. */
  sawChatChunk: boolean;
  sawError: string | undefined;
  rest: SseRest | undefined;
}

const TERMINALS: Record<string, 'completed' | 'failed' | 'incomplete'> = {
  'response.completed': 'completed',
  'response.failed': 'failed',
  'response.incomplete': 'incomplete',
};

/** Reads an answer's body as an event stream, with the idle timer that only whole events with data reset. */
export function readStream(version: string, answer: CodexAnswer, idleTimeoutMs: number): StreamReading {
  const { events, rest } = parseSse(concatBytes(answer.chunks.map((chunk) => chunk.data)));
  const reading = emptyReading(rest);
  const arrivals = arrivalsOf(answer, events);
  let lastMs = answer.headMs;
  for (const [i, event] of events.entries()) {
    const gapMs = arrivals[i]! - lastMs;
    if (gapMs >= idleTimeoutMs) return { ...reading, terminal: { kind: 'idle', gapMs } };
    lastMs = arrivals[i]!;
    const terminal = readEvent(version, event, reading);
    if (terminal) return { ...reading, terminal };
  }
  const gapMs = answer.endMs - lastMs;
  return gapMs >= idleTimeoutMs ? { ...reading, terminal: { kind: 'idle', gapMs } } : reading;
}

function emptyReading(rest: SseRest | undefined): StreamReading {
  return {
    terminal: { kind: 'none' },
    items: [],
    outputItems: 0,
    compactions: 0,
    remarks: [],
    counts: new Map(),
    sawChatChunk: false,
    sawError: undefined,
    rest,
  };
}

/** When each event's blank line arrived. */
function arrivalsOf(answer: CodexAnswer, events: readonly SseEvent[]): number[] {
  const arrivals: number[] = [];
  let chunk = 0;
  let received = answer.chunks[0]?.data.length ?? 0;
  for (const event of events) {
    while (received < event.end && chunk + 1 < answer.chunks.length) {
      chunk += 1;
      received += answer.chunks[chunk]!.data.length;
    }
    arrivals.push(answer.chunks[chunk]?.ms ?? answer.headMs);
  }
  return arrivals;
}

function readEvent(version: string, event: SseEvent, reading: StreamReading): Terminal | undefined {
  const parsed = parseJson(event.data);
  const fields = parsed.ok ? asFields(parsed.value) : undefined;
  const type = typeof fields?.type === 'string' ? fields.type : undefined;
  const name = type ?? (fields ? '(no type)' : '(no JSON)');
  reading.counts.set(name, (reading.counts.get(name) ?? 0) + 1);
  if (!fields) return undefined;
  if (fields.object === 'chat.completion.chunk') reading.sawChatChunk = true;
  // The name of the event is in the data; an `event:` line alone is not read.
  if (type === undefined || type === 'error') reading.sawError ??= errorMessageOf(fields);
  if (type === 'response.output_item.done') addItem(version, fields.item, reading);
  const terminal = type !== undefined && Object.hasOwn(TERMINALS, type) ? TERMINALS[type] : undefined;
  if (!terminal || !asFields(fields.response)) return undefined;
  return { kind: terminal, data: event.data, event: fields };
}

function addItem(version: string, item: unknown, reading: StreamReading): void {
  const { item: kept, remark } = readItem(item, version);
  reading.outputItems += 1;
  if (kept) reading.items.push(kept);
  if (kept?.type === 'compaction') reading.compactions += 1;
  if (remark) reading.remarks.push(remark);
}

/** Text of an `error` event (`{type, message}`) or of a chat-style `{error: {message}}`; undefined for other data. */
function errorMessageOf(fields: Record<string, unknown>): string | undefined {
  const error = asFields(fields.error);
  const message = error?.message ?? fields.message ?? (typeof fields.error === 'string' ? fields.error : undefined);
  const isError = fields.type === 'error' || fields.error !== undefined;
  return isError ? String(message ?? 'no message') : undefined;
}

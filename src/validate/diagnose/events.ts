import { parseJson } from '../../decode/json.ts';
import { createSseParser } from '../../decode/sse.ts';

/** One event of a recorded stream. */
export interface SeenEvent {
  /** `type` of the data; `[DONE]`, `chunk` (Chat), else the `event:` line or `data`. */
  type: string;
  json: unknown;
  data: string;
  /** Byte offsets in the decoded body. */
  start: number;
  end: number;
  /** Milliseconds since the entry began when its last byte had arrived. */
  ms: number;
}

/** The events of an answer, what was left without a blank line, and how many comment lines it has. */
export function readEvents(
  chunks: readonly { ms: number; data: Uint8Array }[],
  text: string,
): { events: SeenEvent[]; rest: string; comments: number } {
  const parser = createSseParser();
  const events: SeenEvent[] = [];
  for (const { ms, data } of chunks) {
    for (const event of parser.push(data)) {
      const parsed = parseJson(event.data);
      const json = parsed.ok ? parsed.value : undefined;
      const type = typeOf(event.event, event.data, json);
      events.push({ type, json, data: event.data, start: event.start, end: event.end, ms });
    }
  }
  const comments = text.match(/^:/gm)?.length ?? 0;
  return { events, rest: parser.end().rest?.text ?? '', comments };
}

function typeOf(event: string | undefined, data: string, json: unknown): string {
  if (data.trim() === '[DONE]') return '[DONE]';
  const { type, object } = (json ?? {}) as { type?: unknown; object?: unknown };
  if (typeof type === 'string') return type;
  return object === 'chat.completion.chunk' ? 'chunk' : (event ?? 'data');
}

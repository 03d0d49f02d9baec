import { parseSse } from '../../src/decode/sse.ts';
import type { SseEvent } from '../../src/decode/types.ts';
import { toUtf8 } from '../../src/util/bytes.ts';

/** The text of a stream; `event:` lines come from `type` where `named`. Strings are written as data as they are. */
export function sseText(events: readonly unknown[], named = true): string {
  return events
    .map((event) => {
      if (typeof event === 'string') return `data: ${event}\n\n`;
      const line = named ? `event: ${(event as { type: string }).type}\n` : '';
      return `${line}data: ${JSON.stringify(event)}\n\n`;
    })
    .join('');
}

/** The same, parsed, with its offsets. */
export function sseEvents(events: readonly unknown[], named = true): SseEvent[] {
  return parseSse(toUtf8(sseText(events, named))).events;
}

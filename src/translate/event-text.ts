import type { StreamEvent } from './types.ts';

/** Events as they are written to a client (WHATWG HTML section 9.2.6). Their data is JSON on one line, or `[DONE]`. */
export function eventText(events: readonly StreamEvent[]): string {
  let text = '';
  for (const { name, data } of events)
    text += name === undefined ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
  return text;
}

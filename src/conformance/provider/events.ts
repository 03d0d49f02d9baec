/** One event of a stream, as it is to be written: an `event:` line if there is a name, and one `data:` line. */
export interface StreamEvent {
  event?: string;
  /** An object is written as JSON on one line, a string as it is (`[DONE]`). */
  data: object | string;
}

/** Events that carry their name in `data.type` as well: all of Responses and Messages. */
export function namedEvents(list: readonly { type: string; [field: string]: unknown }[]): StreamEvent[] {
  return list.map((data) => ({ event: data.type, data }));
}

/** The text of one event as providers write it: LF line ends, one blank line at the end. */
export function writeEvent({ event, data }: StreamEvent): string {
  const line = typeof data === 'string' ? data : JSON.stringify(data);
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${line}\n\n`;
}

/** Cuts a text into the deltas a model would send it in: words with the space before them. */
export function cutIntoDeltas(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

import { toUtf8 } from '../../util/bytes.ts';
import { ELIDE_RULES, elideTexts } from '../elide.ts';
import type { Entry, HarRequest } from '../format.ts';
import { withoutBytes } from './redact-body.ts';

export interface ElidedCount {
  texts: number;
  /** UTF-16 units that the texts had. */
  chars: number;
}

/**
 * The entry with the long static texts of its request elided. The bytes that crossed the wire hold them, so they go with them;
 * their number stays. An entry without such texts is given back as it is.
 */
export function elideEntry(entry: Entry, count: ElidedCount): Entry {
  if (entry._protocol === null) return entry;
  const rules = ELIDE_RULES[entry._protocol];
  const elide = (text: string): string => {
    const elided = elideTexts(text, rules);
    count.texts += elided.texts;
    count.chars += elided.chars;
    return elided.text;
  };
  const request = elideRequest(entry.request, elide);
  const messages = entry._webSocketMessages?.map((message) =>
    message.type === 'send' && message.opcode === 1 ? { ...message, data: elide(message.data) } : message,
  );
  if (request === entry.request && !messages) return entry;
  return { ...entry, request, ...(messages ? { _webSocketMessages: messages } : {}) };
}

function elideRequest(request: HarRequest, elide: (text: string) => string): HarRequest {
  const { postData } = request;
  if (!postData?.text) return request;
  const text = elide(postData.text);
  if (text === postData.text) return request;
  const wire = postData._wire ?? { encodings: [], bytes: toUtf8(postData.text).length };
  return { ...request, postData: { ...postData, text, _wire: withoutBytes(wire) } };
}

import type { Entry } from '../../../src/cassette/format.ts';
import { parseSse } from '../../../src/decode/sse.ts';
import type { CheckId } from '../../../src/report/results/checks.ts';
import { toUtf8 } from '../../../src/util/bytes.ts';

/** A fault that is put into a copy of a cassette, or into a translator. */
export interface Fault {
  name: string;
  /** The check that must catch it. */
  check: CheckId;
  /** In the message or the place of one of its failures. */
  says: RegExp;
}

export interface CassetteFault extends Fault {
  /** Below fixtures/cassettes, without `.har`. */
  cassette: string;
  change(entries: Entry[]): void;
}

export const CHAT = 'translated/0.169.0-chat-tool';
export const MESSAGES = 'translated/0.169.0-messages-tool';
export const TEXT = '0.169.0/text';
export const ZSTD = '0.169.0/zstd';

/** The entry of one side of an exchange. */
export function side(entries: Entry[], id: string, name: Entry['_side']): Entry {
  return entries.find((entry) => entry._exchange === id && entry._side === name)!;
}

/** Rewrites the request of an entry; a body that was `_sameAs` the client's becomes one of its own. */
export function editRequest(entries: Entry[], id: string, name: Entry['_side'], edit: (text: string) => string): void {
  const client = side(entries, id, 'client').request.postData!;
  const { request } = side(entries, id, name);
  const { mimeType, _sameAs, text } = request.postData!;
  const before = _sameAs ? client.text : text;
  const after = edit(before);
  if (after === before) throw new Error('the fault changes nothing');
  request.postData = { mimeType, text: after };
}

/** Rewrites the JSON of a request. */
export function editRequestJson(
  entries: Entry[],
  id: string,
  name: Entry['_side'],
  // biome-ignore lint/suspicious/noExplicitAny: the edits reach into requests whose shape the cassette decides.
  edit: (body: Record<string, any>) => void,
): void {
  editRequest(entries, id, name, (text) => {
    const body = JSON.parse(text);
    edit(body);
    return JSON.stringify(body);
  });
}

/** Rewrites an answer that is a stream. */
export function editStream(entries: Entry[], id: string, name: Entry['_side'], edit: (text: string) => string): void {
  const { content } = side(entries, id, name).response;
  const chunks = content._sameAs ? side(entries, id, 'client').response.content._chunks! : content._chunks!;
  const before = chunks.map(([, data]) => (typeof data === 'string' ? data : '')).join('');
  const after = edit(before);
  if (after === before) throw new Error('the fault changes nothing');
  delete content._sameAs;
  content._chunks = [[1, after]];
}

/** Rewrites the events of a stream, each as its text with the blank line. */
export function editEvents(
  entries: Entry[],
  id: string,
  name: Entry['_side'],
  edit: (events: string[]) => string[],
): void {
  editStream(entries, id, name, (text) => {
    const bytes = toUtf8(text);
    const events = parseSse(bytes).events.map(({ start, end }) => Buffer.from(bytes.subarray(start, end)).toString());
    return edit(events).join('');
  });
}

/** Where the first event of a type stands. */
export function placeOf(events: readonly string[], type: string): number {
  const at = events.findIndex((event) => event.includes(`"type":"${type}"`));
  if (at < 0) throw new Error(`there is no ${type}`);
  return at;
}

/** Rewrites the answer of an entry that is one document. */
export function editAnswer(entries: Entry[], id: string, name: Entry['_side'], edit: (text: string) => string): void {
  const { content } = side(entries, id, name).response;
  const before = content._sameAs ? side(entries, id, 'client').response.content.text! : content.text!;
  const after = edit(before);
  if (after === before) throw new Error('the fault changes nothing');
  delete content._sameAs;
  content.text = after;
}

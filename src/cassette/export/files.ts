import { Buffer } from 'node:buffer';
import { parseJson } from '../../decode/json.ts';
import { parseSse } from '../../decode/sse.ts';
import { concatBytes, fromUtf8 } from '../../util/bytes.ts';
import type { LegName } from '../../util/types.ts';
import { type Leg, legsOf, type RecordedExchange } from '../legs.ts';
import { createOf, type LegMessage, messageEvents } from '../messages.ts';

/** The body of one leg as a file of its own. */
export interface LegFile {
  /** `003-upstream-response-2.sse`: number of the exchange, leg, and attempt from the second on. */
  name: string;
  bytes: Uint8Array;
}

export interface FileOptions {
  kind: 'sse' | 'json';
  /** Only this leg. */
  leg: LegName | undefined;
}

type Form = (leg: Leg, text: string, decoded: Uint8Array) => Uint8Array | undefined;

const FORMS: Record<FileOptions['kind'], Form> = {
  /** Event streams, byte for byte as they were decoded. */
  sse: (leg, text, decoded) => (isStream(leg, text) ? decoded : undefined),
  /** JSON bodies byte for byte; of an event stream a list of the data of its events, one a line. */
  json(leg, text, decoded) {
    if (isStream(leg, text)) return Buffer.from(eventList(decoded));
    return parseJson(text).ok ? decoded : undefined;
  },
};

/** Files of the legs of an exchange that have such a body. @param number of the exchange, from 1 */
export function legFiles(exchange: RecordedExchange, number: number, { kind, leg: wanted }: FileOptions): LegFile[] {
  return legsOf(exchange).flatMap((leg) => {
    const { text, decoded } = leg.messages ? asOverHttp(leg.name, leg.messages) : (leg.body ?? {});
    if (text === undefined || decoded === undefined || (wanted !== undefined && leg.name !== wanted)) return [];
    const bytes = FORMS[kind](leg, text, decoded);
    return bytes === undefined ? [] : [{ name: `${stem(leg, number)}.${kind}`, bytes }];
  });
}

/** What came over a WebSocket in the form that it would have over HTTP: one document up, an event stream down. */
function asOverHttp(name: LegName, messages: readonly LegMessage[]): { text?: string; decoded?: Uint8Array } {
  if (messages.length === 0) return {};
  const create = createOf(messages) ?? messages[0]!;
  const decoded = name.endsWith('request') ? create.data : concatBytes(messageEvents(messages).map(({ data }) => data));
  return { text: fromUtf8(decoded), decoded };
}

function stem({ name, entry }: Leg, number: number): string {
  const attempt = entry._attempt ?? 1;
  return `${String(number).padStart(3, '0')}-${name}${attempt > 1 ? `-${attempt}` : ''}`;
}

/** By its type, or by its first line: gateways send streams under other names as well. */
function isStream({ name, entry }: Leg, text: string): boolean {
  if (!name.endsWith('response')) return false;
  return /^text\/event-stream\b/i.test(entry.response.content.mimeType) || /^\ufeff?(?:event|data):/.test(text);
}

/** Data that is not JSON (`[DONE]`) becomes a string. */
function eventList(decoded: Uint8Array): string {
  const items = parseSse(decoded).events.map(({ data }) =>
    parseJson(data).ok ? data.replaceAll('\n', ' ') : JSON.stringify(data),
  );
  return `[\n${items.join(',\n')}\n]\n`;
}

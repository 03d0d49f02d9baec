import { beginsExchange } from '../protocols/responses/socket.ts';
import { concatBytes, fromUtf8, toUtf8 } from '../util/bytes.ts';
import { fromBase64 } from './bytes-json.ts';
import type { Chunk, Entry, WebSocketMessage } from './format.ts';
import type { LegRecord } from './records.ts';

/** What the legs of one side were recorded as. */
type MessageLeg = LegRecord & { chunks: Chunk[] };

/** The WebSocket fields of an entry from its two legs, of which the request holds what the client sent. */
export function joinMessages(
  startedAt: number,
  sent: MessageLeg | undefined,
  received: MessageLeg | undefined,
): Partial<Entry> {
  const legs = [sent, received].filter((leg) => leg !== undefined);
  const redacted = legs.reduce((sum, { body, redacted = 0 }) => sum + (body ? (body.redacted ?? 0) : redacted), 0);
  const cut = legs.reduce((sum, { body }) => sum + (body?.cut ?? 0), 0);
  const fields: Partial<Entry> = {
    ...(redacted > 0 ? { _webSocketRedacted: redacted } : {}),
    ...(cut > 0 ? { _webSocketCut: cut } : {}),
  };
  const nothing = (leg: MessageLeg): boolean => !leg.same && leg.chunks.length === 0;
  // A direction in which nothing came cannot be told to equal another one.
  if (legs.some(({ same }) => same) && legs.every((leg) => leg.same || nothing(leg))) {
    return { ...fields, _webSocketSameAs: 'client' };
  }
  const messages = [
    ...(sent?.chunks ?? []).map((chunk) => toMessage('send', startedAt, chunk)),
    ...(received?.chunks ?? []).map((chunk) => toMessage('receive', startedAt, chunk)),
  ];
  // Equal times stay as they are, so that a request comes before its answer.
  return { ...fields, _webSocketMessages: messages.sort((a, b) => a.time - b.time) };
}

function toMessage(type: WebSocketMessage['type'], startedAt: number, [ms, data]: Chunk): WebSocketMessage {
  const time = Math.round((startedAt + ms) * 1000) / 1e6;
  return typeof data === 'string' ? { type, time, opcode: 1, data } : { type, time, opcode: 2, data: data.base64 };
}

/** The leg with the first message in the place of the head, which came when the connection was made. */
export function messageTimes(leg: MessageLeg | undefined): MessageLeg | undefined {
  const first = leg?.chunks[0]?.[0];
  return leg && first !== undefined ? { ...leg, ms: first } : leg;
}

/** One message of a leg. */
export interface LegMessage {
  /** Since the entry began. */
  ms: number;
  data: Uint8Array;
  binary: boolean;
}

/** Whether an entry is an exchange over a WebSocket, of ours or of another program that writes HAR files. */
export function isOverWebSocket(entry: Entry): boolean {
  return entry._connection !== undefined || entry._webSocketMessages !== undefined;
}

/**
 * The messages that an entry has in one direction.
 * @param client the client's entry, which an upstream entry may refer to
 */
export function messagesOf(entry: Entry, client: Entry, type: WebSocketMessage['type']): LegMessage[] {
  const { _webSocketMessages: list = [] } = entry._webSocketSameAs === 'client' ? client : entry;
  const started = Date.parse(entry.startedDateTime);
  return list
    .filter((message) => message.type === type)
    .map(({ time, opcode, data }) => ({
      ms: Math.max(0, Math.round((time * 1000 - started) * 1000) / 1000),
      data: opcode === 2 ? fromBase64(data) : toUtf8(data),
      binary: opcode === 2,
    }));
}

/** The `response.create` among what a client sent; undefined when nothing was asked for. */
export function createOf(sent: readonly LegMessage[]): LegMessage | undefined {
  return sent.find(({ data, binary }) => !binary && beginsExchange(data));
}

const LINE_FEED = toUtf8('\n');

/** Messages as JSON lines, one chunk each. */
export function messageLines(messages: readonly LegMessage[]): { ms: number; data: Uint8Array }[] {
  return messages.map(({ ms, data }) => ({ ms, data: concatBytes([data, LINE_FEED]) }));
}

/**
 * Messages as the events that they would be over HTTP, one chunk each, for readers of event streams. A text with line feeds
 * is one event all the same (WHATWG HTML section 9.2.6).
 */
export function messageEvents(messages: readonly LegMessage[]): { ms: number; data: Uint8Array }[] {
  return messages.map(({ ms, data }) => {
    const lines = fromUtf8(data).split(/\r\n|\r|\n/);
    return { ms, data: toUtf8(`${lines.map((line) => `data: ${line}\n`).join('')}\n`) };
  });
}

import { TapedeckError } from '../errors.ts';
import { concatBytes, fromUtf8, isUtf8, isWellFormed, toUtf8 } from '../util/bytes.ts';
import { Kept } from '../util/kept.ts';
import { sha256Hex } from '../util/sha256.ts';
import type { LegName, Outcome, Protocol } from '../util/types.ts';
import { chunkBytes, fromBase64 } from './bytes-json.ts';
import type { BodyFields, Entry, WireFacts } from './format.ts';
import { isOverWebSocket, type LegMessage, messageEvents, messageLines, messagesOf } from './messages.ts';

/** A cassette's exchange, as every reader (show, explain, validate, play, replay) sees it. */
export interface RecordedExchange {
  /** `_exchange`. */
  id: string;
  seq: number;
  protocol: Protocol | null;
  outcome: Outcome;
  client: Entry;
  /** Upstream entries by attempt; empty when the exchange never went upstream, or was imported from one side. */
  attempts: Entry[];
}

/** A body with both of its views. */
export interface LegBody {
  /** Decoded text; undefined when the body is binary or could not be decoded. */
  text: string | undefined;
  /** Decoded bytes: the UTF-8 of `text`, or the binary body; undefined when it could not be decoded. */
  decoded: Uint8Array | undefined;
  /** Bytes as they crossed the wire; undefined when redaction or an edit made them unknowable. */
  wire: Uint8Array | undefined;
  facts: WireFacts | undefined;
  /** Decoded bytes by read, with milliseconds since the entry began; one chunk for a body that was not streamed. */
  chunks: { ms: number; data: Uint8Array }[];
  /** How often redaction changed it; 0: untouched. */
  redacted: number;
}

/** One of the four messages. */
export interface Leg {
  name: LegName;
  entry: Entry;
  /** Absent body: undefined. Of a WebSocket: its messages in this direction, as lines. */
  body: LegBody | undefined;
  /** Over a WebSocket alone: the messages in this direction. */
  messages?: LegMessage[];
}

/** Legs of exchanges that are looked at again and again. */
const REMEMBERED = new Kept<RecordedExchange, Map<string, Leg | undefined>>();

/** From now on each leg of this exchange is decoded once. For those who ask often, and change neither exchange nor legs. */
export function rememberLegs(exchange: RecordedExchange): void {
  if (!REMEMBERED.get(exchange)) REMEMBERED.set(exchange, new Map());
}

type MakeLeg = (name: LegName, exchange: RecordedExchange, entry: Entry) => Leg | undefined;

function remembering(make: MakeLeg): MakeLeg {
  return (name, exchange, entry) => {
    const known = REMEMBERED.get(exchange);
    if (!known) return make(name, exchange, entry);
    const key = `${name} ${entry._attempt}`;
    if (!known.has(key)) known.set(key, make(name, exchange, entry));
    return known.get(key);
  };
}

const requestLeg = remembering(makeRequestLeg);
const responseLeg = remembering(makeResponseLeg);

/** Every leg that was recorded, in the order of the wire: client request, each attempt's two, client response. */
export function legsOf(exchange: RecordedExchange): Leg[] {
  const { client, attempts } = exchange;
  return [
    requestLeg('client-request', exchange, client),
    ...attempts.flatMap((entry) => [
      requestLeg('upstream-request', exchange, entry),
      responseLeg('upstream-response', exchange, entry),
    ]),
    responseLeg('client-response', exchange, client),
  ].filter((leg) => leg !== undefined);
}

/**
 * One leg; undefined when there is none (no such attempt, or no response came).
 * @param attempt of an upstream leg, from 1; the last one when not given, since it is the one that was answered with
 */
export function legOf(exchange: RecordedExchange, name: LegName, attempt?: number): Leg | undefined {
  const { client, attempts } = exchange;
  if (name === 'client-request') return requestLeg(name, exchange, client);
  if (name === 'client-response') return responseLeg(name, exchange, client);
  const entry = attempt === undefined ? attempts.at(-1) : attempts.find(({ _attempt }) => _attempt === attempt);
  if (!entry) return undefined;
  return name === 'upstream-request' ? requestLeg(name, exchange, entry) : responseLeg(name, exchange, entry);
}

/**
 * Exchanges of entries, in the order of `_seq`; entries of one exchange need not stand together.
 * @throws TapedeckError `cassette-unreadable` when an exchange has no client entry or two
 */
export function groupExchanges(entries: Iterable<Entry>): RecordedExchange[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry._exchange) ?? [];
    group.push(entry);
    groups.set(entry._exchange, group);
  }
  return [...groups.values()].map(joinExchange).sort((a, b) => a.seq - b.seq);
}

/** The exchange of all its entries. @throws TapedeckError `cassette-unreadable` */
export function joinExchange(entries: readonly Entry[]): RecordedExchange {
  const clients = entries.filter(({ _side }) => _side === 'client');
  const [client] = clients;
  if (!client || clients.length > 1) {
    const id = entries[0]?._exchange;
    const message = `Exchange ${id} has ${clients.length} client entries; it must have one.`;
    throw new TapedeckError('cassette-unreadable', message, {
      hint: 'Give every exchange an `_exchange` of its own, shared by its client entry and its upstream entries.',
    });
  }
  return {
    id: client._exchange,
    seq: client._seq,
    protocol: client._protocol,
    outcome: client._outcome,
    client,
    attempts: entries.filter(({ _side }) => _side === 'upstream').sort((a, b) => (a._attempt ?? 1) - (b._attempt ?? 1)),
  };
}

/** A leg's event stream by reads: over a WebSocket every message is an event. */
export function eventChunks({ messages, body }: Pick<Leg, 'messages' | 'body'>): { ms: number; data: Uint8Array }[] {
  return messages ? messageEvents(messages) : (body?.chunks ?? []);
}

function makeRequestLeg(name: LegName, exchange: RecordedExchange, entry: Entry): Leg | undefined {
  if (isOverWebSocket(entry)) return messageLeg(name, exchange, entry, 'send');
  const { postData } = entry.request;
  if (postData?._sameAs !== 'client' || entry === exchange.client) return { name, entry, body: bodyOf(postData, 0) };
  return { name, entry, body: movedBody(requestLeg('client-request', exchange, exchange.client), entry) };
}

/** Status 0 is HAR's way to say that no response came. */
function makeResponseLeg(name: LegName, exchange: RecordedExchange, entry: Entry): Leg | undefined {
  const { content, status, _headMs } = entry.response;
  if (status === 0) return undefined;
  if (isOverWebSocket(entry)) return messageLeg(name, exchange, entry, 'receive');
  if (content._sameAs === 'client' && entry !== exchange.client) {
    return { name, entry, body: movedBody(responseLeg('client-response', exchange, exchange.client), entry) };
  }
  const isEmpty = content.size === 0 && Object.keys(content).length === 2;
  return { name, entry, body: isEmpty ? undefined : bodyOf(content, _headMs ?? entry.time) };
}

function messageLeg(name: LegName, exchange: RecordedExchange, entry: Entry, type: 'send' | 'receive'): Leg {
  const messages = messagesOf(entry, exchange.client, type);
  if (messages.length === 0) return { name, entry, body: undefined, messages };
  const chunks = messageLines(messages);
  const decoded = concatBytes(chunks.map(({ data }) => data));
  const body: LegBody = {
    text: isUtf8(decoded) ? fromUtf8(decoded) : undefined,
    decoded,
    wire: entry._webSocketRedacted || entry._webSocketCut ? undefined : decoded,
    facts: undefined,
    chunks,
    redacted: entry._webSocketRedacted ?? 0,
  };
  return { name, entry, body, messages };
}

/** The client side's body, with times from the beginning of this entry. */
function movedBody(client: Leg | undefined, entry: Entry): LegBody | undefined {
  if (!client?.body) return undefined;
  const { body } = client;
  const shift = Date.parse(client.entry.startedDateTime) - Date.parse(entry.startedDateTime);
  return { ...body, chunks: body.chunks.map(({ ms, data }) => ({ ms: Math.max(0, ms + shift), data })) };
}

function bodyOf(fields: BodyFields | undefined, ms: number): LegBody | undefined {
  if (!fields) return undefined;
  const chunks = fields._chunks?.map((chunk) => ({ ms: chunk[0], data: chunkBytes(chunk) }));
  const decoded = chunks ? concatBytes(chunks.map(({ data }) => data)) : decodedBytes(fields);
  return {
    text: decoded && textOf(fields, decoded),
    decoded,
    wire: wireBytes(fields, decoded),
    facts: fields._wire,
    chunks: chunks ?? (decoded ? [{ ms, data: decoded }] : []),
    redacted: fields._redacted ?? 0,
  };
}

/** The text as it stands in the cassette, where that is what its bytes say. */
function textOf({ text, _chunks, _decoded }: BodyFields, decoded: Uint8Array): string | undefined {
  if (text && !_chunks && !_decoded && isWellFormed(text)) return text;
  return isUtf8(decoded) ? fromUtf8(decoded) : undefined;
}

/** Of a body that is not kept in chunks. */
function decodedBytes({ text, _decoded, _wire }: BodyFields): Uint8Array | undefined {
  if (_decoded) return fromBase64(_decoded.base64);
  if (text) return toUtf8(text);
  if (_wire?.undecodable !== undefined) return undefined;
  if (_wire && _wire.encodings.length === 0) return _wire.base64 === undefined ? undefined : fromBase64(_wire.base64);
  // A coded body may decode to nothing.
  return text === undefined ? undefined : toUtf8(text);
}

/** Bytes that crossed the wire, where the cassette still knows them. */
function wireBytes(fields: BodyFields, decoded: Uint8Array | undefined): Uint8Array | undefined {
  const { _wire, _redacted, _cut } = fields;
  if (_redacted || _cut) return undefined;
  if (_wire?.base64 === undefined) {
    // Elided texts and bodies of other programs' making: what stands here is not as long as what was sent.
    return _wire && (_wire.encodings.length > 0 || _wire.bytes !== decoded?.length) ? undefined : decoded;
  }
  const bytes = fromBase64(_wire.base64);
  return _wire.sha256 === undefined || sha256Hex(bytes) === _wire.sha256 ? bytes : undefined;
}

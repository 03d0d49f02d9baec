import { headerValue } from '../util/headers.ts';
import type { Loss } from '../util/types.ts';
import type { TappedExchange, TappedMessage } from './exchange-tap.ts';
import type { EntryEnd } from './format.ts';
import { type BodyWriter, LegWriter, type Piece } from './leg-writer.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { MessageWriter } from './message-writer.ts';
import type { ExchangeRecord, LegRecord } from './records.ts';
import type { Redactor } from './redact.ts';
import type { RequestHead } from './tap.ts';

/** What had gathered at one moment; later data of the same exchange belongs to the next one. */
interface Taken {
  message: TappedMessage;
  writer: BodyWriter;
  pieces: Piece[];
  ended: boolean;
}

/**
 * Turns what has gathered in an exchange since the last call into journal records, redacted. Calls for one exchange must
 * not overlap; the gathered data is taken before the first await.
 * @param last nothing more will be taken, although the exchange goes on: legs are written as if they ended here
 */
export async function takeRecords(
  exchange: TappedExchange,
  redactor: Redactor,
  last = false,
): Promise<ExchangeRecord[]> {
  const closing = exchange.closeWritten ? undefined : exchange.closing;
  const taken = exchange.messages
    .filter((message) => message.written !== 'all')
    .map((message) => take(message, exchange, last || closing !== undefined, redactor));
  const losses = exchange.lossList.splice(0);
  const attemptEnds = exchange.attemptEnds.splice(0);
  const first = exchange.clientRequest.written === 'nothing';
  const socketClose = exchange.socketClose;
  exchange.socketClose = undefined;
  exchange.closeWritten ||= closing !== undefined;
  exchange.waitingBytes = 0;

  for (const { writer, pieces, ended } of taken) {
    writer.add(pieces);
    if (ended) writer.settle();
  }
  const legs: LegRecord[] = [];
  for (const one of taken) legs.push(await recordLeg(one, exchange, closing !== undefined, redactor));
  if (closing) legs.push(...markLateTwins(exchange, legs));

  const opened = first ? legs.splice(0, 1) : [];
  const records: ExchangeRecord[] = [];
  if (first) records.push({ x: exchange.seq, t: 'open', start: startOf(exchange), legs: opened });
  const rest: ExchangeRecord = { x: exchange.seq, t: closing ? 'close' : 'chunks' };
  if (legs.length > 0) rest.legs = legs;
  if (attemptEnds.length > 0) rest.attempts = attemptEnds.map((one) => ({ ...one, end: redactEnd(one.end, redactor) }));
  if (losses.length > 0) rest.losses = losses.map((loss) => redactLoss(loss, redactor));
  if (closing) Object.assign(rest, { outcome: closing.outcome, end: redactEnd(closing.end, redactor) });
  if (socketClose) rest.socketClose = { ...socketClose, reason: redactor.text(socketClose.reason) };
  // What is left of a closed exchange is a WebSocket that may still be told to be closed; its bytes may go.
  if (closing) exchange.messages.splice(0);
  if (Object.keys(rest).length > 2) records.push(rest);
  return records;
}

function take(message: TappedMessage, exchange: TappedExchange, over: boolean, redactor: Redactor): Taken {
  message.writer ??=
    exchange.start.connection === undefined
      ? new LegWriter(message.leg, message.headers, redactor)
      : new MessageWriter(redactor);
  const { pieces, writer } = message;
  message.pieces = [];
  return { message, writer, pieces, ended: over || message.ended !== undefined };
}

async function recordLeg(
  { message, writer, ended }: Taken,
  exchange: TappedExchange,
  closing: boolean,
  redactor: Redactor,
): Promise<LegRecord> {
  const record = message.written === 'nothing' ? headOf(message, redactor) : keyOf(message);
  if (ended && message.ended) record.end = redactEnd(message.ended, redactor);
  if (ended && message.trailers) record.trailers = redactor.headers(message.trailers);
  message.written = ended ? 'all' : 'head';
  const twin = twinOf(message, exchange);
  if (twin && isTwin(message, twin)) {
    // Once both sides are over it is known that they are the same; then one of them is not looked at.
    if (closing || (ended && twin.ended)) {
      writer.drop();
      return { ...record, same: true };
    }
    // As long as they are, one is not looked at either, but it can still be written should it become another.
    if (!ended && writer.waitingBytes <= RECORDING_LIMITS.shadowBytes) {
      message.shadow = true;
      return { ...record, same: true };
    }
  }
  if (message.shadow) record.same = false;
  message.shadow = false;
  if (writer.print.bytes === 0 && !ended) return record;
  return { ...record, ...(await writer.record(ended)) };
}

/** Upstream legs that were final before the exchange was, and turn out to equal the client's now. */
function markLateTwins(exchange: TappedExchange, recorded: readonly LegRecord[]): LegRecord[] {
  const known = new Set(recorded.map((leg) => `${leg.leg} ${leg.attempt}`));
  return exchange.messages
    .filter((message) => {
      const twin = twinOf(message, exchange);
      return twin && !known.has(`${message.leg} ${message.attempt}`) && isTwin(message, twin);
    })
    .map((message) => ({ ...keyOf(message), same: true }));
}

/** Whether an upstream body is so far byte for byte that of the client side, under the same coding and in the same form. */
function isTwin(message: TappedMessage, twin: TappedMessage): boolean {
  const client = twin.writer;
  const own = message.writer;
  if (!client || !own || own.print.bytes === 0) return false;
  if (client.encodings.join() !== own.encodings.join() || client.streamed !== own.streamed) return false;
  return client.mimeType === own.mimeType && client.print.equals(own.print);
}

function twinOf(message: TappedMessage, exchange: TappedExchange): TappedMessage | undefined {
  if (message.leg === 'upstream-request') return exchange.clientRequest;
  if (message.leg !== 'upstream-response') return undefined;
  return exchange.messages.find(({ leg }) => leg === 'client-response');
}

function keyOf(message: TappedMessage): LegRecord {
  return message.attempt === undefined ? { leg: message.leg } : { leg: message.leg, attempt: message.attempt };
}

function headOf(message: TappedMessage, redactor: Redactor): LegRecord {
  const record: LegRecord = { ...keyOf(message), ms: message.ms };
  if (message.request) record.request = redactRequest(message.request, redactor);
  if (message.response) {
    const { response } = message;
    const headers = redactor.headers(response.headers);
    record.response = { ...response, statusText: redactor.text(response.statusText), headers };
  }
  if (message.leg === 'upstream-request') record.protocol = message.protocol ?? null;
  if (message.producer) record.producer = message.producer;
  return record;
}

function redactRequest(head: RequestHead, redactor: Redactor): RequestHead {
  // Headers first: what stands in a credential's place there is then known in the URL and in the body.
  const headers = redactor.headers(head.headers);
  return { ...head, url: redactor.url(absoluteUrl(head)), headers };
}

/**
 * HAR wants an absolute URL; a request line has one only towards a proxy (RFC 9112 section 3.2). The target is appended
 * as it is, so that the reader gets it back by cutting the origin off.
 */
function absoluteUrl(head: RequestHead): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(head.url)) return head.url;
  const host = headerValue(head.headers, 'host') || 'localhost';
  return `http://${host}${head.url.startsWith('/') ? '' : '/'}${head.url}`;
}

function startOf({ start }: TappedExchange): NonNullable<ExchangeRecord['start']> {
  const { startedAt, seed, protocol, connection } = start;
  return { startedAt, seed, protocol, ...(connection === undefined ? {} : { connection }) };
}

function redactEnd(end: EntryEnd, redactor: Redactor): EntryEnd {
  return end.detail === undefined ? end : { ...end, detail: redactor.text(end.detail) };
}

function redactLoss(loss: Loss, redactor: Redactor): Loss {
  return { ...loss, path: redactor.text(loss.path), reason: redactor.text(loss.reason) };
}

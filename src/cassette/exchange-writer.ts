import type { Loss, Protocol } from '../util/types.ts';
import { jsonBytes, msJson, oneByte, wordJson } from './bytes-json.ts';
import type { MessageHead, RecordedMessage, RecordingExchange } from './exchange-state.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { EntryEnd, WebSocketClose } from './format.ts';
import type { HeadCache } from './head-cache.ts';
import { type BodyWriter, LegWriter } from './leg-writer.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { MessageWriter } from './message-writer.ts';
import { type JournalPart, pushRecord } from './raw-records.ts';
import type { AttemptEnd, InterimRecord } from './records.ts';

/** What had gathered at one moment; later data of the same exchange belongs to the next one. */
interface Taken {
  message: RecordedMessage;
  writer: BodyWriter;
  ended: boolean;
}

interface Taking {
  exchange: RecordingExchange;
  heads: HeadCache;
  closing: boolean;
  legs: Taken[];
  /** Bytes that follow the record of the first leg, where that has one of its own, and those that follow the other. */
  raw: [Uint8Array[], Uint8Array[]];
}

/**
 * Turns what has gathered in an exchange since the last call into journal records (`ExchangeRecord`, a line each), redacted, one
 * character a byte. Calls for one exchange must not overlap; the gathered data is taken before anything is waited for, which
 * only a coded body needs.
 * @param last nothing more will be taken, although the exchange goes on: legs are written as if they ended here
 */
export function takeLines(
  exchange: RecordingExchange,
  heads: HeadCache,
  last = false,
): JournalPart[] | Promise<JournalPart[]> {
  const closing = exchange.closeWritten ? undefined : exchange.closing;
  const over = last || closing !== undefined;
  const first = exchange.clientRequest.written === 'nothing';
  const legs: Taken[] = [];
  for (const message of exchange.messages) {
    if (message.written !== 'all') legs.push(take(message, exchange, over, heads));
  }
  const taking: Taking = { exchange, heads, closing: closing !== undefined, legs, raw: [[], []] };
  const { attemptEnds, informational, lossList, socketClose } = exchange;
  if (attemptEnds.length > 0) exchange.attemptEnds = [];
  if (informational.length > 0) exchange.informational = [];
  if (lossList.length > 0) exchange.lossList = [];
  exchange.socketClose = undefined;
  exchange.closeWritten ||= closing !== undefined;
  exchange.waitingBytes = 0;

  const finish = (records: string[]) => {
    if (closing) records.push(...markLateTwins(exchange, legs));
    const { seq } = exchange.facts;
    const parts: JournalPart[] = [];
    const own = `{"x":${seq},"t":"open","start":${startOf(exchange)},"legs":[`;
    if (first) pushRecord(parts, `${own}${records.shift()}]`, taking.raw[0]);
    let update = records.length > 0 ? `,"legs":[${records.join(',')}]` : '';
    if (attemptEnds.length > 0)
      update += `,"attempts":[${attemptEnds.map((end) => attemptJson(end, heads)).join(',')}]`;
    if (informational.length > 0)
      update += `,"informational":${jsonBytes(informational.map((one) => redactInterim(one, heads)))}`;
    if (lossList.length > 0) update += `,"losses":${jsonBytes(lossList.map((loss) => redactLoss(loss, heads)))}`;
    if (closing) update += `,"outcome":"${closing.outcome}","end":${endJson(closing.end, heads)}`;
    if (socketClose) update += socketCloseJson(socketClose, heads);
    // What is left of a closed exchange is a WebSocket that may still be told to be closed; its bytes may go.
    if (closing) exchange.messages = [];
    const rest = first ? taking.raw[1] : [...taking.raw[0], ...taking.raw[1]];
    if (update !== '') pushRecord(parts, `{"x":${seq},"t":"${closing ? 'close' : 'chunks'}"${update}`, rest);
    return parts;
  };
  const records = recordLegs(taking, 0, []);
  return records instanceof Promise ? records.then(finish) : finish(records);
}

/** The line that says how the WebSocket of an exchange ended that was written long ago. */
export function lateCloseLine(seq: number, close: WebSocketClose, heads: HeadCache): string {
  return `{"x":${seq},"t":"chunks"${socketCloseJson(close, heads)}}\n`;
}

function take(message: RecordedMessage, exchange: RecordingExchange, over: boolean, heads: HeadCache): Taken {
  message.writer ??=
    exchange.facts.connection === ''
      ? new LegWriter(message.leg, message.head.head.body, heads.redactor)
      : new MessageWriter(heads.redactor);
  const { pieces, writer } = message;
  const ended = over || message.ended !== undefined;
  if (pieces.length > 0) {
    message.pieces = [];
    writer.add(pieces);
  }
  if (ended) writer.settle();
  return { message, writer, ended };
}

function recordLegs(taking: Taking, from: number, records: string[]): string[] | Promise<string[]> {
  for (let i = from; i < taking.legs.length; i++) {
    const leg = taking.legs[i]!;
    const known = recordHead(leg, taking.heads);
    const body = recordBody(leg, taking, taking.raw[i === 0 ? 0 : 1]);
    if (body instanceof Promise) {
      return body.then((text) => recordLegs(taking, i + 1, [...records, `${known}${text}}`]));
    }
    records.push(`${known}${body}}`);
  }
  return records;
}

/** The record of a leg up to its body, without the brace at its end. */
function recordHead({ message, ended }: Taken, heads: HeadCache): string {
  let record = keyOf(message);
  if (message.written === 'nothing') {
    const { ms, protocol, producer } = message.head;
    record += `,"ms":${msJson(ms)},${headJson(message.head, heads)}`;
    if (message.leg === 'upstream-request') record += `,"protocol":${protocolJson(protocol)}`;
    if (producer !== '') record += `,"producer":${oneByte(producer)}`;
  }
  if (ended && message.ended) record += `,"end":${endJson(message.ended, heads)}`;
  if (ended && message.trailers) record += `,"trailers":${jsonBytes(heads.headers(message.trailers))}`;
  message.written = ended ? 'all' : 'head';
  return record;
}

function recordBody(taken: Taken, { exchange, closing, heads }: Taking, raw: Uint8Array[]): string | Promise<string> {
  const { message, writer, ended } = taken;
  const twin = twinOf(message, exchange);
  if (twin && isTwin(message, twin)) {
    // Once both sides are over it is known that they are the same; then one of them is not looked at.
    if (closing || (ended && twin.ended)) {
      writer.drop();
      return ',"same":true';
    }
    // As long as they are, one is not looked at either, but it can still be written should it become another.
    if (!ended && writer.waitingBytes <= RECORDING_LIMITS.shadowBytes) {
      message.shadow = true;
      return ',"same":true';
    }
  }
  const before = message.shadow ? ',"same":false' : '';
  message.shadow = false;
  if (writer.print.bytes === 0 && !ended) return before;
  const redacted = writer.redacted;
  const finish = (text: string) => {
    if (writer.redacted > redacted) heads.forget();
    return before + text;
  };
  const body = writer.record(ended, raw, ended ? undefined : comparedWith(message, exchange));
  return body instanceof Promise ? body.then(finish) : finish(body);
}

/** Upstream legs that were final before the exchange was, and turn out to equal the client's now. */
function markLateTwins(exchange: RecordingExchange, recorded: readonly Taken[]): string[] {
  return exchange.messages
    .filter((message) => {
      const twin = twinOf(message, exchange);
      return twin && !recorded.some((one) => one.message === message) && isTwin(message, twin);
    })
    .map((message) => `${keyOf(message)},"same":true}`);
}

/** Whether an upstream body is so far byte for byte that of the client side, under the same coding and in the same form. */
function isTwin(message: RecordedMessage, twin: RecordedMessage): boolean {
  const client = twin.writer;
  const own = message.writer;
  if (!client || !own || own.print.bytes === 0) return false;
  if (client.streamed !== own.streamed || client.mimeType !== own.mimeType) return false;
  return client.encodings.join() === own.encodings.join() && client.print.equals(own.print);
}

function twinOf(message: RecordedMessage, exchange: RecordingExchange): RecordedMessage | undefined {
  if (message.leg === 'upstream-request') return exchange.clientRequest;
  if (message.leg !== 'upstream-response') return undefined;
  return exchange.messages.find(({ leg }) => leg === 'client-response');
}

/** The one upstream body that a client's will be compared with; none where there are several. */
function comparedWith(message: RecordedMessage, exchange: RecordingExchange): Fingerprint | undefined {
  const twins = exchange.messages.filter((one) => twinOf(one, exchange) === message);
  return twins.length === 1 ? twins[0]!.writer?.print : undefined;
}

function keyOf({ leg, attempt }: RecordedMessage): string {
  return attempt === undefined ? `{"leg":"${leg}"` : `{"leg":"${leg}","attempt":${attempt}`;
}

function headJson({ head }: MessageHead, heads: HeadCache): string {
  return `"${head.status === 0 ? 'request' : 'response'}":${heads.json(head)}`;
}

function startOf({ facts }: RecordingExchange): string {
  const { startedAt, seed, protocol, connection } = facts;
  const socket = connection === '' ? '' : `,"connection":${wordJson(connection)}`;
  return `{"startedAt":${startedAt},"seed":${wordJson(seed)},"protocol":${protocolJson(protocol)}${socket}}`;
}

function protocolJson(protocol: Protocol | null): string {
  return protocol === null ? 'null' : `"${protocol}"`;
}

function attemptJson({ attempt, outcome, end }: AttemptEnd, heads: HeadCache): string {
  return `{"attempt":${attempt},"outcome":"${outcome}","end":${endJson(end, heads)}}`;
}

function endJson(end: EntryEnd, { redactor }: HeadCache): string {
  const { by, how, ms, detail } = end;
  if (detail === undefined) return `{"by":"${by}","how":"${how}","ms":${msJson(ms)}}`;
  return jsonBytes({ by, how, ms, detail: redactor.text(detail) });
}

function socketCloseJson(close: WebSocketClose, { redactor }: HeadCache): string {
  return `,"socketClose":${jsonBytes({ ...close, reason: redactor.text(close.reason) })}`;
}

function redactLoss(loss: Loss, { redactor }: HeadCache): Loss {
  return { ...loss, path: redactor.text(loss.path), reason: redactor.text(loss.reason) };
}

function redactInterim(record: InterimRecord, heads: HeadCache): InterimRecord {
  const statusText = heads.redactor.text(record.statusText);
  return { ...record, statusText, headers: heads.headers(record.headers) };
}

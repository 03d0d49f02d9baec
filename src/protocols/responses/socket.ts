import { fromUtf8 } from '../../util/bytes.ts';
import { asNumber, asObject, asString, parseData } from '../grammar.ts';

/** `type` as the first member, as Codex and every known server write it. */
const TYPE_FIRST = /^\s*\{\s*"type"\s*:\s*"([^"\\]*)"/;

/** Bytes in which that stands. */
const HEAD_BYTES = 128;

/** `type` of a Responses message over WebSocket; undefined when it has none, or is no JSON object. */
export function messageType(data: Uint8Array): string | undefined {
  const first = TYPE_FIRST.exec(fromUtf8(data.subarray(0, HEAD_BYTES)));
  if (first) return first[1];
  try {
    const { type } = JSON.parse(fromUtf8(data)) as { type?: unknown };
    return typeof type === 'string' ? type : undefined;
  } catch {
    return undefined;
  }
}

/** Messages of the server after which nothing more comes for a `response.create` (an `error` names no response). */
const TERMINAL: ReadonlySet<string> = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
  'error',
]);

/** Whether a message of the server ends an exchange. */
export function endsExchange(data: Uint8Array): boolean {
  return TERMINAL.has(messageType(data) ?? '');
}

/** Whether a message of the client begins an exchange. */
export function beginsExchange(data: Uint8Array): boolean {
  return messageType(data) === 'response.create';
}

/** An error as the Responses API tells it over WebSocket: what would be an HTTP answer, in one message. */
export interface SocketError {
  /** HTTP status; undefined when the message names none. */
  status: number | undefined;
  /** Name, value, name, value, … */
  headers: string[];
  code: string | undefined;
}

/** Reads a message of the server as an error; undefined for any other. */
export function readSocketError(data: Uint8Array): SocketError | undefined {
  if (messageType(data) !== 'error') return undefined;
  const message = asObject(parseData(fromUtf8(data))) ?? {};
  const error = asObject(message.error) ?? message;
  const status = asNumber(message.status);
  const headers = Object.entries({ ...asObject(error.headers), ...asObject(message.headers) });
  return {
    status,
    headers: headers.flatMap(([name, value]) => (typeof value === 'string' ? [name, value] : [])),
    code: asString(error.code),
  };
}

import { legOf } from '../cassette/legs.ts';
import { createOf } from '../cassette/messages.ts';
import type { Recording } from './recording.ts';

/** What a `response.create` is answered with. Times are milliseconds since it came. */
export interface MessageAnswer {
  messages: { ms: number; data: Uint8Array; binary: boolean }[];
  /** How the server ended the connection then; undefined: it did not. 1005 is a close without a code, 1006 none at all. */
  close: { code: number; reason: string } | undefined;
}

/**
 * Plans how an exchange over a WebSocket is played back: its messages, and the end of the connection where it was not the
 * client's. Messages of which the cassette does not hold all are followed by an end, so that nobody takes them for whole.
 */
export function planMessages({ exchange, entry, attempt }: Recording): MessageAnswer {
  const side = (name: 'request' | 'response') =>
    attempt === undefined ? legOf(exchange, `client-${name}`) : legOf(exchange, `upstream-${name}`, attempt);
  const asked = createOf(side('request')?.messages ?? [])?.ms ?? 0;
  const messages = (side('response')?.messages ?? []).map((one) => ({ ...one, ms: Math.max(0, one.ms - asked) }));
  return { messages, close: closeOf(entry) };
}

function closeOf(entry: Recording['entry']): MessageAnswer['close'] {
  const { _webSocketClose: close, _webSocketCut: cut, _outcome: outcome } = entry;
  if (close && close.by !== 'client') return { code: close.code, reason: close.reason };
  if (cut || (outcome === 'upstream-aborted' && !close)) return { code: 1006, reason: '' };
  return undefined;
}

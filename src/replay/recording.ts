import type { Entry } from '../cassette/format.ts';
import { legOf, type RecordedExchange } from '../cassette/legs.ts';
import { createOf, isOverWebSocket } from '../cassette/messages.ts';
import type { Side } from '../util/types.ts';
import { type MatchRequest, SOCKET_METHOD } from './request.ts';

/** One recorded request with its answer. */
export interface Recording {
  exchange: RecordedExchange;
  entry: Entry;
  /** From 1; on the upstream side only. */
  attempt?: number;
}

/** What can be asked for of one exchange, in recorded order; requests that did not arrive whole cannot. */
export function recordingsOf(exchange: RecordedExchange, side: Side): Recording[] {
  const all: Recording[] =
    side === 'client'
      ? [{ exchange, entry: exchange.client }]
      : exchange.attempts.map((entry) => ({ exchange, entry, attempt: entry._attempt ?? 1 }));
  return all.filter(({ entry }) => !entry.request._incomplete);
}

/** What was asked; undefined for a WebSocket connection on which nothing was. */
export function requestOf({ exchange, entry, attempt }: Recording): MatchRequest | undefined {
  const leg = attempt === undefined ? legOf(exchange, 'client-request') : legOf(exchange, 'upstream-request', attempt);
  const { method, url: target } = entry.request;
  if (!isOverWebSocket(entry)) return { method, target, body: leg?.body?.decoded ?? leg?.body?.wire };
  const body = createOf(leg?.messages ?? [])?.data;
  return body && { method: SOCKET_METHOD, target, body };
}

/** Whether a request asked for a WebSocket, and got it; undefined when it did not ask. */
export function upgradeOf({ entry }: Recording): 'accepted' | 'refused' | undefined {
  if (isOverWebSocket(entry)) return 'accepted';
  const isAsked = entry.request.headers.some(
    ({ name, value }) => name.toLowerCase() === 'upgrade' && /websocket/i.test(value),
  );
  return isAsked ? 'refused' : undefined;
}

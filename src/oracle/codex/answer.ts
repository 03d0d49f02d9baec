import type { EntryEnd } from '../../cassette/format.ts';
import { eventChunks, type Leg, type RecordedExchange } from '../../cassette/legs.ts';
import { readSocketError } from '../../protocols/responses/socket.ts';
import { fromHarHeaders, headerValue } from '../../util/headers.ts';
import type { CodexAnswer } from './types.ts';

/** How an entry's end looks to the client. `timeout` there is ours towards the upstream; the client only sees a close. */
const ENDS: Record<EntryEnd['how'], CodexAnswer['end']> = {
  complete: 'complete',
  closed: 'closed',
  reset: 'reset',
  timeout: 'closed',
  refused: 'none',
  error: 'closed',
};

/**
 * The answer of a recorded exchange as the client got it.
 * @param response the leg `client-response`; undefined when no response head was written
 */
export function recordedAnswer(exchange: RecordedExchange, response: Leg | undefined): CodexAnswer {
  const { client } = exchange;
  const end = client._end;
  const endMs = end?.ms ?? client.time;
  if (!response) {
    return {
      status: 0,
      headers: [],
      chunks: [],
      headMs: endMs,
      end: end?.by === 'client' ? 'timeout' : 'reset',
      endMs,
    };
  }
  if (response.messages) return socketAnswer(response, end?.how ?? 'complete', endMs);
  return answerOf({
    status: client.response.status,
    headers: fromHarHeaders(client.response.headers),
    chunks: response.body?.chunks ?? [],
    headMs: client.response._headMs ?? 0,
    end: end?.how ?? 'complete',
    endMs,
  });
}

/** What came over a WebSocket: a stream, or an error in the place of one. */
function socketAnswer(response: Leg, end: EntryEnd['how'], endMs: number): CodexAnswer {
  const { messages = [], entry } = response;
  const last = messages.at(-1);
  const error = last && readSocketError(last.data);
  const headMs = messages[0]?.ms ?? endMs;
  if (!last || error?.status === undefined) {
    const headers = fromHarHeaders(entry.response.headers);
    return answerOf({ status: 200, headers, chunks: eventChunks(response), headMs: 0, end, endMs });
  }
  const { status, headers, code = '' } = error;
  return { ...answerOf({ status, headers, chunks: [last], headMs, end, endMs }), socketError: code };
}

/** An answer whose head came, from how its message ended on the client's side. */
export function answerOf(seen: Omit<CodexAnswer, 'end' | 'coded'> & { end: EntryEnd['how'] }): CodexAnswer {
  const coding = headerValue(seen.headers, 'content-encoding')?.trim().toLowerCase();
  const coded = coding === undefined || coding === 'identity' ? {} : { coded: coding };
  return { ...seen, end: ENDS[seen.end], ...coded };
}

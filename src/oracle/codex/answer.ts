import type { EntryEnd } from '../../cassette/format.ts';
import type { Leg, RecordedExchange } from '../../cassette/legs.ts';
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
  return answerOf({
    status: client.response.status,
    headers: fromHarHeaders(client.response.headers),
    chunks: response.body?.chunks ?? [],
    headMs: client.response._headMs ?? 0,
    end: end?.how ?? 'complete',
    endMs,
  });
}

/** An answer whose head came, from how its message ended on the client's side. */
export function answerOf(seen: Omit<CodexAnswer, 'end' | 'coded'> & { end: EntryEnd['how'] }): CodexAnswer {
  const coding = headerValue(seen.headers, 'content-encoding')?.trim().toLowerCase();
  const coded = coding === undefined || coding === 'identity' ? {} : { coded: coding };
  return { ...seen, end: ENDS[seen.end], ...coded };
}

import { parseJson } from '../../decode/json.ts';
import { fromHarHeaders, headerValue } from '../../util/headers.ts';
import { legOf, type RecordedExchange } from '../legs.ts';

/** Where Codex says which session a request belongs to: 0.122 and older, then newer ones. */
const SESSION_HEADERS = ['session_id', 'session-id', 'x-session-id', 'x-claude-code-session-id'];

/**
 * The session of an exchange: a header, or the `prompt_cache_key` of its request, which is the session's id in Codex. Undefined for
 * requests that belong to none, such as the list of models.
 */
export function sessionOf(exchange: RecordedExchange): string | undefined {
  const headers = fromHarHeaders(exchange.client.request.headers);
  for (const name of SESSION_HEADERS) {
    const value = headerValue(headers, name);
    if (value) return value;
  }
  const text = legOf(exchange, 'client-request')?.body?.text;
  if (text === undefined || !text.includes('prompt_cache_key')) return undefined;
  const parsed = parseJson(text);
  const key = parsed.ok ? (parsed.value as { prompt_cache_key?: unknown } | null)?.prompt_cache_key : undefined;
  return typeof key === 'string' ? key : undefined;
}

/** The exchanges that a filter keeps, in their order. @param keep gets the number of the exchange, from 1 */
export async function* selectExchanges(
  exchanges: AsyncIterable<RecordedExchange>,
  keep: (exchange: RecordedExchange, number: number) => boolean,
): AsyncGenerator<RecordedExchange> {
  let number = 0;
  for await (const exchange of exchanges) {
    number += 1;
    if (keep(exchange, number)) yield exchange;
  }
}

/** The exchange without its upstream side. */
export function withoutUpstream(exchange: RecordedExchange): RecordedExchange {
  return { ...exchange, attempts: [] };
}

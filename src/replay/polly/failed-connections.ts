import type { Entry } from '../../cassette/format.ts';
import type { RecordedExchange } from '../../cassette/legs.ts';
import type { ExchangeSource } from '../exchange-source.ts';

/** What can have come of a connection before a request was written to it. */
const UNSENT: ReadonlySet<string> = new Set(['refused', 'timeout', 'upstream-error']);

/**
 * A source in which a connection that was never made counts as an attempt: nothing was written upstream, so the cassette holds
 * no leg of it, but whoever asks again is to be refused again. What would have been asked is taken from the client's request; of
 * a translated one nobody knows it, and it stays without a match.
 */
export function withFailedConnections(source: ExchangeSource): ExchangeSource {
  return {
    async *exchanges() {
      for await (const exchange of source.exchanges()) yield withFailedConnection(exchange);
    },
    async exchange(number) {
      const exchange = await source.exchange(number);
      return exchange && withFailedConnection(exchange);
    },
  };
}

/** One exchange of such a source. */
export function withFailedConnection(exchange: RecordedExchange): RecordedExchange {
  const { client, attempts } = exchange;
  const { name, how } = client._producer;
  // What another program did between its client and its provider nobody knows.
  const isOurs = name === 'tapedeck' && (client.response.status === 0 || how === 'error');
  if (attempts.length > 0 || !isOurs || !UNSENT.has(client._outcome)) return exchange;
  const { response } = client;
  const attempt: Entry = {
    ...client,
    response: { ...response, status: 0, statusText: '', headers: [], content: { size: 0, mimeType: '' } },
    _side: 'upstream',
    _attempt: 1,
  };
  return { ...exchange, attempts: [attempt] };
}

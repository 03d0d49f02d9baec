import { classify } from '../../route/endpoints.ts';
import { headerValue } from '../../util/headers.ts';
import type { Observed } from '../harness/observed.ts';
import type { Lost } from '../harness/trial.ts';
import { isTurn } from '../script.ts';

/** What a client tried in vain before it was answered, and how long that took; undefined: nothing. */
export function lostOn(exchanges: readonly Observed[]): Lost | undefined {
  const tries = exchanges.filter((exchange) => isUpgrade(exchange) || isForTurn(exchange));
  let attempts = 0;
  let ms = 0;
  let since: number | undefined;
  for (const exchange of tries) {
    if (isAnswered(exchange)) {
      if (since !== undefined) ms += Math.max(0, exchange.startedAt - since);
      since = undefined;
    } else {
      attempts += 1;
      since ??= exchange.startedAt;
    }
  }
  return attempts === 0 ? undefined : { attempts, ms };
}

/** An upgrade that was not accepted: what is said on an accepted one are exchanges of their own. */
export function isUpgrade({ request, connection }: Observed): boolean {
  return connection === undefined && /\bwebsocket\b/i.test(headerValue(request.headers, 'upgrade') ?? '');
}

/** Something that a model answers. */
export function isForTurn({ request, connection }: Observed): boolean {
  return connection !== undefined || isTurn(classify(request.method, request.url));
}

/** A client that goes away after the last event has its answer: Codex does so always. */
function isAnswered(exchange: Observed): boolean {
  if (isUpgrade(exchange) || exchange.chunks.length === 0) return false;
  if (exchange.outcome !== 'complete' && exchange.outcome !== 'client-aborted') return false;
  return exchange.connection !== undefined || (exchange.response?.status ?? 0) < 300;
}

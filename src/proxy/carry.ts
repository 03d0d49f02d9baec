import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EntryEnd } from '../cassette/format.ts';
import type { Outcome } from '../util/types.ts';
import type { Exchange } from './exchange.ts';
import { type PipelineSetup, type Running, runExchange } from './pipeline.ts';
import type { Router } from './router.ts';
import { TranslatedExchange } from './translated/exchange.ts';
import { isCarried, type Translation } from './translated/setup.ts';

/** How exchanges are carried: as they are, or translated where that is needed. */
export interface CarrySetup extends PipelineSetup {
  translation: Translation | undefined;
}

/** Where an exchange gets its clock and its ids from. */
export type ExchangeStart = Pick<Exchange, 'startedAt' | 'seed' | 'clock'>;

/**
 * A new exchange, without a tap.
 * @param method that the endpoint is classified by
 */
export function newExchange(request: IncomingMessage, method: string, router: Router, start: ExchangeStart): Exchange {
  const target = request.url ?? '/';
  const { endpoint, protocol, upstream } = router(method, target);
  // Named one by one: copying an object costs more than all the rest of it.
  return {
    startedAt: start.startedAt,
    seed: start.seed,
    clock: start.clock,
    endpoint,
    protocol,
    upstream,
    method: request.method ?? 'GET',
    target,
    headers: request.rawHeaders,
    tap: undefined,
  };
}

/** Carries one exchange over HTTP to its end. `onEnd` is called exactly once, maybe before this returns. */
export function carryExchange(
  setup: CarrySetup,
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
  onEnd: (outcome: Outcome, end: EntryEnd) => void,
): Running {
  const { translation } = setup;
  const { endpoint, protocol } = exchange;
  if (!translation || !isCarried(translation, endpoint, protocol)) {
    return runExchange(setup, exchange, request, response, onEnd);
  }
  const carried = new TranslatedExchange({ ...setup, translation }, exchange, protocol, response, onEnd);
  carried.start(request);
  return carried;
}

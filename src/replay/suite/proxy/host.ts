import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { CassetteHeader } from '../../../cassette/format.ts';
import type { RecordedExchange } from '../../../cassette/legs.ts';
import { type CarrySetup, carryExchange, newExchange } from '../../../proxy/carry.ts';
import { createRouter, type Router } from '../../../proxy/router.ts';
import { createProxyServer } from '../../../proxy/server.ts';
import type { BaseUrl } from '../../../route/base-url.ts';
import { createUpstream, type Upstream } from '../../../upstream/client.ts';
import type { CallDeck } from '../../polly/call-deck.ts';
import { createPollyDispatcher } from '../../polly/dispatcher.ts';
import { AT_ONCE } from '../../polly/pace.ts';
import type { Retranslator } from '../translation.ts';
import type { ProxyPlan } from './setup.ts';
import { type AskedRequest, Stage } from './stage.ts';
import { Wire } from './wire.ts';
import { requestBytes } from './wire-request.ts';
import { readResponse, type WireResponse } from './wire-response.ts';

/** What became of one exchange that was run again. */
export interface ProxyRun {
  /** What the client got; undefined: no response. */
  response: WireResponse | undefined;
  /** What the proxy asked upstream, in its order. */
  asked: readonly AskedRequest[];
  /** The proxy did not end the exchange in time. */
  hung: boolean;
}

/** Milliseconds that one exchange may take. It waits for nothing but the processor, and takes less than one as a rule; a large one takes seconds. */
const RUN_MS = 30_000;

/** What the proxy needs of `Upstream`'s settings when its dispatcher is replaced: nothing. */
const UNUSED = { connectMs: 0, headMs: 0, idleMs: 0, keepAliveMs: 0, keepAliveMarginMs: 0, headBytes: 0 };

/**
 * The proxy, in this process and without a port, over one cassette: its server gets connections that are in memory, and its dispatcher is a
 * Polly that serves the recorded upstream legs. Runs one exchange at a time.
 */
export class ProxyHost {
  readonly header: Pick<CassetteHeader, 'upstream'> | undefined;
  readonly #retranslator: Retranslator;
  readonly #stage = new Stage();
  readonly #dispatcher: Dispatcher;
  readonly #upstream: Upstream;
  readonly #server: Server;
  /** By base URL: all exchanges of a cassette have one, unless it was merged. */
  readonly #routers = new Map<string, Router>();
  #accept: (request: IncomingMessage, response: ServerResponse) => void = () => {};

  constructor(header: Pick<CassetteHeader, 'upstream'> | undefined, retranslator: Retranslator) {
    this.header = header;
    this.#retranslator = retranslator;
    const config = { mode: 'replay', recordIfMissing: false, startPace: () => AT_ONCE } as const;
    this.#dispatcher = createPollyDispatcher(this.#stage, config);
    this.#upstream = createUpstream(UNUSED, this.#dispatcher);
    this.#server = createProxyServer((request, response) => this.#accept(request, response));
  }

  /** Runs an exchange again. @param split cuts what comes from upstream into other reads than the recorded ones */
  async run(exchange: RecordedExchange, plan: ProxyPlan, split?: CallDeck['split']): Promise<ProxyRun> {
    const { client } = exchange;
    this.#stage.enter(exchange, plan.base, split);
    const wire = new Wire(requestBytes(client, plan.body));
    const over = new Promise<boolean>((resolve) => {
      this.#accept = (request, response) => this.#carry(exchange, plan, request, response, () => resolve(true));
      // What is no HTTP the server answers by itself, and closes.
      wire.once('close', () => resolve(true));
    });
    this.#server.emit('connection', wire);
    const ended = await within(RUN_MS, over);
    // What it may still ask upstream belongs to this exchange.
    await nextTurn();
    wire.destroy();
    return {
      response: readResponse(wire.written, client.request.method),
      asked: this.#stage.asked,
      hung: !ended,
    };
  }

  #routerOf(base: BaseUrl): Router {
    const name = `${base.origin}${base.basePath}?${base.query}`;
    const router = this.#routers.get(name) ?? createRouter(base);
    this.#routers.set(name, router);
    return router;
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** @param done the exchange is over, and the client has got all of it */
  #carry(
    exchange: RecordedExchange,
    { base, translation, credentials, requestCoding }: ProxyPlan,
    request: IncomingMessage,
    response: ServerResponse,
    done: () => void,
  ): void {
    const seed = exchange.client._seed;
    const startedAt = Number.parseInt(seed, 10);
    const carried = newExchange(request, request.method ?? 'GET', this.#routerOf(base), { startedAt, seed, clock });
    const setup: CarrySetup = {
      upstream: this.#upstream,
      credentials,
      requestCoding,
      translation: translation && {
        ...translation,
        hop: (from, to) => this.#retranslator.hop(from, to),
      },
    };
    let waits = 2;
    const one = () => {
      waits -= 1;
      if (waits === 0) done();
    };
    response.once('close', one);
    carryExchange(setup, carried, request, response, one);
  }
}

/** Only what is recorded has times. */
const clock = () => 0;

async function within(ms: number, over: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([over, late]);
  } finally {
    clearTimeout(timer);
  }
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CassetteHeader } from '../../../cassette/format.ts';
import type { RecordedExchange } from '../../../cassette/legs.ts';
import { type CarrySetup, carryExchange, newExchange } from '../../../proxy/carry.ts';
import { createProxyServer } from '../../../proxy/http-server.ts';
import { createRouter, type Router } from '../../../proxy/router.ts';
import type { BaseUrl } from '../../../route/base-url.ts';
import type { Upstream } from '../../../upstream/client.ts';
import { dispatchUpstream } from '../../../upstream/dispatch.ts';
import type { CallDeck } from '../../polly/call-deck.ts';
import { PollyCalls } from '../../polly/calls.ts';
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

/** Milliseconds that one exchange may take, up to one `LOOK_MS` more. It waits for nothing but the processor, and takes less than one as a rule; a large one takes seconds. */
const RUN_MS = 30_000;

/** How often it is looked whether it takes longer. */
const LOOK_MS = 1_000;

/**
 * The proxy, in this process and without a port, over one cassette: its server gets connections that are in memory, and its dispatcher is a
 * Polly that serves the recorded upstream legs. Runs one exchange at a time.
 */
export class ProxyHost {
  readonly header: Pick<CassetteHeader, 'upstream'> | undefined;
  readonly #retranslator: Retranslator;
  readonly #stage = new Stage();
  readonly #calls: PollyCalls;
  readonly #upstream: Upstream;
  readonly #server: Server;
  /** By base URL: all exchanges of a cassette have one, unless it was merged. */
  readonly #routers = new Map<string, Router>();
  #accept: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  readonly #watch = new Watch();

  constructor(header: Pick<CassetteHeader, 'upstream'> | undefined, retranslator: Retranslator) {
    this.header = header;
    this.#retranslator = retranslator;
    const config = { mode: 'replay', recordIfMissing: false, startPace: () => AT_ONCE } as const;
    this.#calls = new PollyCalls(this.#stage, config);
    this.#upstream = {
      send: (request, handler) => dispatchUpstream(this.#calls, request, handler),
      close: async () => {},
    };
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
    const ended = await this.#watch.until(over);
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
    this.#watch.end();
    await this.#calls.destroy();
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

/** Ends what takes too long. One timer for all: to set one for each costs as much as a small exchange does in a part of the proxy. */
class Watch {
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;
  #late = () => {};

  /** Resolves with what `over` does, or with false. */
  until(over: Promise<boolean>): Promise<boolean> {
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
    this.#looks = 0;
    return new Promise((resolve, reject) => {
      this.#late = () => resolve(false);
      over.then(resolve, reject);
    });
  }

  #look(): void {
    this.#looks += 1;
    if (this.#looks > RUN_MS / LOOK_MS) this.#late();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#late = () => {};
  }
}

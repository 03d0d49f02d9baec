import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { EntryEnd, Producer } from '../cassette/format.ts';
import type { AttemptTap, Recorder } from '../cassette/tap.ts';
import { errorText } from '../protocols/errors.ts';
import { type Acceptor, answerUpgrade, isHandshake, refuseUpgrade } from '../respond/websocket.ts';
import { classify } from '../route/endpoints.ts';
import { type Credentials, withCredentials } from '../upstream/credentials/api-key.ts';
import { describeFailure } from '../upstream/failure.ts';
import type { SentHead } from '../upstream/sent-head.ts';
import { openUpstreamSocket, type UpgradeResult, type UpstreamSocketOptions } from '../upstream/websocket.ts';
import { headerValue } from '../util/headers.ts';
import { dropHandshake, dropHopByHop, offeredProtocols } from '../util/hop-by-hop.ts';
import type { Outcome } from '../util/types.ts';
import { VERSION } from '../util/version.ts';
import type { Exchange } from './exchange.ts';
import type { HopLimits } from './hop.ts';
import { SocketRelay } from './socket-relay.ts';

/** What all WebSockets of one proxy share. */
export interface SocketSetup {
  acceptor: Acceptor;
  /** Limits and authorities; undefined: every upgrade is refused at once. */
  upstream: (UpstreamSocketOptions & HopLimits) | undefined;
  credentials: Credentials | undefined;
  recorder: Recorder | undefined;
  /** The client gets the upstream's refusal, or none at all, instead of 426. */
  refusalsAsTheyAre: boolean;
  /** A new exchange of the upgrade's target that begins now, without a tap. */
  begin(request: IncomingMessage): Exchange;
  onEnd(exchange: Exchange, outcome: Outcome, end: EntryEnd): void;
}

/** A WebSocket, or an upgrade on its way to one, as the server holds it. */
export interface RunningSocket {
  /** Exchanges under way. */
  readonly active: number;
  /** Nothing more is told of it. */
  readonly over: Promise<void>;
  /** Ends it as soon as no exchange is under way on it. */
  drain(): void;
  /** Ends it now. */
  stop(): void;
}

const REFUSED: Producer = { name: 'tapedeck', version: VERSION, how: 'error' };
const PASSED: Producer = { name: 'tapedeck', version: VERSION, how: 'passthrough' };

const HOST: ReadonlySet<string> = new Set(['host']);
const CONTENT_LENGTH: ReadonlySet<string> = new Set(['content-length']);

/**
 * Answers one upgrade: where the upstream accepts it, messages are relayed until one side ends it; else it is refused
 * with 426, on which clients use HTTP.
 */
export function runUpgrade(
  setup: SocketSetup,
  request: IncomingMessage,
  transport: Socket,
  first: Buffer,
): RunningSocket {
  const upgrade = new Upgrade(setup, request, transport, first);
  upgrade.start();
  return upgrade;
}

class Upgrade implements RunningSocket {
  readonly #setup: SocketSetup;
  readonly #request: IncomingMessage;
  readonly #transport: Socket;
  readonly #first: Buffer;
  readonly over: Promise<void>;
  #onOver = () => {};
  readonly #exchange: Exchange;
  #sent: SentHead | undefined;
  #attempt: { abort(): void } | undefined;
  #relay: SocketRelay | undefined;
  #done = false;
  readonly #onGone = () => this.#leave('client', 'the client closed the connection during the upgrade');

  constructor(setup: SocketSetup, request: IncomingMessage, transport: Socket, first: Buffer) {
    this.#setup = setup;
    this.#request = request;
    this.#transport = transport;
    this.#first = first;
    this.over = new Promise((resolve) => {
      this.#onOver = resolve;
    });
    this.#exchange = setup.begin(request);
  }

  start(): void {
    const transport = this.#transport;
    transport.once('close', this.#onGone);
    const { upstream } = this.#setup;
    const refusal = upstream ? whyRefused(this.#request) : 'WebSocket is switched off here; use HTTP.';
    if (refusal !== undefined || !upstream) {
      this.#refuse(refusal ?? '', 'complete', { by: 'tapedeck', how: 'complete', ms: this.#exchange.clock() });
      return;
    }
    const { origin, path } = this.#exchange.upstream;
    const headers = this.#headersUp();
    const protocols = offeredProtocols(this.#request.headers['sec-websocket-protocol']);
    this.#attempt = openUpstreamSocket({ origin, path, headers, protocols }, upstream, {
      sent: (head) => {
        this.#sent = head;
      },
      done: (result) => this.#answered(result),
    });
  }

  get active(): number {
    return this.#relay?.active ?? 0;
  }

  drain(): void {
    if (this.#relay) this.#relay.drain();
    else this.stop();
  }

  stop(): void {
    if (this.#relay) this.#relay.stop();
    else this.#leave('tapedeck', 'the proxy was stopped');
  }

  #headersUp(): string[] {
    const { credentials } = this.#setup;
    const headers = dropHandshake(dropHopByHop(this.#exchange.headers, HOST));
    return credentials ? withCredentials(headers, credentials, 'responses') : headers;
  }

  #answered(result: UpgradeResult): void {
    if (this.#done) return;
    if (result.kind === 'accepted') {
      this.#accept(result);
      return;
    }
    const { origin } = this.#exchange.upstream;
    const ms = this.#exchange.clock();
    if (result.kind === 'answered') {
      const message = `The upstream ${origin} does not speak WebSocket here (status ${result.head.status}); use HTTP.`;
      this.#refuse(message, 'complete', { by: 'upstream', how: 'complete', ms }, result);
      return;
    }
    const { outcome, how, message } = describeFailure(result.error, origin);
    this.#refuse(`${message} Use HTTP.`, outcome, { by: 'upstream', how, ms, detail: message }, result);
  }

  #accept(result: Extract<UpgradeResult, { kind: 'accepted' }>): void {
    const { acceptor, upstream, recorder } = this.#setup;
    const protocol = headerValue(result.head.headers, 'sec-websocket-protocol') ?? '';
    const headers = dropHandshake(dropHopByHop(result.head.headers));
    this.#transport.off('close', this.#onGone);
    const accepted = acceptor.accept(this.#request, this.#transport, this.#first, { headers, protocol });
    if (!accepted) {
      result.socket.terminate();
      this.#leave('client', 'the client closed the connection during the upgrade');
      return;
    }
    const { clientRequest, upstreamRequest } = this.#requestHeads();
    this.#relay = new SocketRelay({
      client: { socket: accepted.socket, transport: this.#transport },
      upstream: { socket: result.socket, transport: result.transport },
      limits: upstream!,
      onOver: this.#onOver,
      connection: {
        id: this.#exchange.seed,
        recorder,
        handshakes: { clientRequest, upstreamRequest, upstreamResponse: result.head, clientResponse: accepted.head },
        begin: () => this.#setup.begin(this.#request),
        onEnd: this.#setup.onEnd,
      },
    });
  }

  #requestHeads() {
    const { method, target, headers, upstream } = this.#exchange;
    const { httpVersion } = this.#request;
    const sent = this.#sent ?? { method, target: upstream.path, headers: [] };
    return {
      clientRequest: { method, url: target, httpVersion, headers },
      upstreamRequest: {
        method: sent.method,
        url: `${upstream.origin}${sent.target}`,
        httpVersion: '1.1',
        headers: sent.headers,
      },
    };
  }

  #refuse(message: string, outcome: Outcome, end: EntryEnd, result?: UpgradeResult): void {
    this.#done = true;
    this.#transport.off('close', this.#onGone);
    const told = this.#tellRefusal(message, result);
    const tap = this.#openTap();
    const ms = end.ms;
    if (result) this.#tapAttempt(tap?.attempt(), result, outcome, end);
    const own: EntryEnd = { by: 'tapedeck', how: 'complete', ms };
    if (told) {
      const answer = tap?.clientResponse(ms, told.head, told.producer);
      answer?.data(ms, told.body);
      answer?.end(own);
    }
    this.#finish(outcome, result ? end : own);
  }

  /** Answers the client; undefined when it is left without an answer, as the proxy was. */
  #tellRefusal(message: string, result: UpgradeResult | undefined) {
    const transport = this.#transport;
    if (!this.#setup.refusalsAsTheyAre || !result) {
      const text = errorText('responses', { status: 426, code: 'upgrade_not_supported', message });
      return { ...refuseUpgrade(transport, text), producer: REFUSED };
    }
    if (result.kind !== 'answered') {
      transport.destroy();
      return undefined;
    }
    const { status, statusText, headers } = result.head;
    const kept = dropHopByHop(headers, CONTENT_LENGTH);
    return { ...answerUpgrade(transport, `${status} ${statusText}`, kept, result.body), producer: PASSED };
  }

  #tapAttempt(attempt: AttemptTap | undefined, result: UpgradeResult, outcome: Outcome, end: EntryEnd): void {
    if (!attempt) return;
    if (this.#sent) attempt.request(0, this.#requestHeads().upstreamRequest, 'responses', PASSED).end(end);
    if (result.kind === 'answered') {
      const answer = attempt.response(end.ms, result.head);
      answer.data(end.ms, result.body);
      answer.end(end);
    }
    attempt.close(outcome, end);
  }

  /** Gives the upgrade up: nobody is there to be answered. */
  #leave(by: 'client' | 'tapedeck', detail: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#attempt?.abort();
    this.#transport.destroy();
    this.#openTap();
    this.#finish('client-aborted', { by, how: 'closed', ms: this.#exchange.clock(), detail });
  }

  #openTap() {
    const { startedAt, seed, protocol } = this.#exchange;
    const request = this.#requestHeads().clientRequest;
    this.#exchange.tap = this.#setup.recorder?.open({ startedAt, seed, protocol, request });
    this.#exchange.tap?.clientRequest.end({ by: 'client', how: 'complete', ms: 0 });
    return this.#exchange.tap;
  }

  #finish(outcome: Outcome, end: EntryEnd): void {
    this.#exchange.tap?.close(outcome, end);
    this.#setup.onEnd(this.#exchange, outcome, end);
    this.#onOver();
  }
}

/** Undefined when the upgrade may be passed on. */
function whyRefused(request: IncomingMessage): string | undefined {
  if (!isHandshake(request)) return 'This is no WebSocket handshake; use HTTP.';
  // An upgrade is a GET to where a POST would go.
  if (classify('POST', request.url ?? '').endpoint === 'responses') return undefined;
  return 'WebSocket is offered at /v1/responses alone; use HTTP.';
}

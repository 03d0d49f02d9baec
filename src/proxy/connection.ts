import type { EntryEnd, Producer } from '../cassette/format.ts';
import type { AttemptTap, ExchangeTap, MessageTap, Recorder, RequestHead, ResponseHead } from '../cassette/tap.ts';
import { beginsExchange, endsExchange } from '../protocols/responses/socket.ts';
import type { Outcome } from '../util/types.ts';
import { VERSION } from '../util/version.ts';
import type { Exchange } from './exchange.ts';
import type { Close } from './hop.ts';

const PASSED: Producer = { name: 'tapedeck', version: VERSION, how: 'passthrough' };

/** The two handshakes of a relayed WebSocket, as they crossed the wire. */
export interface Handshakes {
  clientRequest: RequestHead;
  upstreamRequest: RequestHead;
  upstreamResponse: ResponseHead;
  clientResponse: ResponseHead;
}

export interface ConnectionSetup {
  /** Unique name of the connection. */
  id: string;
  handshakes: Handshakes;
  recorder: Recorder | undefined;
  /** A new exchange that begins now, without a tap. */
  begin(): Exchange;
  onEnd(exchange: Exchange, outcome: Outcome, end: EntryEnd): void;
}

/** Who ended a connection. */
export type Closer = 'client' | 'upstream' | 'tapedeck';

/** One `response.create` and what belongs to it. */
interface Running {
  exchange: Exchange;
  tap: ExchangeTap | undefined;
  attempt: AttemptTap | undefined;
  /** Legs with what the client sends, and with what it gets. */
  sent: (MessageTap | undefined)[];
  received: (MessageTap | undefined)[];
  created: boolean;
  /** When the client sent last. */
  sentMs: number;
}

/**
 * Tells the exchanges of one WebSocket connection apart. A `response.create` begins one, and the first terminal event after it
 * ends it; with several under way the oldest gets the events, as the Responses API answers one after the other. What
 * comes between two exchanges belongs to the next one.
 */
export class Connection {
  readonly #setup: ConnectionSetup;
  #running: Running[] = [];
  #last: Running | undefined;

  constructor(setup: ConnectionSetup) {
    this.#setup = setup;
  }

  /** Exchanges under way. */
  get active(): number {
    return this.#running.length;
  }

  fromClient(data: Buffer, binary: boolean): void {
    const creates = !binary && beginsExchange(data);
    const open = this.#running.at(-1);
    const running = open && !(creates && open.created) ? open : this.#begin();
    running.created ||= creates;
    running.sentMs = running.exchange.clock();
    tell(running.sent, running.sentMs, data, binary);
  }

  fromUpstream(data: Buffer, binary: boolean): void {
    const running = this.#running[0] ?? this.#begin();
    const ms = running.exchange.clock();
    tell(running.received, ms, data, binary);
    if (!running.created || binary || !endsExchange(data)) return;
    this.#running.shift();
    this.#end(running, 'complete', { by: 'upstream', how: 'complete', ms });
  }

  /** The connection is over. An exchange that was under way was cut off by it. */
  close(by: Closer, close: Close): void {
    if (this.#running.length === 0 && !this.#last) this.#begin();
    for (const running of this.#running.splice(0)) {
      const ms = running.exchange.clock();
      // Nothing was asked, so nothing was cut off.
      if (!running.created) this.#end(running, 'complete', { by, how: 'complete', ms });
      else this.#end(running, OUTCOMES[by], { by, how: 'closed', ms, detail: closeText(close) });
    }
    this.#last?.tap?.webSocketClose({ by, ...close });
  }

  #begin(): Running {
    const { id, handshakes, recorder, begin } = this.#setup;
    const exchange = begin();
    const { startedAt, seed, protocol } = exchange;
    const tap = recorder?.open({ startedAt, seed, protocol, request: handshakes.clientRequest, connection: id });
    exchange.tap = tap;
    const attempt = tap?.attempt();
    const running: Running = {
      exchange,
      tap,
      attempt,
      sent: [tap?.clientRequest, attempt?.request(0, handshakes.upstreamRequest, protocol, PASSED)],
      received: [
        attempt?.response(0, handshakes.upstreamResponse),
        tap?.clientResponse(0, handshakes.clientResponse, PASSED),
      ],
      created: false,
      sentMs: 0,
    };
    this.#running.push(running);
    return running;
  }

  #end(running: Running, outcome: Outcome, end: EntryEnd): void {
    // What the client sends are whole messages: whatever was cut off, they are not.
    for (const leg of running.sent) leg?.end({ by: 'client', how: 'complete', ms: running.sentMs });
    for (const leg of running.received) leg?.end(end);
    running.attempt?.close(outcome, end);
    running.tap?.close(outcome, end);
    this.#last = running;
    this.#setup.onEnd(running.exchange, outcome, end);
  }
}

const OUTCOMES: Record<Closer, Outcome> = {
  client: 'client-aborted',
  tapedeck: 'client-aborted',
  upstream: 'upstream-aborted',
};

function closeText({ code, reason }: Close): string {
  if (code === 1006) return 'the WebSocket ended without a close frame';
  return `the WebSocket was closed with ${code}${reason === '' ? '' : `: ${reason}`}`;
}

function tell(legs: readonly (MessageTap | undefined)[], ms: number, data: Buffer, binary: boolean): void {
  for (const leg of legs) leg?.data(ms, data, binary);
}

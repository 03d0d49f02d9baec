import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { decodeBody } from '../../decode/body.ts';
import { LIMITS } from '../../decode/limits.ts';
import { createSseParser } from '../../decode/sse.ts';
import type { SseEvent } from '../../decode/types.ts';
import { addressOf } from '../../util/address.ts';
import { concatBytes, fromUtf8 } from '../../util/bytes.ts';
import { headerValue, headerValues } from '../../util/headers.ts';
import type { Protocol, RawHeaders } from '../../util/types.ts';
import { isPing, saysNothing } from './keep-alive.ts';
import { beginSide, msOf, type Observed } from './observed.ts';
import { inTime, MOST_WAITS } from './stop.ts';

/** A request as it is to be written: nothing is added but `host`, the length and `connection`. */
export interface WireRequest {
  method: string;
  url: URL;
  headers: RawHeaders;
  body: Uint8Array | undefined;
  protocol: Protocol | null;
  /** Milliseconds for the head, and again for each thing that is waited for after it. */
  timeoutMs: number;
  /** Sends the body in these pieces, with chunked coding, instead of whole. */
  pieces?: readonly Uint8Array[];
  /** On a connection of its own. */
  fresh?: true;
  /** Goes away when it is aborted, also before the head of the answer. */
  signal?: AbortSignal;
}

/** How the answer's body ended. */
export type BodyEnd = 'complete' | 'broken' | 'open';

/** An answer, from its head on. Whatever the gateway does is a value here; only what does not come in time ends the trial. */
export interface WireReply {
  /** 0: the connection ended before a head came; `problem` says how. */
  status: number;
  headers: RawHeaders;
  problem: string | undefined;
  header(name: string): string | undefined;
  headerAll(name: string): string[];
  /** The next event of the stream; undefined after the last. */
  nextEvent(): Promise<SseEvent | undefined>;
  /** Waits for the end, and gives all events, those given by `nextEvent` too. */
  events(): Promise<SseEvent[]>;
  /** Waits for the end, and gives the bytes of the body as they crossed the wire. */
  bytes(): Promise<Uint8Array>;
  /** The body with its content codings undone; as it is where that fails. */
  text(): Promise<string>;
  /** The body as JSON; undefined when it is none. */
  json(): Promise<unknown>;
  /** The request went over a connection that was there before. */
  reused: boolean;
  /** How the body ended; `open` until it has. */
  ended(): BodyEnd;
  /** Reads no further until `resume`. */
  pause(): void;
  resume(): void;
  /** Goes away in the middle. */
  abort(): void;
  observed: Observed;
}

/** Connections of one trial, kept alive between its requests as a client keeps them. */
export interface WireClient {
  send(request: WireRequest): Promise<WireReply>;
  /** Everything that was sent, in order. */
  observed: readonly Observed[];
  close(): void;
}

export function createWireClient(): WireClient {
  const created: HttpAgent[] = [];
  const agentFor = (secure: boolean) => {
    const agent = secure
      ? new HttpsAgent({ keepAlive: true, ALPNProtocols: ['http/1.1'] })
      : new HttpAgent({ keepAlive: true });
    created.push(agent);
    return agent;
  };
  const kept = { plain: agentFor(false), secure: agentFor(true) };
  const observed: Observed[] = [];
  return {
    observed,
    async send(wire) {
      const { pathname, search } = wire.url;
      const head = { method: wire.method, url: pathname + search, httpVersion: 'HTTP/1.1', headers: wire.headers };
      const body = wire.body ?? concatBytes(wire.pieces ?? []);
      const exchange: Observed = { ...beginSide(wire.protocol, head, body), attempts: [] };
      observed.push(exchange);
      const secure = wire.url.protocol === 'https:';
      const outgoing = (secure ? requestHttps : requestHttp)({
        method: wire.method,
        protocol: wire.url.protocol,
        ...addressOf(wire.url),
        path: pathname + search,
        headers: completeHeaders(wire),
        agent: wire.fresh ? agentFor(secure) : secure ? kept.secure : kept.plain,
      });
      outgoing.setNoDelay(true);
      const reply = new Reply(outgoing, exchange, wire.timeoutMs);
      wire.signal?.addEventListener('abort', () => reply.abort());
      void writeBody(outgoing, wire);
      await inTime(reply.head, wire.timeoutMs, 'the head of the answer').catch((error) => {
        reply.abort();
        throw error;
      });
      return reply;
    },
    close() {
      for (const exchange of observed) if (!exchange.response) exchange.end.ms = msOf(exchange);
      for (const agent of created) agent.destroy();
    },
  };
}

/** An array of headers is written as it is: what HTTP/1.1 cannot do without is added here. */
function completeHeaders({ headers, url, body, pieces, method }: WireRequest): string[] {
  const given = (name: string) => headerValue(headers, name) !== undefined;
  const complete = [...headers];
  if (!given('host')) complete.unshift('host', url.host);
  const framed = given('content-length') || given('transfer-encoding');
  if (!framed && pieces) complete.push('transfer-encoding', 'chunked');
  else if (!framed && (body || /^(?:POST|PUT|PATCH)$/.test(method)))
    complete.push('content-length', String(body?.length ?? 0));
  return complete;
}

async function writeBody(outgoing: ClientRequest, { body, pieces }: WireRequest): Promise<void> {
  for (const piece of pieces ?? []) await new Promise<void>((resolve) => outgoing.write(piece, () => resolve()));
  outgoing.end(body);
}

class Reply implements WireReply {
  status = 0;
  headers: RawHeaders = [];
  problem: string | undefined;
  reused = false;
  readonly observed: Observed;
  readonly head: Promise<void>;
  readonly #outgoing: ClientRequest;
  readonly #timeoutMs: number;
  readonly #parser = createSseParser();
  readonly #events: SseEvent[] = [];
  readonly #bodyEnd: Promise<void>;
  #given = 0;
  /** Reads that had something of the answer in them. */
  #said = 0;
  #ended: BodyEnd = 'open';
  #incoming: IncomingMessage | undefined;
  /** Wakes whoever waits for the next event. */
  #wake = () => {};
  #finish = () => {};

  constructor(outgoing: ClientRequest, observed: Observed, timeoutMs: number) {
    this.#outgoing = outgoing;
    this.observed = observed;
    this.#timeoutMs = timeoutMs;
    this.#bodyEnd = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.head = new Promise((resolve) => {
      outgoing.on('response', (incoming) => {
        this.#begin(incoming);
        resolve();
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (this.#incoming) return;
        this.problem = error.code ?? error.message;
        this.#end('broken', this.problem);
        resolve();
      });
    });
  }

  #begin(incoming: IncomingMessage): void {
    this.#incoming = incoming;
    this.status = incoming.statusCode ?? 0;
    this.reused = this.#outgoing.reusedSocket;
    this.headers = incoming.rawHeaders;
    this.observed.headMs = msOf(this.observed);
    this.observed.response = {
      status: this.status,
      statusText: incoming.statusMessage ?? '',
      httpVersion: `HTTP/${incoming.httpVersion}`,
      headers: incoming.rawHeaders,
    };
    incoming.on('data', (chunk: Uint8Array) => {
      this.observed.chunks.push([msOf(this.observed), chunk]);
      const events = this.#parser.push(chunk);
      this.#events.push(...events);
      if (events.length > 0 ? !events.every(isPing) : !saysNothing(chunk)) this.#said++;
      this.#wake();
    });
    incoming.on('end', () => this.#end('complete'));
    incoming.on('error', (error: NodeJS.ErrnoException) => this.#end('broken', error.code ?? error.message));
    incoming.on('close', () => this.#end('broken', 'closed'));
  }

  #end(how: BodyEnd, detail?: string): void {
    if (this.#ended !== 'open') return;
    this.#ended = how;
    const ms = msOf(this.observed);
    this.observed.outcome = how === 'complete' ? 'complete' : 'upstream-aborted';
    this.observed.end =
      how === 'complete'
        ? { by: 'tapedeck', ms, how }
        : { by: 'upstream', ms, how: 'closed', ...(detail === undefined ? {} : { detail }) };
    this.#finish();
    this.#wake();
  }

  header(name: string): string | undefined {
    return headerValue(this.headers, name);
  }

  headerAll(name: string): string[] {
    return headerValues(this.headers, name);
  }

  async nextEvent(): Promise<SseEvent | undefined> {
    const place = this.#given;
    while (this.#events.length <= place && this.#ended === 'open') {
      const more = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await inTime(more, this.#timeoutMs, place === 0 ? 'the first event' : `event ${place + 1}`);
    }
    if (this.#events.length > place) this.#given++;
    return this.#events[place];
  }

  async events(): Promise<SseEvent[]> {
    await this.#whole();
    return this.#events;
  }

  async bytes(): Promise<Uint8Array> {
    await this.#whole();
    return concatBytes(this.observed.chunks.map(([, bytes]) => bytes));
  }

  async text(): Promise<string> {
    const bytes = await this.bytes();
    const decoded = await decodeBody(bytes, this.header('content-encoding'), LIMITS.request);
    return fromUtf8(decoded.ok ? decoded.bytes : bytes);
  }

  async json(): Promise<unknown> {
    try {
      return JSON.parse(await this.text());
    } catch {
      return undefined;
    }
  }

  /** The end is waited for as long as something of the answer comes, but not for ever. */
  async #whole(): Promise<void> {
    for (let waits = 1; this.#ended === 'open'; waits++) {
      const before = this.#said;
      await inTime(this.#bodyEnd, this.#timeoutMs, 'the end of the answer').catch((error) => {
        if (this.#said === before || waits === MOST_WAITS) throw error;
      });
    }
  }

  ended(): BodyEnd {
    return this.#ended;
  }

  pause(): void {
    this.#incoming?.pause();
  }

  resume(): void {
    this.#incoming?.resume();
  }

  abort(): void {
    if (this.#ended === 'open') {
      this.#ended = 'broken';
      this.observed.outcome = 'client-aborted';
      this.observed.end = { by: 'client', ms: msOf(this.observed), how: 'closed' };
    }
    this.#outgoing.destroy();
    this.#finish();
    this.#wake();
  }
}

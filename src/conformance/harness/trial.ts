import { truncateText } from '../../report/text.ts';
import { fromUtf8, toUtf8 } from '../../util/bytes.ts';
import type { Protocol } from '../../util/types.ts';
import type { Check, Route } from '../check.ts';
import type { Desk, UpstreamCall } from './desk.ts';
import type { Observed } from './observed.ts';
import { bodyOf, endpointPath, headersOf, type Prompt } from './prompt.ts';
import { type RawReply, sendRaw } from './raw-client.ts';
import { readDocument, readStream, type Said } from './said.ts';
import { isSameJson } from './same-json.ts';
import { openSocket, type SocketReply } from './socket-client.ts';
import { inTime, stopError } from './stop.ts';
import { createWireClient, type WireClient, type WireReply } from './wire-client.ts';

/** Something that a check found wrong. */
export interface Fault {
  /** One sentence: what was due, and what there was. */
  message: string;
  /** Where it was seen. */
  where?: 'answer' | 'upstream request';
  /** JSON pointer there. */
  pointer?: string;
  expected?: unknown;
  actual?: unknown;
  /** The rule behind it where that is another's: of a schema or a stream grammar. */
  rule?: string;
  source?: string;
  /** Nobody has seen a real provider refuse this: at most a warning. */
  assumed?: true;
  /** It costs time or money, and the client goes on: at most a warning. */
  lesser?: true;
}

/** What a client lost before it found a way that works. */
export interface Lost {
  /** Requests and upgrades that came to nothing. */
  attempts: number;
  /** From the first of them to the request that was answered. */
  ms: number;
}

/** What a request may say beside its body; the rest is as the usual client of the protocol does it. */
export interface CallOptions {
  method?: string;
  /** Below the base URL; absent: the protocol's main endpoint. A full URL is taken as it is. */
  path?: string;
  /** Names and values, put over the usual headers; an undefined value takes one away. */
  headers?: Record<string, string | undefined>;
  /** An object is sent as JSON. */
  body?: object | string | Uint8Array;
  /** The body in these pieces, by chunked coding. */
  pieces?: readonly Uint8Array[];
  /** On a connection of its own. */
  fresh?: true;
}

/** What the runner knows about a trial and the check does not need to. */
export interface TrialSetup {
  check: Check;
  route: Route;
  /** Base URL of the gateway, `http://HOST:PORT/v1`. */
  baseUrl: string;
  key: string | undefined;
  /** Headers that every request of the user's gateway needs. */
  extraHeaders: Record<string, string>;
  timeoutMs: number;
  marker: string;
  /** Absent: there is no scripted upstream. */
  desk: Desk | undefined;
  /** Names no client in its user agent. */
  plain: boolean;
}

/** One try of one check on one route: everything that a check does goes through it. */
export class Trial {
  readonly faults: Fault[] = [];
  /** What a reader should know besides. */
  readonly notes: string[] = [];
  /** What a real client lost on the way. */
  lost: Lost | undefined;
  readonly #setup: TrialSetup;
  readonly #client: WireClient = createWireClient();
  readonly #sockets: SocketReply[] = [];
  readonly #others: Observed[] = [];

  constructor(setup: TrialSetup) {
    this.#setup = setup;
  }

  /** What the check client speaks. */
  get protocol(): Protocol {
    return this.#setup.route.client;
  }

  get route(): Route {
    return this.#setup.route;
  }

  get model(): string {
    return this.#setup.route.model;
  }

  get baseUrl(): string {
    return this.#setup.baseUrl;
  }

  /** The gateway's address without the `/v1` of the base URL. */
  get root(): string {
    return this.#setup.baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '');
  }

  get key(): string | undefined {
    return this.#setup.key;
  }

  get timeoutMs(): number {
    return this.#setup.timeoutMs;
  }

  /** A word that must stand in every request that is to reach this check's upstream; `prompt` puts it there. */
  get marker(): string {
    return this.#setup.marker;
  }

  /** The provider behind the gateway. */
  get upstream(): Desk {
    const { desk } = this.#setup;
    if (!desk) throw stopError({ verdict: 'not-applicable', reason: 'there is no scripted upstream in this run' });
    return desk;
  }

  /** A real model answers, which may do something else than it is asked to, or be busy. */
  get isLive(): boolean {
    return this.#setup.desk === undefined;
  }

  /** What was sent and received so far. */
  get observed(): readonly Observed[] {
    return [...this.#client.observed, ...this.#others];
  }

  /** Adds what a client sent and received that is not the check client. */
  addObserved(exchanges: readonly Observed[]): void {
    this.#others.push(...exchanges);
  }

  /** Headers that the user's gateway wants of every client. */
  get extraHeaders(): Readonly<Record<string, string>> {
    return this.#setup.extraHeaders;
  }

  /** Body of a request of the client's protocol that says this, with the marker in its text. */
  prompt(prompt: Partial<Prompt> = {}): Record<string, unknown> {
    const text = `${prompt.text ?? 'Say something.'} [${this.marker}]`;
    return bodyOf(this.protocol, { ...prompt, text }, this.model);
  }

  /** Headers of the usual client, as `call` sends them. */
  headers(changes: Record<string, string | undefined> = {}): string[] {
    const { key, extraHeaders, marker, plain } = this.#setup;
    return changeHeaders(headersOf(this.protocol, key, marker, plain), { ...extraHeaders, ...changes });
  }

  urlOf(path: string = endpointPath(this.protocol)): URL {
    return /^https?:/.test(path) ? new URL(path) : new URL(this.baseUrl.replace(/\/+$/, '') + path);
  }

  /** Sends a request, and resolves with the head of its answer. */
  call(options: CallOptions = {}): Promise<WireReply> {
    return this.#send(options);
  }

  #send({ method, path, headers, body, pieces, fresh }: CallOptions, signal?: AbortSignal): Promise<WireReply> {
    const wanted = method ?? (body === undefined && pieces === undefined ? 'GET' : 'POST');
    const usual = wanted === 'GET' || wanted === 'HEAD' ? { 'content-type': undefined } : {};
    return this.#client.send({
      method: wanted,
      url: this.urlOf(path),
      headers: this.headers({ ...usual, ...headers }),
      body: bytesOf(body),
      protocol: this.protocol,
      timeoutMs: this.timeoutMs,
      ...(pieces === undefined ? {} : { pieces }),
      ...(fresh === undefined ? {} : { fresh }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Sends a request whose answer nobody waits for; the function that it gives goes away. */
  leave(options: CallOptions): () => void {
    const goneAway = new AbortController();
    // The connection that is cut, or an answer that never comes, is what this is for.
    void this.#send(options, goneAway.signal).catch(() => {});
    return () => goneAway.abort();
  }

  /** The value of a promise; the trial ends when it does not come in time. */
  within<T>(promise: Promise<T>, what: string): Promise<T> {
    return inTime(promise, this.timeoutMs, what);
  }

  /** Asks for a WebSocket at the protocol's main endpoint. It is closed with the trial. */
  async socket(headers: Record<string, string | undefined> = {}): Promise<SocketReply> {
    const socket = await openSocket(this.urlOf(), this.headers(headers), this.timeoutMs);
    this.#sockets.push(socket);
    return socket;
  }

  /** Writes bytes that no HTTP client would; the request has to ask for the end of the connection. */
  async raw(bytes: Uint8Array | string): Promise<RawReply> {
    const reply = await sendRaw(this.urlOf(), bytes, this.timeoutMs);
    this.#others.push(reply.observed);
    return reply;
  }

  /** Sends a prompt, waits for the whole answer, and reads it; an answer that is no success ends the trial as a failure. */
  async ask(prompt: Partial<Prompt> = {}, options: Omit<CallOptions, 'body'> = {}): Promise<Said> {
    return this.read(await this.call({ ...options, body: this.prompt(prompt) }));
  }

  /** Waits for the end of an answer and reads it: a stream or a document, as its content type says. */
  async read(reply: WireReply): Promise<Said> {
    if (reply.status !== 200) {
      const text = reply.status === 0 ? '' : truncateText(await reply.text(), 400);
      if (this.isLive && BUSY.has(reply.status))
        return this.stop('inconclusive', `the provider may be busy: ${reply.status} ${text}`);
      const refused = this.#setup.desk?.refusals[0];
      const because = refused ? ` because the provider refused its request: ${refused.message}` : '';
      return this.stop(
        'fail',
        reply.status === 0
          ? `the connection ended before an answer came (${reply.problem})`
          : `a plain request was answered with ${reply.status}${because}: ${text}`,
      );
    }
    const streamed = /event-stream/.test(reply.header('content-type') ?? '');
    return streamed ? readStream(this.protocol, await reply.events()) : readDocument(this.protocol, await reply.json());
  }

  /** The only request that reached the upstream so far; several or none end the trial as a failure. */
  onlyCall(): UpstreamCall {
    const { calls } = this.upstream;
    if (calls.length === 1) return calls[0]!;
    return this.stop('fail', `one request of the client became ${calls.length} requests at the upstream`);
  }

  /** The JSON of the only request that reached the upstream. */
  sentUp(): Record<string, unknown> {
    const { request } = this.onlyCall();
    if (request.json) return request.json;
    const text = fromUtf8((request.decoded ?? request.raw).subarray(0, 4 * SHOWN));
    return this.stop('fail', `the request at the upstream is no JSON: ${truncateText(text, SHOWN)}`);
  }

  /** Notes a fault when something does not hold, and goes on. Gives back whether it holds. */
  expect(holds: boolean, message: string, fault: Omit<Fault, 'message'> = {}): boolean {
    if (!holds) this.faults.push({ message, ...fault });
    return holds;
  }

  /** Notes a fault when two values are not the same JSON, whatever the order of their keys. */
  expectSame(actual: unknown, expected: unknown, message: string, fault: Omit<Fault, 'message'> = {}): boolean {
    return this.expect(isSameJson(actual, expected), message, { expected, actual, ...fault });
  }

  note(text: string): void {
    this.notes.push(text);
  }

  /** Ends the trial here. */
  stop(verdict: 'fail' | 'unsupported' | 'inconclusive' | 'not-applicable', reason: string): never {
    throw stopError({ verdict, reason });
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#client.close();
  }
}

/** Characters of a body that are told. */
const SHOWN = 200;

/** Statuses that a provider answers with for reasons of its own. */
const BUSY: ReadonlySet<number> = new Set([429, 500, 502, 503, 504, 529]);

function bytesOf(body: CallOptions['body']): Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array) return body;
  return toUtf8(typeof body === 'string' ? body : JSON.stringify(body));
}

function changeHeaders(headers: readonly string[], changes: Record<string, string | undefined>): string[] {
  const names = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const kept = headers.filter((_, i) => !names.has(headers[i - (i % 2)]!.toLowerCase()));
  const added = Object.entries(changes).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  return [...kept, ...added];
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EntryEnd, Producer } from '../cassette/format.ts';
import type { AttemptTap, MessageTap } from '../cassette/tap.ts';
import { errorText } from '../protocols/errors.ts';
import { endsWithTerminalEvent } from '../protocols/terminal.ts';
import { atEndOfTick, breakOff, flushHeadSoon, writeHead, writeInterim, writtenHead } from '../respond/http.ts';
import { respondWhole } from '../respond/whole.ts';
import type { UpstreamHandler } from '../upstream/client.ts';
import { describeFailure } from '../upstream/failure.ts';
import { mayRepeat } from '../upstream/repeat.ts';
import { expectSentHead, type SentHead } from '../upstream/sent-head.ts';
import { dropHopByHop } from '../util/hop-by-hop.ts';
import type { Outcome } from '../util/types.ts';
import { VERSION } from '../util/version.ts';
import type { Exchange } from './exchange.ts';
import { PassingBody, tapChunks } from './passing.ts';
import { framingOf, type RequestBody } from './sent-body.ts';

const PASSED: Producer = { name: 'tapedeck', version: VERSION, how: 'passthrough' };
const OWN_ERROR: Producer = { name: 'tapedeck', version: VERSION, how: 'error' };

/**
 * An exchange with the upstream whose bytes are handed through both ways, with a tap at each of the four legs. Nothing is
 * parsed, buffered or copied: the recorder gets references to the buffers that the sockets gave and got. It has one attempt,
 * or two where the first one met a connection that was about to be closed.
 */
export class Relay implements UpstreamHandler {
  readonly #exchange: Exchange;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #body: RequestBody;
  readonly #again: (relay: Relay) => void;
  readonly #done: (outcome: Outcome, end: EntryEnd) => void;
  #attempt: AttemptTap | undefined;
  #repeated = false;
  #upstreamRequest: MessageTap | undefined;
  #upstreamResponse: MessageTap | undefined;
  #clientResponse: MessageTap | undefined;
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  /** As it was told for the request. */
  #httpVersion = '1.1';
  /** The first byte of a response has come; its head, interim ones aside, has. */
  #began = false;
  #answered = false;
  /** The answer has no body, whatever length it names (RFC 9110 section 6.4.1). */
  #bodiless = false;
  readonly #passing = new PassingBody();
  #wrote = false;
  #over = false;

  /** @param again sends the same request once more, on a new connection */
  constructor(
    exchange: Exchange,
    request: IncomingMessage,
    response: ServerResponse,
    body: RequestBody,
    again: (relay: Relay) => void,
    done: (outcome: Outcome, end: EntryEnd) => void,
  ) {
    this.#exchange = exchange;
    this.#request = request;
    this.#response = response;
    this.#body = body;
    this.#again = again;
    this.#done = done;
    this.#attempt = exchange.tap?.attempt();
    response.on('close', () => this.#onClientClose());
    response.on('drain', () => this.#resume?.());
  }

  onConnect(abort: (error?: Error) => void): void {
    if (this.#over) {
      abort();
      return;
    }
    this.#abort = abort;
    if (this.#attempt) expectSentHead((head) => this.#tapUpstreamRequest(head));
  }

  onResponseStarted(): void {
    this.#began = true;
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    const headers = rawHeaders.map((field) => field.toString('latin1'));
    if (status < 200) {
      this.#passInterim(status, statusText, headers);
      return true;
    }
    this.#resume = resume;
    this.#answered = true;
    this.#bodiless = status === 204 || status === 304;
    const { tap, clock } = this.#exchange;
    writeHead(this.#response, status, statusText, dropHopByHop(headers));
    if (tap) {
      const ms = clock();
      const httpVersion = this.#httpVersion;
      this.#upstreamResponse = this.#attempt?.response(ms, { status, statusText, httpVersion, headers });
      this.#clientResponse = tap.clientResponse(ms, writtenHead(this.#response), PASSED);
    }
    flushHeadSoon(this.#response, () => this.#wrote || this.#over);
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#wrote = true;
    if (this.#passing.add(chunk)) atEndOfTick(passNow, this);
    return !this.#response.writableNeedDrain;
  }

  /** Passes on what has come in this tick. */
  pass(): void {
    const bytes = this.#takeChunks();
    if (bytes) this.#response.write(bytes);
  }

  onComplete(rawTrailers: Buffer[] | null): void {
    const trailers = rawTrailers?.map((field) => field.toString('latin1')) ?? [];
    if (trailers.length > 0) this.#response.addTrailers(pairs(dropHopByHop(trailers)));
    const bytes = this.#takeChunks();
    if (bytes) this.#response.end(bytes);
    else this.#response.end();
    const end = this.#end('upstream', 'complete');
    this.#upstreamResponse?.end(end, trailers);
    this.#clientResponse?.end(end, trailers);
    this.#finish('complete', end);
  }

  onError(error: Error): void {
    if (this.#over) return;
    this.pass();
    if (isClientAbort(error)) {
      this.#leave('client-aborted', this.#end('client', 'closed'));
      return;
    }
    // A 304 may name the length of what it stands for (RFC 9110 section 8.6), which undici takes for a body that is missing.
    if (this.#bodiless && (error as NodeJS.ErrnoException).code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
      this.onComplete(null);
      return;
    }
    const { origin } = this.#exchange.upstream;
    const failure = describeFailure(error, origin);
    const end = this.#end('upstream', failure.how, failure.message);
    if (this.#mayRepeat(error)) {
      this.#attempt?.close(failure.outcome, end);
      this.#repeat();
      return;
    }
    this.#upstreamResponse?.end(end);
    if (this.#answered) {
      this.#clientResponse?.end(this.#end('tapedeck', 'closed', 'broken off where the upstream broke off'));
      breakOff(this.#response);
      this.#finish(failure.outcome, end);
      return;
    }
    // The rest of the request is read (and recorded) before the answer, or the client would see a reset instead of it.
    this.#whenRequestRead(() => {
      if (this.#over) return;
      const text = errorText(this.#exchange.protocol, failure);
      respondWhole(this.#response, failure.status, 'application/json', text, []);
      const { tap, clock } = this.#exchange;
      const answer = tap?.clientResponse(clock(), writtenHead(this.#response), OWN_ERROR);
      answer?.data(clock(), Buffer.from(text));
      answer?.end(this.#end('tapedeck', 'complete'));
      this.#finish(failure.outcome, end);
    });
  }

  /** Ends the attempt because the proxy is closing. */
  stop(): void {
    if (this.#over) return;
    this.pass();
    this.#leave('client-aborted', this.#end('tapedeck', 'closed', 'the proxy was stopped'));
    breakOff(this.#response);
  }

  /** RFC 9110 section 15.2: they are passed on, but not to HTTP/1.0. A 100 would answer what the client did not ask there. */
  #passInterim(status: number, statusText: string, headers: readonly string[]): void {
    if (this.#over) return;
    const { tap, clock } = this.#exchange;
    this.#attempt?.informational(clock(), { status, statusText, headers });
    if (status === 100 || this.#request.httpVersion !== '1.1') return;
    const passed = dropHopByHop(headers);
    const reason = writeInterim(this.#response, status, statusText, passed);
    tap?.informational(clock(), { status, statusText: reason, headers: passed });
  }

  /** What has come in this tick, which the taps are told of; undefined when nothing has. */
  #takeChunks(): Buffer | undefined {
    const passed = this.#passing.take();
    if (passed && this.#upstreamResponse) {
      const ms = this.#exchange.clock();
      tapChunks(this.#upstreamResponse, ms, passed);
      tapChunks(this.#clientResponse, ms, passed);
    }
    return passed?.bytes;
  }

  /** Once, and only with a body that is still at hand. */
  #mayRepeat(error: Error): boolean {
    if (this.#repeated || this.#began || this.#body.kind === 'stream') return false;
    return mayRepeat(error, this.#exchange.method);
  }

  #repeat(): void {
    this.#repeated = true;
    this.#abort = undefined;
    this.#attempt = this.#exchange.tap?.attempt();
    this.#again(this);
  }

  #onClientClose(): void {
    if (this.#over || this.#response.writableFinished) return;
    const { protocol } = this.#exchange;
    // Codex closes as soon as it has read the last event, which may be before the end of the body: nothing was aborted.
    if (protocol && endsWithTerminalEvent(protocol, this.#passing.tail())) {
      this.#leave('complete', this.#end('client', 'closed', 'closed after the last event of the stream'));
    } else this.#leave('client-aborted', this.#end('client', 'closed'));
  }

  /** Gives the attempt up from our side: the upstream's connection is closed at once. */
  #leave(outcome: Outcome, end: EntryEnd): void {
    this.#upstreamResponse?.end(end);
    this.#clientResponse?.end(end);
    this.#finish(outcome, end);
    this.#abort?.();
  }

  #finish(outcome: Outcome, end: EntryEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#attempt?.close(outcome, end);
    this.#done(outcome, end);
  }

  #tapUpstreamRequest(head: SentHead): void {
    const { clock, upstream, protocol } = this.#exchange;
    const { httpVersion } = head;
    this.#httpVersion = httpVersion;
    // undici writes the framing after the head that it publishes (client-h1.js, writeBuffer and writeStream).
    const headers = httpVersion === '1.1' ? head.headers.concat(framingOf(this.#request, this.#body)) : head.headers;
    const url = `${upstream.origin}${head.target}`;
    const message = { method: head.method, url, httpVersion, headers };
    const tap = this.#attempt?.request(clock(), message, protocol, PASSED);
    this.#upstreamRequest = tap;
    if (!tap) return;
    const complete = () => tap.end(this.#end('client', 'complete'));
    if (this.#body.kind === 'bytes') {
      tap.data(clock(), this.#body.bytes);
      complete();
    } else if (this.#body.kind === 'none' || this.#request.readableEnded) complete();
    else {
      this.#request.on('data', (chunk: Buffer) => this.#upstreamRequest?.data(clock(), chunk));
      this.#request.on('end', complete);
    }
  }

  #whenRequestRead(then: () => void): void {
    const request = this.#request;
    if (request.readableEnded || request.destroyed) then();
    else request.once('end', then).resume();
  }

  #end(by: EntryEnd['by'], how: EntryEnd['how'], detail?: string): EntryEnd {
    const ms = this.#exchange.clock();
    return detail === undefined ? { by, how, ms } : { by, how, ms, detail };
  }
}

function passNow(relay: Relay): void {
  relay.pass();
}

/** The error of node's request stream when the client went away before the request was complete; not a socket's. */
function isClientAbort(error: Error): boolean {
  return error.message === 'aborted' && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
}

function pairs(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) list.push([flat[i] as string, flat[i + 1] as string]);
  return list;
}

import { randomBytes } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { EntryEnd, Producer } from '../../cassette/format.ts';
import type { AttemptTap, ExchangeTap, MessageTap, Recorder } from '../../cassette/tap.ts';
import { endsWithTerminalEvent } from '../../protocols/terminal.ts';
import { classify } from '../../route/endpoints.ts';
import { describeFailure } from '../../upstream/failure.ts';
import type { Outcome, Protocol } from '../../util/types.ts';
import { VERSION } from '../../util/version.ts';
import type { Call } from './call.ts';
import { framingOf, writtenFields } from './sent-head.ts';

const PASSED: Producer = { name: 'tapedeck', version: VERSION, how: 'passthrough' };

/**
 * Sends a call on and hands its answer back as it comes, with a tap at each leg. There is one connection alone, so both sides
 * of the exchange have the same bytes. Resolves when the call is over, whatever became of it.
 */
export async function recordCall(call: Call, recorder: Recorder, upstream: Dispatcher): Promise<void> {
  await recorder.room();
  if (call.reply.over) return;
  await new Promise<void>((resolve) => new RecordedCall(call, recorder, resolve).send(upstream));
}

class RecordedCall implements Dispatcher.DispatchHandler {
  readonly #call: Call;
  readonly #protocol: Protocol | null;
  readonly #started = performance.now();
  readonly #exchange: ExchangeTap;
  readonly #attempt: AttemptTap;
  readonly #requests: MessageTap[];
  #responses: MessageTap[] = [];
  readonly #done: () => void;
  /** The reads since the last one that ended with a blank line: the last event is in them. */
  #tail: Buffer[] = [];
  #abort: ((error?: Error) => void) | undefined;
  #over = false;

  constructor(call: Call, recorder: Recorder, done: () => void) {
    const { method, path, url } = call;
    this.#call = call;
    this.#done = done;
    this.#protocol = classify(method, path).protocol;
    const startedAt = Date.now();
    const head = { method, httpVersion: '1.1' };
    this.#exchange = recorder.open({
      startedAt,
      seed: `${startedAt}-${randomBytes(8).toString('hex')}`,
      protocol: this.#protocol,
      request: { ...head, url, headers: call.headers },
    });
    this.#attempt = this.#exchange.attempt();
    const headers = [...writtenFields(call), ...framingOf(call)];
    this.#requests = [
      this.#exchange.clientRequest,
      this.#attempt.request(this.#clock(), { ...head, url, headers }, this.#protocol, PASSED),
    ];
    call.reply.gone.addEventListener('abort', () => this.#onClientAbort(), { once: true });
  }

  send(upstream: Dispatcher): void {
    const { options, headers } = this.#call;
    try {
      upstream.dispatch({ ...options, headers, body: this.#tappedBody() } as Dispatcher.DispatchOptions, this);
    } catch (error) {
      this.onError(error as Error);
    }
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#over) abort();
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    const { reply } = this.#call;
    const headers = rawHeaders.map((field) => field.toString('latin1'));
    const ms = this.#clock();
    if (status < 200) {
      for (const side of [this.#attempt, this.#exchange]) side.informational(ms, { status, statusText, headers });
    } else {
      const head = { status, statusText, httpVersion: '1.1', headers };
      this.#responses = [this.#attempt.response(ms, head), this.#exchange.clientResponse(ms, head, PASSED)];
      reply.onResume = resume;
    }
    reply.head(status, headers, statusText);
    return !reply.paused;
  }

  onData(chunk: Buffer): boolean {
    const { reply } = this.#call;
    const ms = this.#clock();
    // The recorder keeps the reference; whoever gets the other one may change or transfer it.
    const kept = Buffer.from(chunk);
    for (const tap of this.#responses) tap.data(ms, kept);
    if (endsEvent(this.#tail.at(-1))) this.#tail = [];
    this.#tail.push(kept);
    reply.data(chunk);
    return !reply.paused;
  }

  onComplete(rawTrailers: string[] | null): void {
    const trailers = (rawTrailers ?? []).map((field) => field.toString());
    const end = this.#end('upstream', 'complete');
    for (const tap of this.#responses) tap.end(end, trailers);
    this.#finish('complete', end);
    this.#call.reply.end(trailers);
  }

  onError(error: Error): void {
    const { reply, origin } = this.#call;
    const failure = describeFailure(error, origin);
    const end = this.#end('upstream', failure.how, failure.message);
    for (const tap of this.#responses) tap.end(end);
    this.#finish(failure.outcome, end);
    reply.fail(error);
  }

  #onClientAbort(): void {
    // Agents stop to read as soon as they have the last event: nothing was aborted.
    const tail = Buffer.concat(this.#tail).toString('latin1');
    const isWhole = this.#protocol !== null && endsWithTerminalEvent(this.#protocol, tail);
    const detail = isWhole ? 'closed after the last event of the stream' : undefined;
    const end = this.#end('client', 'closed', detail);
    for (const tap of this.#responses) tap.end(end);
    this.#finish(isWhole ? 'complete' : 'client-aborted', end);
    this.#abort?.();
  }

  /** The body on its way up, seen by the taps. */
  #tappedBody(): Buffer | AsyncIterable<Buffer> | null {
    const { body } = this.#call;
    const complete = () => {
      for (const tap of this.#requests) tap.end(this.#end('client', 'complete'));
    };
    const pass = (chunk: Buffer) => {
      const kept = Buffer.from(chunk);
      for (const tap of this.#requests) tap.data(this.#clock(), kept);
      return chunk;
    };
    if (!body) {
      complete();
      return null;
    }
    if ('bytes' in body) {
      pass(body.bytes);
      complete();
      return body.bytes;
    }
    return (async function* () {
      for await (const chunk of body.chunks) yield pass(chunk);
      complete();
    })();
  }

  #finish(outcome: Outcome, end: EntryEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#attempt.close(outcome, end);
    this.#exchange.close(outcome, end);
    this.#done();
  }

  #clock(): number {
    return performance.now() - this.#started;
  }

  #end(by: EntryEnd['by'], how: EntryEnd['how'], detail?: string): EntryEnd {
    return { by, how, ms: this.#clock(), ...(detail === undefined ? {} : { detail }) };
  }
}

const LF = 0x0a;

function endsEvent(chunk: Buffer | undefined): boolean {
  return chunk !== undefined && chunk.at(-1) === LF && (chunk.at(-2) === LF || chunk.at(-3) === LF);
}

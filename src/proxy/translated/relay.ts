import type { ServerResponse } from 'node:http';
import type { EntryEnd, Producer } from '../../cassette/format.ts';
import type { AttemptTap, MessageTap } from '../../cassette/tap.ts';
import { breakOff, writeHead, writtenHead } from '../../respond/http.ts';
import { atEndOfTurn } from '../../respond/turn.ts';
import { writeText } from '../../respond/whole.ts';
import type { UpstreamHandler } from '../../upstream/client.ts';
import { describeFailure, type UpstreamFailure } from '../../upstream/failure.ts';
import { expectSentHead, type SentHead } from '../../upstream/sent-head.ts';
import type { Outcome, Protocol, RawHeaders } from '../../util/types.ts';
import type { Exchange } from '../exchange.ts';

/** An answer that is read to its end before the client gets any of it. */
export interface HeldAnswer {
  status: number;
  headers: RawHeaders;
  bytes: Buffer;
}

/** Takes the bytes of an answer that is passed on as it comes. */
export interface Passing {
  head: { status: number; statusText: string; headers: string[] };
  push(chunk: Buffer): Buffer | string;
  /** What is left to say; the answer then ends as HTTP says, however the upstream's ended. */
  end(how: 'done' | 'truncated'): Buffer | string;
  /** Whether the client is told the truth about an end that came too early; otherwise the connection is broken off. */
  tellsEnd: boolean;
  /** Whether the client has been told the last event of its stream. */
  complete(): boolean;
}

export interface RelayJob {
  exchange: Exchange;
  response: ServerResponse;
  body: Buffer;
  /** That the upstream is spoken to in. */
  protocol: Protocol;
  producer(): Producer;
  /** Decides at the head; undefined: the answer is held. */
  pass(status: number, headers: RawHeaders, statusText: string): Passing | undefined;
  /** The whole of an answer that was held. Writes to the client and returns how the exchange went, or starts another attempt. */
  held(answer: HeldAnswer): void;
  /** No answer came. */
  failed(failure: UpstreamFailure): void;
  /** The exchange is over. */
  done(outcome: Outcome, end: EntryEnd): void;
  /** Bytes that a held answer may have. */
  limit: number;
}

/**
 * One attempt at the upstream whose answer is read: passed on in another form as it comes, or held and then told. The upstream's
 * legs are tapped here, and the client's where the answer passes through.
 */
export class TranslatedRelay implements UpstreamHandler {
  readonly #job: RelayJob;
  readonly #attempt: AttemptTap | undefined;
  #upstreamResponse: MessageTap | undefined;
  #clientResponse: MessageTap | undefined;
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #passing: Passing | undefined;
  #passes = false;
  #wrote = false;
  #head: { status: number; headers: string[] } | undefined;
  /** Of an answer that is held: all of it. Of one that is passed on: what the present read brought so far. */
  #chunks: Buffer[] = [];
  #bytes = 0;
  #httpVersion: SentHead['httpVersion'] = '1.1';
  #over = false;
  readonly #onClose = () => this.#onClientClose();
  readonly #onDrain = () => this.#resume?.();
  readonly #onEndOfTurn = () => {
    this.#passes = false;
    this.#passGathered();
  };

  constructor(job: RelayJob) {
    this.#job = job;
    this.#attempt = job.exchange.tap?.attempt();
    job.response.on('close', this.#onClose);
    job.response.on('drain', this.#onDrain);
  }

  onConnect(abort: (error?: Error) => void): void {
    if (this.#over) {
      abort();
      return;
    }
    this.#abort = abort;
    if (this.#attempt) expectSentHead((head) => this.#tapRequest(head));
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    const { job, clock } = this.#parts();
    const headers = rawHeaders.map((field) => field.toString('latin1'));
    // Interim responses (RFC 9110 section 15.2) speak of an answer that the client does not get as it is.
    if (status < 200) {
      this.#attempt?.informational(clock(), { status, statusText, headers });
      return true;
    }
    this.#resume = resume;
    const httpVersion = this.#httpVersion;
    this.#upstreamResponse = this.#attempt?.response(clock(), { status, statusText, httpVersion, headers });
    this.#head = { status, headers };
    this.#passing = job.pass(status, headers, statusText);
    if (this.#passing) {
      const { head } = this.#passing;
      writeHead(job.response, head.status, head.statusText, head.headers);
      this.#clientResponse = job.exchange.tap?.clientResponse(clock(), writtenHead(job.response), job.producer());
      this.#passSoon();
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    const { job, clock } = this.#parts();
    this.#upstreamResponse?.data(clock(), chunk);
    if (this.#passing) {
      this.#chunks.push(chunk);
      this.#passSoon();
      return !job.response.writableNeedDrain;
    }
    this.#bytes += chunk.length;
    if (this.#bytes <= job.limit) this.#chunks.push(chunk);
    return true;
  }

  onComplete(rawTrailers: Buffer[] | null): void {
    if (this.#over) return;
    const { job } = this.#parts();
    this.#passGathered();
    const end = this.#end('upstream', 'complete');
    this.#upstreamResponse?.end(end, rawTrailers?.map((field) => field.toString('latin1')) ?? []);
    if (this.#passing) {
      this.#write(this.#passing.end('done'));
      job.response.end();
      this.#clientResponse?.end(this.#end('tapedeck', 'complete'));
      this.#finish('complete', end);
      return;
    }
    this.#leaveClient('complete', end);
    const { status, headers } = this.#head ?? { status: 502, headers: [] };
    job.held({ status, headers, bytes: joined(this.#chunks) });
  }

  onError(error: Error): void {
    if (this.#over) return;
    const { job } = this.#parts();
    this.#passGathered();
    const failure = describeFailure(error, job.exchange.upstream.origin);
    const end = this.#end('upstream', failure.how, failure.message);
    this.#upstreamResponse?.end(end);
    if (!this.#passing) {
      this.#leaveClient(failure.outcome, end);
      job.failed(failure);
      return;
    }
    if (this.#passing.tellsEnd) {
      this.#write(this.#passing.end('truncated'));
      job.response.end();
      this.#clientResponse?.end(this.#end('tapedeck', 'complete', 'told that the upstream broke off'));
    } else {
      this.#clientResponse?.end(this.#end('tapedeck', 'closed', 'broken off where the upstream broke off'));
      breakOff(job.response);
    }
    this.#finish(failure.outcome, end);
  }

  /** Ends the attempt because the proxy is closing. */
  stop(): void {
    if (this.#over) return;
    const end = this.#end('tapedeck', 'closed', 'the proxy was stopped');
    this.#give('client-aborted', end);
    breakOff(this.#job.response);
  }

  #onClientClose(): void {
    if (this.#over || this.#job.response.writableFinished) return;
    // Codex closes as soon as it has read the last event: nothing was aborted.
    if (this.#passing?.complete()) {
      this.#give('complete', this.#end('client', 'closed', 'closed after the last event of the stream'));
    } else this.#give('client-aborted', this.#end('client', 'closed'));
  }

  /** Gives the attempt up from our side: the upstream's connection is closed at once. */
  #give(outcome: Outcome, end: EntryEnd): void {
    this.#upstreamResponse?.end(end);
    this.#clientResponse?.end(end);
    this.#finish(outcome, end);
    this.#abort?.();
  }

  #finish(outcome: Outcome, end: EntryEnd): void {
    if (this.#over) return;
    this.#leaveClient(outcome, end);
    this.#job.done(outcome, end);
  }

  /** This attempt is over; the client has not heard of it. */
  #leaveClient(outcome: Outcome, end: EntryEnd): void {
    this.#over = true;
    this.#attempt?.close(outcome, end);
    this.#job.response.off('close', this.#onClose);
    this.#job.response.off('drain', this.#onDrain);
  }

  /** What one read of the upstream brings comes in pieces, an event each as a rule; they are passed on together, with one write. */
  #passSoon(): void {
    if (this.#passes) return;
    this.#passes = true;
    atEndOfTurn(this.#onEndOfTurn);
  }

  #passGathered(): void {
    if (!this.#passing || this.#over) return;
    const chunks = this.#chunks;
    if (chunks.length > 0) {
      this.#chunks = [];
      this.#write(this.#passing.push(joined(chunks)));
    }
    // The head waits for what came together with it, and for nothing else.
    if (this.#wrote) return;
    this.#wrote = true;
    this.#job.response.flushHeaders();
  }

  #write(part: Buffer | string): void {
    if (part.length === 0) return;
    const { job, clock } = this.#parts();
    this.#wrote = true;
    if (typeof part === 'string' && !this.#clientResponse) {
      writeText(job.response, part);
      return;
    }
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    this.#clientResponse?.data(clock(), bytes);
    job.response.write(bytes);
  }

  #tapRequest({ httpVersion, method, target, headers }: SentHead): void {
    const { job, clock } = this.#parts();
    const { origin } = job.exchange.upstream;
    this.#httpVersion = httpVersion;
    // undici writes the framing after the head that it publishes.
    const framing = httpVersion === '1.1' ? ['content-length', String(job.body.length)] : [];
    const tap = this.#attempt?.request(
      clock(),
      { method, url: `${origin}${target}`, httpVersion, headers: [...headers, ...framing] },
      job.protocol,
      job.producer(),
    );
    tap?.data(clock(), job.body);
    tap?.end(this.#end('tapedeck', 'complete'));
  }

  #parts(): { job: RelayJob; clock: () => number } {
    return { job: this.#job, clock: this.#job.exchange.clock };
  }

  #end(by: EntryEnd['by'], how: EntryEnd['how'], detail?: string): EntryEnd {
    const ms = this.#job.exchange.clock();
    return detail === undefined ? { by, how, ms } : { by, how, ms, detail };
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { errors } from 'undici';
import type { UpstreamHandler, UpstreamOptions, UpstreamRequest } from './client.ts';
import { regularFields, toHttp2Headers, toRawFields } from './http2-head.ts';
import { markReused, UNPROCESSED } from './repeat.ts';
import { tellSentHead } from './sent-head.ts';

/** A connection and what is known of it. */
export interface Connection {
  session: ClientHttp2Session;
  /** Resolves when TLS is up and HTTP/2 agreed on. */
  ready: Promise<void>;
  /** Requests that run on it or wait for it. */
  streams: number;
  /** A response has come over it. */
  answered: boolean;
  /** The code of the last GOAWAY. */
  goaway: number | undefined;
}

/** Milliseconds, and bytes of a response head. */
export type StreamLimits = Pick<UpstreamOptions, 'headMs' | 'idleMs' | 'headBytes'>;

/** What node tells of a head: its type declarations leave the last one out. */
type Head = [headers: IncomingHttpHeaders, flags: number, raw: string[]];

const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM } = constants;

/** One request over HTTP/2. */
export class Http2Stream {
  readonly #connection: Connection;
  readonly #handler: UpstreamHandler;
  readonly #limits: StreamLimits;
  #stream: ClientHttp2Stream | undefined;
  /** The handler has been told the end, or does not want to know it. */
  #over = false;
  /** A first head has come, be it an interim one; the final one has. */
  #began = false;
  #answered = false;
  #ended = false;
  #paused = false;
  #trailers: Buffer[] | null = null;
  #error: Error | undefined;

  constructor(connection: Connection, handler: UpstreamHandler, limits: StreamLimits) {
    this.#connection = connection;
    this.#handler = handler;
    this.#limits = limits;
  }

  /** Begins the request on a connection that is up. Throws, and has told nothing but `onConnect`, when it cannot be begun. */
  send(request: UpstreamRequest): void {
    const { session } = this.#connection;
    if (session.closed) throw unprocessed('the connection was closed before the request was sent');
    this.#handler.onConnect(() => this.#abort());
    if (this.#over) {
      this.#connection.streams -= 1;
      return;
    }
    const head = toHttp2Headers(request);
    const { method, path, body } = request;
    const stream = session.request(head, { endStream: body === null });
    tellSentHead({ httpVersion: '2', method, target: path, headers: regularFields(head) });
    this.#stream = stream;
    this.#listen(stream);
    if (Buffer.isBuffer(body)) stream.end(body);
    else if (body) {
      body.on('error', (error) => this.#fail(error));
      body.pipe(stream);
      // An answer may be complete before the request is (RFC 9113 section 8.1): the rest is read, and goes nowhere.
      stream.on('close', () => {
        body.unpipe(stream);
        body.resume();
      });
    }
  }

  #listen(stream: ClientHttp2Stream): void {
    stream.setTimeout(this.#limits.headMs);
    stream.on('headers', (...head: Head) => this.#onHead(head));
    stream.on('response', (...head: Head) => {
      this.#answered = true;
      stream.setTimeout(this.#limits.idleMs);
      this.#onHead(head);
    });
    stream.on('data', (chunk: Buffer) => {
      if (this.#over || this.#handler.onData(chunk)) return;
      this.#paused = true;
      stream.pause();
    });
    stream.on('trailers', (...trailers: Head) => {
      this.#trailers = toRawFields(trailers[2]);
    });
    stream.on('end', () => {
      this.#ended = true;
    });
    stream.on('timeout', () => {
      // A client that does not read is not the upstream's fault.
      if (this.#paused) return;
      this.#fail(this.#answered ? new errors.BodyTimeoutError() : new errors.HeadersTimeoutError());
    });
    stream.on('error', (error) => {
      this.#error = error;
    });
    stream.on('close', () => this.#onClose(stream));
  }

  #onHead([headers, , raw]: Head): void {
    if (this.#over) return;
    if (!this.#began) this.#handler.onResponseStarted?.();
    this.#began = true;
    // Node tells the upstream the limit (RFC 9113 section 6.5.2) and takes what is over it all the same.
    if (sizeOf(raw) >= this.#limits.headBytes) {
      this.#fail(new errors.HeadersOverflowError());
      return;
    }
    this.#handler.onHeaders(Number(headers[':status']), toRawFields(raw), () => this.#resume(), '');
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream?.setTimeout(this.#limits.idleMs);
    this.#stream?.resume();
  }

  #onClose(stream: ClientHttp2Stream): void {
    const connection = this.#connection;
    const reused = connection.answered;
    connection.streams -= 1;
    connection.answered ||= this.#answered;
    if (this.#over) return;
    // Node ends a stream in order that was reset with CANCEL, or whose connection is gone: the code tells.
    if (this.#ended && this.#answered && stream.rstCode === NGHTTP2_NO_ERROR) {
      this.#over = true;
      this.#handler.onComplete(this.#trailers);
      return;
    }
    const error = this.#describeEnd(stream.rstCode ?? NGHTTP2_CANCEL);
    if (reused && !this.#began) markReused(error);
    this.#fail(error);
  }

  #describeEnd(code: number): Error {
    const { session, goaway } = this.#connection;
    // Nghttp2 also ends what a GOAWAY says will not be looked at with this code (RFC 9113 section 6.8).
    if (code === NGHTTP2_REFUSED_STREAM && !this.#answered) return unprocessed('the stream was refused');
    if (goaway) return coded('UPSTREAM_RESET', `the connection was ended with ${codeName(goaway)}`);
    if (session.destroyed) return coded('UPSTREAM_CLOSED', this.#error?.message ?? 'the connection was closed');
    return coded('UPSTREAM_RESET', `the stream was reset with ${codeName(code)}`);
  }

  #abort(): void {
    this.#over = true;
    this.#stream?.close(NGHTTP2_CANCEL);
    // What has come already would keep a paused stream from closing.
    this.#stream?.resume();
  }

  #fail(error: Error): void {
    if (this.#over) return;
    this.#abort();
    this.#handler.onError(error);
  }
}

function sizeOf(fields: readonly string[]): number {
  return fields.reduce((sum, text) => sum + text.length, 0);
}

const unprocessed = (what: string) => coded(UNPROCESSED, what);

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** RFC 9113 section 7, in the order of the codes. */
const CODE_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

function codeName(code: number): string {
  return CODE_NAMES[code] ?? `code ${code}`;
}

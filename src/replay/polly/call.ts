import type { Dispatcher } from 'undici';
import { decodeBody } from '../../decode/body.ts';
import { LIMITS } from '../../decode/limits.ts';
import { headerValue } from '../../util/headers.ts';
import { rememberRecent } from '../../util/recent.ts';
import type { RawHeaders } from '../../util/types.ts';
import type { Recording } from '../recording.ts';
import type { CassetteMiss } from './missed.ts';
import type { Reply } from './reply.ts';
import { openBody, type RequestBody, readBody } from './request-body.ts';

/** One dispatched request, on its way through Polly. */
export class Call {
  readonly reply: Reply;
  readonly options: Dispatcher.DispatchOptions;
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** As they were handed over; with the type of a body that says one of itself, as undici adds it. */
  readonly headers: RawHeaders;
  /** As it comes, or whole as soon as `bytes` has read it. */
  body: RequestBody;
  #bytes: Promise<Buffer> | undefined;
  /** What was found for it. */
  recording: Recording | undefined;
  /** Why nothing was. */
  miss: CassetteMiss | undefined;

  constructor(options: Dispatcher.DispatchOptions, reply: Reply) {
    this.options = options;
    this.reply = reply;
    this.method = options.method;
    this.origin = originOf(String(options.origin));
    this.path = withQuery(options.path, options.query);
    this.body = openBody(options.body);
    const headers = toRaw(options.headers);
    const own = this.body && 'type' in this.body ? this.body.type : undefined;
    this.headers =
      own && headerValue(headers, 'content-type') === undefined ? [...headers, 'content-type', own] : headers;
  }

  get url(): string {
    return this.origin + this.path;
  }

  /** Gives the body up, as undici does it with the request. */
  drop(error: Error): void {
    if (this.body && 'drop' in this.body) this.body.drop?.(error);
  }

  /** The whole body, as it would cross the wire. */
  bytes(): Promise<Buffer> {
    this.#bytes ??= readBody(this.body).then((bytes) => {
      this.body &&= { bytes };
      return bytes;
    });
    return this.#bytes;
  }

  /** The body without its content codings; as it is when they cannot be undone. */
  async decoded(): Promise<Uint8Array> {
    const wire = await this.bytes();
    const decoded = await decodeBody(wire, headerValue(this.headers, 'content-encoding'), LIMITS.request);
    return decoded.ok ? decoded.bytes : wire;
  }
}

/** Those that ask do it of a few. */
const originOf = rememberRecent((url) => new URL(url).origin);

/** undici's own way to write `query`. */
function withQuery(path: string, query: Dispatcher.DispatchOptions['query']): string {
  if (!query) return path;
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, String(one)]),
  );
  const text = new URLSearchParams(pairs).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Header fields in any of the forms that undici takes. */
function toRaw(headers: Dispatcher.DispatchOptions['headers']): string[] {
  if (!headers) return [];
  if (isRaw(headers)) return [...headers];
  const pairs: [string, unknown][] = Array.isArray(headers)
    ? headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]] as [string, unknown]] : []))
    : Symbol.iterator in headers
      ? [...(headers as Iterable<[string, unknown]>)]
      : Object.entries(headers);
  return pairs.flatMap(([name, value]) => {
    const values = value === undefined ? [] : Array.isArray(value) ? value : [value];
    return values.flatMap((one) => [name, String(one ?? '')]);
  });
}

function isRaw(headers: object): headers is string[] {
  return Array.isArray(headers) && headers.length % 2 === 0 && headers.every((text) => typeof text === 'string');
}

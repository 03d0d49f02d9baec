import { LIMITS } from '../../decode/limits.ts';
import { TapedeckError } from '../../errors.ts';
import { undici } from './undici.ts';

/** A request's body: whole, or as it comes. Undefined where there is none. */
export type RequestBody = { bytes: Buffer } | StreamedBody | undefined;

interface StreamedBody {
  chunks: AsyncIterable<Buffer>;
  /** What the body says of itself: a Blob and a FormData do. */
  type?: string;
  /** The request is given up. */
  drop?(error: Error): void;
}

/** What is used of a stream: the proxy hands over one that has no more than this. */
interface StreamLike {
  on(event: string, listener: (value: never) => void): unknown;
  pipe: unknown;
  pause(): void;
  resume(): void;
  destroy?(error?: Error): void;
  readableEnded?: boolean;
}

/**
 * Takes the body of a dispatched request, in any form that undici takes. A stream is listened to from now on, since others that
 * listen to it may make it flow at once; no more than one of its chunks is held.
 */
export function openBody(body: unknown): RequestBody {
  if (body === null || body === undefined) return undefined;
  if (typeof body === 'string') return whole(Buffer.from(body));
  if (ArrayBuffer.isView(body)) return whole(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  if (body instanceof ArrayBuffer) return whole(Buffer.from(body));
  if (isStream(body)) return listen(body);
  if (isIterable(body) && !isFormLike(body)) return { chunks: asBuffers(body) };
  // A Blob or a FormData: undici's own fetch knows how they are written.
  const { body: stream, headers } = new (undici().Response)(body as never);
  return { chunks: asBuffers(stream ?? []), type: headers.get('content-type') ?? '' };
}

/** All of a body. @throws TapedeckError `body-too-large`; what the stream threw */
export async function readBody(body: RequestBody): Promise<Buffer> {
  if (!body) return Buffer.alloc(0);
  if ('bytes' in body) return body.bytes;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of body.chunks) {
    length += chunk.length;
    if (length > LIMITS.request.coded) {
      throw new TapedeckError('body-too-large', `The request body is over ${LIMITS.request.coded} bytes.`);
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

function whole(bytes: Buffer): RequestBody {
  return bytes.length === 0 ? undefined : { bytes };
}

function isStream(body: unknown): body is StreamLike {
  const { on, pipe } = body as Partial<StreamLike>;
  return typeof on === 'function' && typeof pipe === 'function';
}

type AnyIterable = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

function isIterable(body: unknown): body is AnyIterable {
  const { [Symbol.asyncIterator]: slow, [Symbol.iterator]: fast } = body as Record<symbol, unknown>;
  return typeof slow === 'function' || typeof fast === 'function';
}

/** A FormData can be iterated as well, by its fields. */
function isFormLike(body: object): boolean {
  return 'getAll' in body && 'append' in body;
}

async function* asBuffers(chunks: AnyIterable): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield toBuffer(chunk);
}

function toBuffer(chunk: string | Uint8Array): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function listen(stream: StreamLike): RequestBody {
  const queue: Buffer[] = [];
  let state: 'open' | 'ended' | { error: Error } = stream.readableEnded ? 'ended' : 'open';
  let wake = () => {};
  const settle = (next: typeof state) => {
    if (state === 'open') state = next;
    wake();
  };
  stream.on('data', (chunk: string | Uint8Array) => {
    queue.push(toBuffer(chunk));
    stream.pause();
    wake();
  });
  stream.on('end', () => settle('ended'));
  stream.on('error', (error: Error) => settle({ error }));
  stream.on('close', () => state === 'open' && settle({ error: new (undici().errors.RequestAbortedError)() }));
  stream.resume();
  async function* chunks(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = queue.shift();
      if (chunk) {
        yield chunk;
        continue;
      }
      if (state === 'ended') return;
      if (state !== 'open') throw state.error;
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      stream.resume();
      await more;
    }
  }
  return { chunks: chunks(), drop: (error) => stream.destroy?.(error) };
}

import type { Entry } from '../../../cassette/format.ts';
import { toUtf8 } from '../../../util/bytes.ts';
import { headText } from '../../../util/headers.ts';

/**
 * A recorded request as a client writes it (RFC 9112): target, field lines and body as they were recorded. A body that redaction or an edit
 * changed gets the length that it has now.
 */
export function requestBytes({ request }: Entry, body: Uint8Array): Buffer {
  const target = request.url.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
  const chunked = request.headers.some(({ name }) => name.toLowerCase() === 'transfer-encoding');
  const lines = request.headers.map(({ name, value }) => {
    const isLength = name.toLowerCase() === 'content-length';
    return `${name}: ${isLength ? body.length : headText(value)}`;
  });
  const version = request.httpVersion === 'HTTP/1.0' ? 'HTTP/1.0' : 'HTTP/1.1';
  const head = Buffer.from(`${[`${request.method} ${target} ${version}`, ...lines].join('\r\n')}\r\n\r\n`, 'latin1');
  return Buffer.concat(chunked ? [head, ...chunksOf(body)] : [head, body]);
}

/** RFC 9112 section 7.1. */
function chunksOf(body: Uint8Array): Uint8Array[] {
  const last = toUtf8('0\r\n\r\n');
  return body.length === 0 ? [last] : [toUtf8(`${body.length.toString(16)}\r\n`), body, toUtf8('\r\n'), last];
}

import { parseResponseHead, type WrittenHead } from '../../../respond/http.ts';
import { concatBytes } from '../../../util/bytes.ts';
import { headerValue } from '../../../util/headers.ts';

/** A response as a client reads it off the wire. */
export interface WireResponse extends Pick<WrittenHead, 'status' | 'headers'> {
  /** Without its framing. */
  body: Uint8Array;
  /** The message ended as its framing says; otherwise the connection ended before. */
  whole: boolean;
  /** Bytes after its end, which belong to no message. */
  extra: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');

/** A body without its framing, and where the bytes after it begin. */
interface Framed {
  body: Uint8Array;
  whole: boolean;
  end: number;
}

/**
 * Reads the response to a request (RFC 9112 sections 6 and 7), interim ones before it aside; undefined when there is none.
 * @param method of the request: the response to a HEAD has no body
 */
export function readResponse(bytes: Buffer, method: string): WireResponse | undefined {
  for (let from = 0; ; ) {
    const at = bytes.indexOf(HEAD_END, from);
    if (at < 0) return undefined;
    const { status, headers } = parseResponseHead(bytes.toString('latin1', from, at));
    from = at + HEAD_END.length;
    if (status >= 100 && status < 200) continue;
    const { body, whole, end } = readBody(bytes, from, hasNoBody(method, status) ? '0' : lengthOf(headers));
    return { status, headers, body, whole, extra: bytes.length - end };
  }
}

/** RFC 9112 section 6.3. */
function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}

/** `chunked`, or a number; undefined: the body ends with the connection. */
function lengthOf(headers: WireResponse['headers']): string | undefined {
  const coding = headerValue(headers, 'transfer-encoding');
  return coding === undefined ? headerValue(headers, 'content-length') : 'chunked';
}

function readBody(bytes: Buffer, from: number, length: string | undefined): Framed {
  if (length === 'chunked') return readChunks(bytes, from);
  const end = length === undefined ? bytes.length : Math.min(bytes.length, from + Number(length));
  return { body: bytes.subarray(from, end), whole: length === undefined || end === from + Number(length), end };
}

function readChunks(bytes: Buffer, start: number): Framed {
  const parts: Uint8Array[] = [];
  const cut = () => ({ body: concatBytes(parts), whole: false, end: bytes.length });
  for (let from = start; ; ) {
    const at = bytes.indexOf(LINE_END, from);
    const size = at < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', from, at), 16);
    if (Number.isNaN(size)) return cut();
    from = at + LINE_END.length;
    if (size === 0) {
      const end = endOfTrailers(bytes, at);
      return end === undefined ? cut() : { body: concatBytes(parts), whole: true, end };
    }
    parts.push(bytes.subarray(from, from + size));
    if (from + size > bytes.length) return cut();
    from += size + LINE_END.length;
  }
}

/** @param at of the line end after the last chunk's size */
function endOfTrailers(bytes: Buffer, at: number): number | undefined {
  const end = bytes.indexOf(HEAD_END, at);
  return end < 0 ? undefined : end + HEAD_END.length;
}

import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { addressOf } from '../../util/address.ts';
import { concatBytes, fromUtf8, toUtf8 } from '../../util/bytes.ts';
import { headerValue } from '../../util/headers.ts';
import { beginSide, msOf, type Observed } from './observed.ts';
import { inTime, stopOf } from './stop.ts';

/** What came back for bytes that no HTTP client would write. */
export interface RawReply {
  /** Everything, heads included. */
  text: string;
  /** Status codes of the answers in it, in order; interim ones (1xx) left out. */
  statuses: number[];
  /** The other side closed the connection in time; else it may wait for more, and what came is all there is to judge by. */
  closed: boolean;
  observed: Observed;
}

/**
 * Writes bytes as they are and reads until the other side closes the connection, as long as the timeout lets it: the request has to ask
 * for that (`connection: close`).
 */
export async function sendRaw(url: URL, bytes: Uint8Array | string, timeoutMs: number): Promise<RawReply> {
  const secure = url.protocol === 'https:';
  const { host, port } = addressOf(url);
  const sent = typeof bytes === 'string' ? toUtf8(bytes) : bytes;
  const observed = observedRequest(sent);
  const socket = secure ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
    socket.on('error', () => resolve());
  });
  socket.on('data', (chunk: Uint8Array) => observed.chunks.push([msOf(observed), chunk]));
  socket.write(sent);
  const closed = await inTime(ended, timeoutMs, 'the end of the connection').then(
    () => true,
    (error) => {
      if (!stopOf(error)) throw error;
      return false;
    },
  );
  socket.destroy();
  return readAnswer(observed, closed);
}

/** The head and the body, as far as they can be told apart. */
function cutHead(bytes: Uint8Array): { line: string; headers: string[]; rest: number } {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const [line = '', ...lines] = (end < 0 ? text : text.slice(0, end)).split('\r\n');
  const headers = lines.flatMap((one) => {
    const [, name = '', value = ''] = /^([^:]*):\s*(.*)$/.exec(one) ?? [];
    return name === '' ? [] : [name, value];
  });
  return { line, headers, rest: end < 0 ? bytes.length : end + 4 };
}

function observedRequest(sent: Uint8Array): Observed {
  const { line, headers, rest } = cutHead(sent);
  const [method = '', url = '', httpVersion = ''] = line.split(' ');
  return { ...beginSide(null, { method, url, httpVersion, headers }, sent.subarray(rest)), attempts: [] };
}

/** Judges by everything that came; for the evidence, what is behind the first head is the body. */
function readAnswer(observed: Observed, closed: boolean): RawReply {
  const bytes = concatBytes(observed.chunks.map(([, chunk]) => chunk));
  const ms = msOf(observed);
  observed.outcome = closed ? 'complete' : 'timeout';
  observed.end = closed ? { by: 'tapedeck', ms, how: 'complete' } : { by: 'tapedeck', ms, how: 'timeout' };
  if (bytes.length > 0) {
    const { line, headers, rest } = cutHead(bytes);
    const [, version = 'HTTP/1.1', status = '0', statusText = ''] = /^(\S+) (\d{3}) ?(.*)$/.exec(line) ?? [];
    observed.headMs = observed.chunks[0]?.[0] ?? 0;
    observed.response = { status: Number(status), statusText, httpVersion: version, headers };
    observed.chunks = [[observed.headMs, bytes.subarray(rest)]];
  }
  return { text: fromUtf8(bytes), statuses: statusesIn(bytes), closed, observed };
}

/** Each answer begins where the one before ends by its own framing; interim answers (1xx) are none. */
function statusesIn(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const statuses: number[] = [];
  for (let at = 0; at < text.length; ) {
    // Empty lines before a message are passed over (RFC 9112 section 2.2).
    const start = at + (/^(?:\r?\n)+/.exec(text.slice(at, at + 8))?.[0].length ?? 0);
    const { line, headers, rest } = cutHead(bytes.subarray(start));
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1]);
    if (Number.isNaN(status)) break;
    if (status >= 200) statuses.push(status);
    at = start + rest;
    at += status < 200 || status === 204 || status === 304 ? 0 : bodyLength(text.slice(at), headers);
  }
  return statuses;
}

/** Bytes of the body at the beginning of a text in latin1 (RFC 9112 section 6.3); all of it where only the end of the connection ends it. */
function bodyLength(text: string, headers: readonly string[]): number {
  if (/\bchunked\s*$/i.test(headerValue(headers, 'transfer-encoding') ?? '')) return chunkedLength(text);
  const length = headerValue(headers, 'content-length')?.trim() ?? '';
  return /^\d+$/.test(length) ? Number(length) : text.length;
}

function chunkedLength(text: string): number {
  for (let at = 0; ; ) {
    const [line, size = ''] = /^([\da-f]+)[^\n]*\n/i.exec(text.slice(at, at + 1024)) ?? [];
    if (line === undefined) return text.length;
    at += line.length + Number.parseInt(size, 16);
    if (Number.parseInt(size, 16) === 0) {
      // Behind the last chunk come trailers, and an empty line.
      const end = /^(?:[^\r\n]+\r?\n)*\r?\n/.exec(text.slice(at));
      return end ? at + end[0].length : text.length;
    }
    at += text.startsWith('\r\n', at) ? 2 : 1;
  }
}

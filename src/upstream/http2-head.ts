import type { OutgoingHttpHeaders } from 'node:http2';
import type { RawHeaders } from '../util/types.ts';
import type { UpstreamRequest } from './client.ts';

/**
 * A request head as HTTP/2 has it (RFC 9113 section 8.2): names in lower case, lines of one name together where the first
 * one stood, nothing of a connection. A body of known length names it.
 */
export function toHttp2Headers({ origin, path, method, headers, body }: UpstreamRequest): OutgoingHttpHeaders {
  const { protocol, host } = new URL(origin);
  const head: OutgoingHttpHeaders = {
    ':method': method,
    ':scheme': protocol.slice(0, -1),
    ':authority': host,
    ':path': path,
  };
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (name === 'http2-settings') continue;
    const before = head[name] as string | string[] | undefined;
    const value = headers[i + 1] as string;
    head[name] = before === undefined ? value : [before, value].flat();
  }
  if (Buffer.isBuffer(body)) head['content-length'] = String(body.length);
  return head;
}

/** The fields of such a head in the order in which they are written, without those that stand for a request line. */
export function regularFields(head: OutgoingHttpHeaders): string[] {
  return Object.entries(head).flatMap(([name, value]) =>
    name.startsWith(':') ? [] : [value].flat().flatMap((line) => [name, String(line)]),
  );
}

/** A response head or trailers in the form that undici has, without `:status`. */
export function toRawFields(raw: RawHeaders): Buffer[] {
  const fields: Buffer[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if ((raw[i] as string).startsWith(':')) continue;
    fields.push(Buffer.from(raw[i] as string, 'latin1'), Buffer.from(raw[i + 1] as string, 'latin1'));
  }
  return fields;
}

import { headerValue } from '../../util/headers.ts';
import { dropHopByHop } from '../../util/hop-by-hop.ts';
import { rememberRecent } from '../../util/recent.ts';
import type { Call } from './call.ts';

/** undici writes these itself. */
const OWN = new Set(['host', 'content-length']);

/** Methods with which undici writes a length of 0 where there is no body. */
const EXPECTS_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

const hostOf = rememberRecent((origin) => new URL(origin).host);

/** The header fields as undici writes them (client-h1.js, writeH1), without the framing that it adds at the end. */
export function writtenFields({ method, origin, headers }: Call): string[] {
  const host = headerValue(headers, 'host') ?? hostOf(origin);
  const connection = method === 'HEAD' ? 'close' : 'keep-alive';
  return ['host', host, 'connection', connection, ...dropHopByHop(headers, OWN)];
}

/** The framing of the body, as undici writes it. */
export function framingOf({ method, headers, body }: Call): string[] {
  if (body && 'bytes' in body) return ['content-length', String(body.bytes.length)];
  if (!body) return EXPECTS_BODY.has(method) ? ['content-length', '0'] : [];
  const length = headerValue(headers, 'content-length');
  return length === undefined ? ['transfer-encoding', 'chunked'] : ['content-length', length];
}

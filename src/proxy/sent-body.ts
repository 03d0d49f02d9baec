import type { IncomingMessage } from 'node:http';

/** The request body on its way up: the client's stream as it comes, whole bytes, or nothing. */
export type RequestBody = { kind: 'none' } | { kind: 'stream' } | { kind: 'bytes'; bytes: Buffer; decoded: boolean };

/** Methods with which undici writes a length of 0 where there is no body. */
const EXPECTS_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

/** The fields that undici writes for a body, behind the others. */
export function framingOf({ method, headers }: IncomingMessage, body: RequestBody): string[] {
  if (body.kind === 'bytes') return ['content-length', String(body.bytes.length)];
  if (body.kind === 'none') return EXPECTS_BODY.has(method ?? '') ? ['content-length', '0'] : [];
  const length = headers['content-length'];
  return length === undefined ? ['transfer-encoding', 'chunked'] : ['content-length', length];
}

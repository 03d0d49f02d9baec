import type { IncomingMessage } from 'node:http';
import type { Redactor } from '../cassette/redact.ts';
import { decodeBody } from '../decode/body.ts';
import { LIMITS } from '../decode/limits.ts';
import { concatBytes } from '../util/bytes.ts';
import type { MatchRequest } from './request.ts';

/** The whole body as it crossed the wire; undefined when it is over the limit. Rejects when the client goes away. */
export async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LIMITS.request.coded) return undefined;
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

/** What a request is matched as: decoded, and redacted as the recorded ones were. */
export async function matchRequest(
  request: IncomingMessage,
  wire: Uint8Array,
  redactor: Pick<Redactor, 'headers' | 'body' | 'url'> | undefined,
): Promise<MatchRequest> {
  const decoded = await decodeBody(wire, request.headers['content-encoding'], LIMITS.request);
  const plain = decoded.ok ? decoded.bytes : wire;
  // First the headers: the redactor looks for their credentials in what follows.
  redactor?.headers(request.rawHeaders);
  const target = request.url ?? '/';
  return {
    method: request.method ?? 'GET',
    target: redactor?.url(target) ?? target,
    body: redactor?.body(plain, request.headers['content-type'] ?? '').bytes ?? plain,
  };
}

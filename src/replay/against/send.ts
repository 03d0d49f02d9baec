import { Agent, request } from 'undici';
import type { LegMessage } from '../../cassette/messages.ts';
import { decodeBody } from '../../decode/body.ts';
import { LIMITS } from '../../decode/limits.ts';
import { TapedeckError } from '../../errors.ts';
import { concatBytes } from '../../util/bytes.ts';
import { headerValue } from '../../util/headers.ts';
import type { RawHeaders } from '../../util/types.ts';
import type { SentRequest } from './recorded-request.ts';

/** What a client got of the gateway. */
export interface LiveAnswer {
  /** 0: no response came. */
  status: number;
  headers: RawHeaders;
  /** Decoded; undefined where its coding cannot be undone. Of a WebSocket: the messages as lines. */
  body: Uint8Array | undefined;
  /** Over a WebSocket alone. */
  messages?: LegMessage[];
  /** How the gateway ended the connection within the exchange. 1005: without a code, 1006: without a close frame. */
  close?: { code: number; reason: string };
  /** Why the answer, or its body, is not whole; undefined: it is. */
  broken: string | undefined;
}

/**
 * Never the global dispatcher: where something has loaded Node's own undici first, as Polly does, it is that one's, which up to Node 20 takes a chunked
 * answer that is cut off behind `connection: close` for a whole one.
 */
const connections = new Agent();

/** A gateway that says nothing for so long hangs. Its upstream answers at once, unless recorded time is played. */
export const SILENT_MS = 120_000;

/** Of a connection that was never made; the request cannot have reached anybody. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Sends a request to the gateway and reads its answer to the end.
 * @param url whole URL
 * @param most bytes of an answer; one that is longer is broken off there
 * @throws TapedeckError `gateway-unreachable` when there is nobody to send it to
 */
export async function sendToGateway(
  url: string,
  sent: SentRequest,
  most: number = LIMITS.response.coded,
): Promise<LiveAnswer> {
  const { method, headers, body } = sent;
  const chunks: Uint8Array[] = [];
  let head: { status: number; headers: RawHeaders } = { status: 0, headers: [] };
  let broken: string | undefined;
  try {
    const response = await request(url, {
      method: method as 'POST',
      headers,
      body: body ?? null,
      responseHeaders: 'raw',
      headersTimeout: SILENT_MS,
      bodyTimeout: SILENT_MS,
      // A connection that the gateway has closed meanwhile would be its fault.
      reset: true,
      dispatcher: connections,
    });
    head = { status: response.statusCode, headers: response.headers as unknown as string[] };
    let length = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > most) throw new Error(`the answer is over ${most} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    broken = failureText(url, error);
  }
  const wire = concatBytes(chunks);
  const decoded = await decodeBody(wire, headerValue(head.headers, 'content-encoding'), LIMITS.response);
  return { ...head, body: decoded.ok ? decoded.bytes : undefined, broken };
}

/** What to say of an error of the connection. @throws TapedeckError `gateway-unreachable` when none was made */
export function failureText(url: string, error: unknown): string {
  const { code, message } = innermost(error);
  if (UNREACHABLE.has(code)) throw unreachable(url, code, error);
  return [code, message].filter(Boolean).join(': ');
}

/** The error of a gateway that cannot be reached. */
export function unreachable(url: string, code: string, cause: unknown): TapedeckError {
  const hint = 'Start the gateway first, or let --launch start it.';
  return new TapedeckError('gateway-unreachable', `Nothing answers at ${new URL(url).origin}: ${code}.`, {
    hint,
    cause,
  });
}

/** undici puts the socket's error into a cause, and those of several addresses into a list. */
function innermost(error: unknown): { code: string; message: string } {
  const { code = '', message = String(error), cause, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  const inner = errors?.[0] ?? cause;
  if (inner instanceof Error && !UNREACHABLE.has(code)) return innermost(inner);
  return { code, message };
}

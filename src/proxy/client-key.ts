import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorText, type ProtocolProblem } from '../protocols/errors.ts';
import { refuseUpgrade } from '../respond/websocket.ts';
import { respondWhole } from '../respond/whole.ts';
import { headerValue } from '../util/headers.ts';
import { sha256Hex } from '../util/sha256.ts';
import type { Protocol, RawHeaders } from '../util/types.ts';

/** The key that clients have to show, kept as its hash: two hashes can be compared in whatever time. */
export interface ClientKey {
  hash: string;
}

export function createClientKey(key: string): ClientKey {
  return { hash: sha256Hex(key) };
}

/**
 * Whether a request shows the key: `authorization: Bearer KEY` (the scheme in any case, RFC 9110 section 11.1) or `x-api-key: KEY`,
 * which clients of Messages use. Where both stand, both have to be right.
 */
export function showsKey(headers: RawHeaders, { hash }: ClientKey): boolean {
  const authorization = headerValue(headers, 'authorization');
  const bearer = authorization === undefined ? undefined : (/^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '');
  const shown = [bearer, headerValue(headers, 'x-api-key')].filter((key) => key !== undefined);
  return shown.length > 0 && shown.every((key) => sha256Hex(key) === hash);
}

const PROBLEM: ProtocolProblem = {
  status: 401,
  code: 'invalid_api_key',
  message: 'This gateway takes another key. Send it as `authorization: Bearer KEY`, or as `x-api-key: KEY`.',
};

/** Answers a request that does not show the key, in the shape of its protocol. */
export function refuseKey(response: ServerResponse, protocol: Protocol | null): void {
  // The body is not read: the connection ends with the answer.
  const headers = ['www-authenticate', 'Bearer', 'connection', 'close'];
  respondWhole(response, PROBLEM.status, 'application/json', errorText(protocol, PROBLEM), headers);
}

/** The same for a WebSocket upgrade. */
export function refuseKeyOfUpgrade(transport: Duplex): void {
  refuseUpgrade(transport, errorText('responses', PROBLEM), `${PROBLEM.status} Unauthorized`);
}

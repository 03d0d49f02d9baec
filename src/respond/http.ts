import type { ServerResponse } from 'node:http';
import type { ResponseHead } from '../cassette/tap.ts';
import { errorText, type ProtocolProblem } from '../protocols/errors.ts';
import type { Protocol, RawHeaders } from '../util/types.ts';

/**
 * Writes a response head with the headers in the order and case given. Node adds `Connection` and the framing; `Date` is
 * the upstream's or none.
 */
export function writeHead(response: ServerResponse, status: number, statusText: string, headers: RawHeaders): void {
  response.sendDate = false;
  response.writeHead(status, statusText, headers as string[]);
}

/** The head as node wrote it to the socket, framing included. */
export function writtenHead(response: ServerResponse): ResponseHead {
  // `_header` is node's own buffer of the head; there is no public way to see the fields that node adds.
  const text = (response as ServerResponse & { _header: string | null })._header ?? '';
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, version = '1.1', status = '0', statusText = ''] = /^HTTP\/(\d\.\d) (\d{3}) ?(.*)$/.exec(statusLine) ?? [];
  const headers: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.push(line.slice(0, colon), line.slice(colon + 1).trimStart());
  }
  return { status: Number(status), statusText, httpVersion: version, headers };
}

/** Answers with an error of our own in the shape of the client's protocol; answers with the body that was written. */
export function respondWithProblem(
  response: ServerResponse,
  protocol: Protocol | null,
  problem: ProtocolProblem,
  extra: RawHeaders = [],
): Buffer {
  const body = Buffer.from(errorText(protocol, problem));
  writeHead(response, problem.status, '', [
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
    ...extra,
  ]);
  response.end(body);
  return body;
}

/**
 * Breaks a response off where it is: what has been written is delivered, and the end that HTTP asks for is left out, so
 * that the client sees a truncated message as truncated.
 */
export function breakOff(response: ServerResponse): void {
  const socket = response.socket;
  if (!socket || socket.destroyed) return;
  socket.end(() => socket.destroy());
}

/** Sends the head with the first bytes of the body when they are here already, and by itself at once when they are not. */
export function flushHeadSoon(response: ServerResponse, isFlushed: () => boolean): void {
  setImmediate(() => {
    if (!isFlushed()) response.flushHeaders();
  });
}

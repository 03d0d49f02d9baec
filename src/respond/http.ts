import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { headText, interimText, splitHead } from '../util/headers.ts';
import { rememberRecent } from '../util/recent.ts';
import type { RawHeaders } from '../util/types.ts';

/**
 * Writes a response head with the headers in the order and case given. Node adds `Connection` and the framing; `Date` is
 * the upstream's or none.
 */
export function writeHead(response: ServerResponse, status: number, statusText: string, headers: RawHeaders): void {
  response.sendDate = false;
  response.writeHead(status, headText(statusText), headers as string[]);
}

/**
 * Writes an interim response (RFC 9110 section 15.2). Node's own methods know 100, 102 and 103 with some of their fields
 * only. An answer that has to wait for the one to an earlier request of its connection has no socket yet.
 * @returns the reason phrase as it is written: HTTP/2 has none
 */
export function writeInterim(
  response: ServerResponse,
  status: number,
  statusText: string,
  headers: RawHeaders,
): string {
  const reason = statusText || (STATUS_CODES[status] ?? '');
  const write = (socket: Socket) => socket.write(interimText(status, reason, headers), 'latin1');
  if (response.socket) write(response.socket);
  else response.once('socket', write);
  return reason;
}

/** A response head, as a tap wants it. */
export interface WrittenHead {
  status: number;
  statusText: string;
  httpVersion: string;
  headers: RawHeaders;
}

/** The head as node wrote it to the socket, framing included. */
export function writtenHead(response: ServerResponse): WrittenHead {
  // `_header` is node's own buffer of the head; there is no public way to see the fields that node adds.
  return parseResponseHead((response as ServerResponse & { _header: string | null })._header ?? '');
}

/** Reads a response head as it was written: status line and header lines. Most are those of an answer before. */
export const parseResponseHead: (text: string) => Readonly<WrittenHead> = rememberRecent(readResponseHead);

function readResponseHead(text: string): WrittenHead {
  const { line, fields } = splitHead(text);
  const [, version = '1.1', status = '0', statusText = ''] = /^HTTP\/(\d\.\d) (\d{3}) ?(.*)$/.exec(line) ?? [];
  return { status: Number(status), statusText, httpVersion: version, headers: fields };
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

/**
 * Sends the head with the first bytes of the body when they came together, and by itself when they did not: what came
 * together has been told before the next tick. (An immediate instead would cost a turn of the event loop.)
 */
export function flushHeadSoon(response: ServerResponse, isFlushed: () => boolean): void {
  process.nextTick(() => {
    if (!isFlushed()) response.flushHeaders();
  });
}

/** Does something as soon as what came together has been told, before the event loop turns. */
export function atEndOfTick<T>(work: (of: T) => void, of: T): void {
  process.nextTick(work, of);
}

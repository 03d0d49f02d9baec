import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { RawHeaders } from '../util/types.ts';
import { writeHead } from './http.ts';
import { atEndOfTurn } from './turn.ts';

/** Answers with a whole document, at once. */
export function respondWhole(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  extra: RawHeaders,
): void {
  prepareWhole(response, status, contentType, text, extra)();
}

/** Answers with a whole document, whose head is made at once and written with the rest at the end of the turn. */
export function respondWholeSoon(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  extra: RawHeaders,
): void {
  atEndOfTurn(prepareWhole(response, status, contentType, text, extra));
}

/** Makes the head. @returns what writes the answer */
function prepareWhole(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  extra: RawHeaders,
): () => void {
  const length = Buffer.byteLength(text);
  writeHead(response, status, '', ['content-type', contentType, 'content-length', String(length), ...extra]);
  return () => {
    if (length === text.length) response.end(text, 'latin1');
    else response.end(Buffer.from(text));
  };
}

/**
 * Writes text as UTF-8; false when the client does not keep up. Text that is all ASCII is given to node as what it is: node then
 * writes it together with the head or the framing, without a copy. (Text of any other coding would take the head's fields with it,
 * which are latin1.)
 */
export function writeText(response: ServerResponse, text: string): boolean {
  const ascii = Buffer.byteLength(text) === text.length;
  return ascii ? response.write(text, 'latin1') : response.write(Buffer.from(text));
}

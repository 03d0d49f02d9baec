import type { ServerResponse } from 'node:http';
import type { RawHeaders } from '../util/types.ts';
import { writeHead } from './http.ts';

/** Answers with a whole document; answers with the bytes that were written. */
export function respondWhole(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  extra: RawHeaders,
): Buffer {
  const body = Buffer.from(text);
  writeHead(response, status, '', ['content-type', contentType, 'content-length', String(body.length), ...extra]);
  response.end(body);
  return body;
}

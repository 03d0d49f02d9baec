import { describe, expect, it } from 'vitest';
import { MessageReader } from '../../bench/framing.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
const WITH_LENGTH = `${HEAD}Content-Length: 5\r\n\r\nhello`;
const EMPTY = `${HEAD}content-length: 0\r\n\r\n`;
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\n\r\n`;
const WITH_TRAILER = `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n`;

function read(parts: readonly Buffer[]): { heads: number; bodies: number[]; bytes: number } {
  const seen = { heads: 0, bodies: [] as number[] };
  const reader = new MessageReader({
    onHead() {
      seen.heads += 1;
    },
    onEnd: (bytes) => seen.bodies.push(bytes),
  });
  for (const part of parts) reader.push(part);
  return { ...seen, bytes: reader.bytes };
}

describe('MessageReader', () => {
  it('counts the bodies of one message after the other, at every split of the bytes', () => {
    const all = Buffer.from(WITH_LENGTH + EMPTY + CHUNKED + WITH_TRAILER + WITH_LENGTH);
    const expected = { heads: 5, bodies: [5, 0, 13, 1, 5], bytes: 24 };
    for (let at = 0; at <= all.length; at++) {
      expect(read([all.subarray(0, at), all.subarray(at)]), `split at ${at}`).toEqual(expected);
    }
    expect(read([...all].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it('has no end before the last byte', () => {
    for (const message of [WITH_LENGTH, CHUNKED, WITH_TRAILER]) {
      expect(read([Buffer.from(message.slice(0, -1))]).bodies).toEqual([]);
    }
  });

  it.each([
    ['neither a length nor chunks', `${HEAD}\r\n`],
    ['a chunk size that is none', `${HEAD}transfer-encoding: chunked\r\n\r\nxyz\r\n`],
  ])('refuses %s', (_, text) => {
    expect(() => read([Buffer.from(text)])).toThrow();
  });
});

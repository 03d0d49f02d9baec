import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LIMITS } from '../../../src/decode/limits.ts';
import { openBody, readBody } from '../../../src/replay/polly/request-body.ts';

test.each([null, undefined, '', Buffer.alloc(0), new Uint8Array(0)])('%o is no body', async (body) => {
  expect(openBody(body)).toBeUndefined();
  expect(await readBody(openBody(body))).toHaveLength(0);
});

test('of a stream no more is taken than is read', async () => {
  const reads: string[] = [];
  const stream = Readable.from(['one', 'two', 'three'].map((text) => Buffer.from(text)));
  stream.on('data', (chunk) => reads.push(String(chunk)));
  const body = openBody(stream);
  for (let i = 0; i < 10; i++) await nextTurn();
  expect(reads).toEqual(['one']);
  const whole = await readBody(body);
  expect(String(whole)).toBe('onetwothree');
});

test('a stream that has ended already is empty', async () => {
  const stream = Readable.from([]);
  await stream
    .resume()
    .toArray()
    .catch(() => {});
  expect(await readBody(openBody(stream))).toHaveLength(0);
});

test('a stream that closes before its end is an error', async () => {
  const stream = new Readable({ read() {} });
  const read = readBody(openBody(stream));
  stream.push('half');
  stream.destroy();
  await expect(read).rejects.toThrow('Request aborted');
});

test('a body over the limit is refused', async () => {
  const block = Buffer.alloc(16 * 1024 * 1024);
  const endless = async function* () {
    for (;;) yield block;
  };
  await expect(readBody(openBody(endless()))).rejects.toMatchObject({ code: 'body-too-large' });
  expect(LIMITS.request.coded).toBeGreaterThan(block.length);
});

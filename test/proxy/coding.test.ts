import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeBody } from '../../src/decode/body.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { memoryRecorder } from '../helpers/memory-recorder.ts';
import { post, type RawServer, rawClient, rawServer } from '../helpers/raw-http.ts';

let upstream: RawServer;
let recorder: ReturnType<typeof memoryRecorder>;
let proxy: RunningProxy;

beforeEach(async () => {
  upstream = await rawServer();
  recorder = memoryRecorder();
});
afterEach(async () => {
  await proxy.close(0);
  await upstream.close();
});

const JSON_BODY = JSON.stringify({ model: 'm', input: 'x'.repeat(4000) });
const start = async (requestCoding: 'pass' | 'decode') => {
  proxy = await startProxy({ upstream: upstream.url, recorder, requestCoding });
  return proxy.port;
};

test.each(['zstd', 'gzip', 'br', 'deflate'])('pass: a %s body goes up byte for byte', async (coding) => {
  const coded = Buffer.from(await encodeBody(Buffer.from(JSON_BODY), [coding]));
  const port = await start('pass');
  const client = await rawClient(port, post('/v1/responses', [`content-encoding: ${coding}`], coded));
  const connection = await upstream.accept();
  await connection.until(new RegExp(`content-encoding: ${coding}[\\s\\S]*\\r\\n\\r\\n[\\s\\S]{${coded.length}}$`));
  expect(connection.received().endsWith(coded.toString('latin1'))).toBe(true);
  connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  await client.until(/200 OK/);
  const exchange = await recorder.closed(0);
  expect(exchange.clientRequest.body.equals(coded)).toBe(true);
  expect(exchange.attempts[0]?.request?.body.equals(coded)).toBe(true);
});

test.each(['zstd', 'gzip', 'br', 'deflate'])('decode: a %s body goes up as the JSON it holds', async (coding) => {
  const coded = Buffer.from(await encodeBody(Buffer.from(JSON_BODY), [coding]));
  const port = await start('decode');
  const client = await rawClient(port, post('/v1/responses', [`Content-Encoding: ${coding}`, 'X-Last: 1'], coded));
  const connection = await upstream.accept();
  const text = await connection.until(/x"\}$/);
  expect(text).not.toMatch(/content-encoding/i);
  expect(text).toContain(`\r\ncontent-length: ${JSON_BODY.length}\r\n`);
  expect(text.endsWith(JSON_BODY)).toBe(true);
  connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  await client.until(/200 OK/);
  const exchange = await recorder.closed(0);
  expect(exchange.clientRequest.body.equals(coded)).toBe(true);
  expect(exchange.attempts[0]?.request?.body.toString()).toBe(JSON_BODY);
});

const BAD: [name: string, coding: string, body: Buffer, status: number, code: string][] = [
  ['an unknown coding', 'snappy', Buffer.from('x'), 415, 'coding_unknown'],
  ['plain JSON under zstd', 'zstd', Buffer.from('{"a":1}'), 400, 'coding_corrupt'],
  ['plain JSON under gzip', 'gzip', Buffer.from('{"a":1}'), 400, 'coding_corrupt'],
];
test.each(BAD)('decode: %s is refused before the upstream sees anything', async (_name, coding, body, status, code) => {
  const port = await start('decode');
  const client = await rawClient(port, post('/v1/responses', [`content-encoding: ${coding}`], body));
  const text = await client.until(/\}\}$/);
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*"code":"${code}"`));
  const exchange = await recorder.closed(0);
  expect(exchange.attempts).toHaveLength(0);
  expect(exchange.clientRequest.body.equals(body)).toBe(true);
});

test('a body announced above the limit is refused with 413', async () => {
  const port = await start('pass');
  const client = await rawClient(port, 'POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 300000000\r\n\r\n');
  expect(await client.until(/\}\}$/)).toMatch(/^HTTP\/1.1 413 [\s\S]*"code":"body_too_large"/);
});

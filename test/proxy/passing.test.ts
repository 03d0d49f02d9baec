import { join } from 'node:path';
import { expect, test } from 'vitest';
import { legOf } from '../../src/cassette/legs.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import { startProxy } from '../../src/proxy/server.ts';
import { HEADER, readAll, temporaryFolder } from '../cassette/support/scripted.ts';
import { rawClient, rawServer } from '../helpers/raw-http.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

test('chunks that come in one read go on as one write, and are recorded one by one', async () => {
  const events = ['data: 1\n\n', 'data: zw\u00f6lf\n\n', 'data: 3\n\n'];
  const upstream = await rawServer();
  const path = join(temporaryFolder(), 'x.har');
  const recorder = await createRecorder({ path, header: HEADER, ownThread: false });
  const proxy = await startProxy({ upstream: upstream.url, recorder });
  const client = await rawClient(proxy.port, 'POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
  const up = await upstream.accept();
  up.socket.write(HEAD + events.map(chunk).join(''));
  const joined = chunk(events.join(''));
  await client.until(new RegExp(Buffer.from(joined).toString('latin1')));
  // One that comes later, with the end.
  up.socket.write(`${chunk('data: 4\n\n')}0\r\n\r\n`);
  await client.until(/0\r\n\r\n$/);
  const [, body] = Buffer.from(client.received(), 'latin1').toString().split('\r\n\r\n');
  expect(`${body}\r\n\r\n`).toBe(`${joined}${chunk('data: 4\n\n')}0\r\n\r\n`);
  await proxy.close();
  await recorder.close();
  await upstream.close();
  const [exchange] = (await readAll(path)).exchanges;
  for (const leg of ['upstream-response', 'client-response'] as const) {
    const { chunks } = legOf(exchange!, leg)!.body!;
    expect(chunks.map(({ data }) => Buffer.from(data).toString())).toEqual([...events, 'data: 4\n\n']);
    expect(chunks[0]!.ms).toBe(chunks[2]!.ms);
  }
});

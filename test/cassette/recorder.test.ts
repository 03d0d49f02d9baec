import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { legOf, legsOf } from '../../src/cassette/legs.ts';
import { RECORDING_LIMITS } from '../../src/cassette/limits.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import { encodeBody } from '../../src/decode/body.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import {
  bytesOf,
  complete,
  HEADER,
  JSON_TYPE,
  MemoryJournal,
  openExchange,
  playExchange,
  readAll,
  recordAll,
  type ScriptedExchange,
  SSE_TYPE,
  temporaryFolder,
} from './support/scripted.ts';

const TURN: ScriptedExchange = {
  request: { body: ['{"model":', '"m"}'] },
  attempts: [{ response: { headers: SSE_TYPE, body: ['data: 1\n\n', 'data: 2\n\n'] } }],
  response: { headers: SSE_TYPE, body: ['data: 1\n\n', 'data: 2\n\n'] },
};

describe('a passed-through turn', () => {
  it('becomes a client and an upstream entry, and what is equal is written once', async () => {
    const { summary, entries, exchanges } = await recordAll([TURN]);
    expect(summary).toMatchObject({ exchanges: 1, outcomes: { complete: 1 }, redacted: {} });
    const [client, upstream] = entries;
    expect(client).toMatchObject({
      _exchange: 'x1',
      _seq: 1,
      _side: 'client',
      _outcome: 'complete',
      _end: { by: 'upstream', ms: 20, how: 'complete' },
      request: { url: 'http://127.0.0.1:5555/v1/responses', httpVersion: 'HTTP/1.1', bodySize: 13 },
      response: { status: 200, bodySize: 18, _headMs: 10 },
      timings: { send: 3, wait: 7, receive: 10 },
      time: 20,
    });
    expect(client?.request.postData).toEqual({ mimeType: 'application/json', text: '{"model":"m"}' });
    const chunks = [
      [10, 'data: 1\n\n'],
      [11, 'data: 2\n\n'],
    ];
    expect(client?.response.content).toEqual({ mimeType: 'text/event-stream', size: 18, _chunks: chunks });
    expect(upstream).toMatchObject({ _exchange: 'x1', _seq: 1, _side: 'upstream', _attempt: 1, time: 18 });
    expect(upstream?.request.postData).toEqual({ mimeType: 'application/json', text: '', _sameAs: 'client' });
    expect(upstream?.response.content).toEqual({ mimeType: 'text/event-stream', size: 18, _sameAs: 'client' });
    expect(legsOf(exchanges[0]!).map(({ name, body }) => [name, body?.text])).toEqual([
      ['client-request', '{"model":"m"}'],
      ['upstream-request', '{"model":"m"}'],
      ['upstream-response', 'data: 1\n\ndata: 2\n\n'],
      ['client-response', 'data: 1\n\ndata: 2\n\n'],
    ]);
  });

  it('is the same when it was written piece by piece', async () => {
    const atOnce = await recordAll([TURN]);
    const path = join(temporaryFolder(), 'slow.har');
    const journal = new MemoryJournal();
    const recorder = await createRecorder({ path, header: HEADER, createJournal: async () => journal });
    const tap = openExchange(recorder);
    tap.clientRequest.data(1, bytesOf('{"model":'));
    await journal.until('"t":"open"');
    tap.clientRequest.data(2, bytesOf('"m"}'));
    tap.clientRequest.end(complete(3, 'client'));
    const up = tap.attempt();
    const passed = { name: 'tapedeck', version: '0.0.0-test', how: 'passthrough' };
    const url = 'http://127.0.0.1:4000/v1/responses';
    const request = up.request(2, { method: 'POST', url, httpVersion: '1.1', headers: JSON_TYPE }, 'responses', passed);
    request.data(2, bytesOf('{"model":"m"}'));
    request.end(complete(3, 'client'));
    const head = { status: 200, statusText: 'OK', httpVersion: '1.1', headers: SSE_TYPE };
    const upstream = up.response(10, head);
    upstream.data(10, bytesOf('data: 1\n\n'));
    await journal.until('data: 1');
    const answer = tap.clientResponse(10, head, passed);
    answer.data(10, bytesOf('data: 1\n\n'));
    await journal.until('client-response');
    for (const one of [upstream, answer]) {
      one.data(11, bytesOf('data: 2\n\n'));
      one.end(complete(12));
    }
    up.close('complete', complete(20));
    tap.close('complete', complete(20));
    await recorder.close();
    expect((await readAll(path)).entries).toEqual(atOnce.entries);
  });
});

describe('bodies', () => {
  const only = async (script: ScriptedExchange) => (await recordAll([script])).exchanges[0]!;

  it('keeps the coded bytes of a request beside its text', async () => {
    const coded = await encodeBody(bytesOf('{"input":"é"}'), ['zstd']);
    const headers = [...JSON_TYPE, 'Content-Encoding', 'zstd'];
    const exchange = await only({ request: { headers, body: [coded.subarray(0, 5), coded.subarray(5)] } });
    const { _wire, ...rest } = exchange.client.request.postData!;
    expect(rest).toEqual({ mimeType: 'application/json', text: '{"input":"é"}' });
    expect(_wire).toMatchObject({ encodings: ['zstd'], bytes: coded.length, sha256: sha256Hex(coded) });
    expect(_wire?.zstd?.[0]).toMatchObject({ kind: 'frame', contentSize: null });
    const { body } = legOf(exchange, 'client-request')!;
    expect(Buffer.compare(body!.wire!, coded)).toBe(0);
    expect(body).toMatchObject({ text: '{"input":"é"}', redacted: 0 });
  });

  it('decodes a coded stream read by read', async () => {
    const coded = gzipSync('data: one\n\ndata: two\n\n');
    const headers = [...SSE_TYPE, 'content-encoding', 'gzip'];
    const exchange = await only({ response: { headers, body: [coded.subarray(0, 12), coded.subarray(12)] } });
    const { content, bodySize } = exchange.client.response;
    expect(content._chunks?.map(([, data]) => data).join('')).toBe('data: one\n\ndata: two\n\n');
    expect(content).toMatchObject({ size: 22, _wire: { encodings: ['gzip'], sha256: sha256Hex(coded) } });
    expect(bodySize).toBe(coded.length);
    expect(Buffer.compare(legOf(exchange, 'client-response')!.body!.wire!, coded)).toBe(0);
  });

  it('keeps bytes that are no text as they are', async () => {
    const bytes = Uint8Array.of(0x89, 0x50, 0xff, 0x00);
    const exchange = await only({ response: { headers: ['content-type', 'image/png'], body: [bytes] } });
    expect(exchange.client.response.content).toEqual({
      mimeType: 'image/png',
      size: 4,
      _wire: { encodings: [], bytes: 4, sha256: sha256Hex(bytes), base64: 'iVD/AA==' },
    });
    const { body } = legOf(exchange, 'client-response')!;
    expect(body).toMatchObject({ text: undefined });
    expect([...body!.decoded!]).toEqual([...bytes]);
  });

  it('keeps both views of coded bytes that are no text', async () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0x00);
    const coded = gzipSync(bytes);
    const exchange = await only({ request: { headers: ['content-encoding', 'gzip'], body: [coded] } });
    const { body } = legOf(exchange, 'client-request')!;
    expect([...body!.decoded!]).toEqual([...bytes]);
    expect(Buffer.compare(body!.wire!, coded)).toBe(0);
    expect(exchange.client.request.postData).toMatchObject({ text: '', _decoded: { base64: '//4A' } });
  });

  it.each([
    ['a coding that nobody knows', 'lzma', bytesOf('????')],
    ['a coding that was only promised', 'zstd', bytesOf('{"model":"m"}')],
    ['a coded body that breaks off', 'gzip', gzipSync('{"model":"m"}').subarray(0, 15)],
  ])('keeps the bytes of %s, and says why there is no text', async (_, coding, bytes) => {
    const headers = [...JSON_TYPE, 'content-encoding', coding];
    const exchange = await only({ request: { headers, body: [bytes] } });
    const { text, _wire } = exchange.client.request.postData!;
    expect(text).toBe('');
    expect(_wire).toMatchObject({ encodings: [coding], bytes: bytes.length, undecodable: expect.stringMatching(/./) });
    const { body } = legOf(exchange, 'client-request')!;
    expect(body).toMatchObject({ text: undefined, decoded: undefined });
    expect(Buffer.compare(body!.wire!, bytes)).toBe(0);
  });

  it('writes a read that is not whole UTF-8 as bytes', async () => {
    const [a, b] = [bytesOf('data: é\n\n').subarray(0, 7), bytesOf('data: é\n\n').subarray(7)];
    const exchange = await only({ response: { headers: SSE_TYPE, body: [a, b] } });
    expect(exchange.client.response.content._chunks?.[0]?.[1]).toHaveProperty('base64');
    expect(legOf(exchange, 'client-response')?.body?.text).toBe('data: é\n\n');
  });

  it('sees an event stream under a wrong name', async () => {
    const exchange = await only({ response: { headers: JSON_TYPE, body: ['event: x\n', 'data: 1\n\n'] } });
    expect(exchange.client.response.content._chunks).toHaveLength(2);
    const request = await only({ request: { headers: JSON_TYPE, body: ['data: 1\n\n'] } });
    expect(request.client.request.postData?.text).toBe('data: 1\n\n');
  });

  it('has no body where there was none, whatever the headers say', async () => {
    const headers = [...JSON_TYPE, 'content-encoding', 'gzip'];
    const exchange = await only({ method: 'GET', request: { headers: [] }, response: { headers, status: 304 } });
    expect(exchange.client.request).not.toHaveProperty('postData');
    expect(exchange.client.response.content).toEqual({ size: 0, mimeType: 'application/json' });
    expect(legsOf(exchange).map(({ body }) => body)).toEqual([undefined, undefined]);
  });

  it('keeps the beginning of a body that is too long, and says how much is missing', async () => {
    const block = new Uint8Array(8 * 1024 * 1024).fill(97);
    const exchange = await only({ response: { headers: ['content-type', 'text/plain'], body: Array(9).fill(block) } });
    const { content, bodySize } = exchange.client.response;
    expect(bodySize).toBe(9 * block.length);
    expect(content.text?.length).toBe(RECORDING_LIMITS.bodyBytes);
    expect(content._cut).toBe(bodySize - RECORDING_LIMITS.bodyBytes);
    expect(legOf(exchange, 'client-response')?.body?.wire).toBeUndefined();
  });
});

describe('attempts', () => {
  it('get an entry each, with their own answer', async () => {
    const { exchanges } = await recordAll([
      {
        request: { body: ['{}'] },
        attempts: [
          { response: { status: 429, body: ['{"error":1}'] }, outcome: 'complete' },
          { request: { body: ['{"other":1}'] }, outcome: 'upstream-aborted' },
          { response: { body: ['{"ok":1}'] } },
        ],
        response: { body: ['{"ok":1}'] },
      },
    ]);
    const [exchange] = exchanges;
    expect(exchange?.attempts.map(({ _attempt, _outcome, response }) => [_attempt, _outcome, response.status])).toEqual(
      [
        [1, 'complete', 429],
        [2, 'upstream-aborted', 0],
        [3, 'complete', 200],
      ],
    );
    expect(legOf(exchange!, 'upstream-response', 1)?.body?.text).toBe('{"error":1}');
    expect(legOf(exchange!, 'upstream-request', 2)?.body?.text).toBe('{"other":1}');
    expect(legOf(exchange!, 'upstream-response', 2)).toBeUndefined();
    expect(legOf(exchange!, 'upstream-response')?.entry.response.content._sameAs).toBe('client');
  });

  it('are not taken for the same when only the coding differs', async () => {
    const coded = gzipSync('{}');
    const { entries } = await recordAll([
      {
        request: { headers: [...JSON_TYPE, 'content-encoding', 'gzip'], body: [coded] },
        attempts: [{ request: { headers: JSON_TYPE, body: [coded] } }],
      },
    ]);
    expect(entries[0]?.request.postData?.text).toBe('{}');
    expect(entries[1]?.request.postData?._sameAs).toBeUndefined();
  });
});

describe('an exchange', () => {
  it('that got no answer has status 0, and a request that did not end is marked', async () => {
    const { exchanges } = await recordAll([{ request: { body: ['{"mod'], how: 'closed' } }]);
    const { client } = exchanges[0]!;
    expect(client.request._incomplete).toBe(true);
    expect(client.response).toMatchObject({ status: 0, content: { size: 0, mimeType: '' } });
    expect(legsOf(exchanges[0]!).map(({ name }) => name)).toEqual(['client-request']);
  });

  it('that is still open at the end of the recording is kept as far as it came', async () => {
    const path = join(temporaryFolder(), 'open.har');
    const recorder = await createRecorder({ path, header: HEADER });
    openExchange(recorder).clientRequest.data(1, bytesOf('{"mod'));
    await recorder.close();
    const { exchanges } = await readAll(path);
    expect(exchanges[0]).toMatchObject({ outcome: 'recorder-killed' });
    expect(legOf(exchanges[0]!, 'client-request')?.body?.text).toBe('{"mod');
  });

  it('keeps trailers, duplicate headers and their case', async () => {
    const headers = ['X-A', '1', 'x-a', '2', 'Content-Type', 'text/plain'];
    const response = { headers, body: ['x'], trailers: ['X-Sum', 'abc'] };
    const { entries } = await recordAll([{ response }]);
    expect(entries[0]?.response.headers.slice(0, 2)).toEqual([
      { name: 'X-A', value: '1' },
      { name: 'x-a', value: '2' },
    ]);
    expect(entries[0]?.response._trailers).toEqual([{ name: 'X-Sum', value: 'abc' }]);
  });

  it('has a URL that HAR can hold and that gives the target back', async () => {
    const { entries } = await recordAll([{ target: '/v1/models?client_version=1&x=%20y' }]);
    expect(entries[0]?.request.url).toBe('http://127.0.0.1:5555/v1/models?client_version=1&x=%20y');
    expect(entries[0]?.request.queryString).toEqual([
      { name: 'client_version', value: '1' },
      { name: 'x', value: ' y' },
    ]);
  });

  it('carries the losses of its translations', async () => {
    const path = join(temporaryFolder(), 'loss.har');
    const recorder = await createRecorder({ path, header: HEADER });
    const tap = openExchange(recorder);
    const loss = { hop: 'responses->chat', path: '/tools/0', kind: 'tool', reason: 'no such tool' };
    tap.losses([loss]);
    tap.close('complete', complete(3));
    await recorder.close();
    expect((await readAll(path)).entries[0]?._losses).toEqual([loss]);
  });

  it('names its client in the header', async () => {
    const headers = ['User-Agent', 'codex_exec/0.169.0 (Debian 13; x86_64) xterm'];
    const { path } = await recordAll([{ request: { headers: [] } }, { request: { headers } }]);
    expect(await readFile(path, 'utf8')).toContain('"client": {"name": "codex_exec", "version": "0.169.0"}');
  });
});

describe('the order', () => {
  it('is that in which the requests began, whatever ended first', async () => {
    const path = join(temporaryFolder(), 'order.har');
    const recorder = await createRecorder({ path, header: HEADER });
    const taps = [1, 2, 3, 4].map((n) => openExchange(recorder, JSON_TYPE, `/v1/${n}`));
    for (const n of [3, 0, 2, 1]) taps[n]?.close('complete', complete(n));
    await recorder.close();
    const { entries } = await readAll(path);
    expect(entries.map(({ request, _seq }) => [_seq, request.url.at(-1)])).toEqual([
      [1, '1'],
      [2, '2'],
      [3, '3'],
      [4, '4'],
    ]);
  });
});

describe('secrets', () => {
  const key = ['sk', '-proj-', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'].join('');

  it('are in nothing that is written, and what hid them is gone', async () => {
    const coded = await encodeBody(bytesOf(`{"input":"${key}"}`), ['zstd']);
    const zstd = [...JSON_TYPE, 'content-encoding', 'zstd', 'Authorization', `Bearer ${key}`];
    const unnamed = ['content-type', 'application/octet-stream'];
    const broken = gzipSync(`{"input":"${key}"}${'x'.repeat(9999)}`).subarray(0, -20);
    const { path, exchanges, summary } = await recordAll([
      { request: { headers: zstd, body: [coded] }, target: `/v1/responses?key=${key}` },
      { request: { headers: unnamed, body: [coded] } },
      { request: { headers: [...JSON_TYPE, 'content-encoding', 'gzip'], body: [broken] } },
      { response: { headers: SSE_TYPE, body: [`data: ${key.slice(0, 9)}`, `${key.slice(9)}\n\n`] } },
      { response: { headers: [...SSE_TYPE, 'content-encoding', 'gzip'], body: [gzipSync(`data: ${key}\n\n`)] } },
    ]);
    expect(await readFile(path, 'utf8')).not.toContain(key);
    for (const { client } of exchanges) {
      const { _wire = {}, _redacted } = client.request.postData ?? client.response.content;
      expect(_redacted).toBeGreaterThan(0);
      expect(_wire).not.toHaveProperty('base64');
      expect(_wire).not.toHaveProperty('sha256');
    }
    expect(exchanges[0]?.client.request.postData?.text).toMatch(/^\{"input":"\[redacted:[a-z-]+#1\]"\}$/);
    expect(legOf(exchanges[0]!, 'client-request')?.body).toMatchObject({ wire: undefined, redacted: 1 });
    expect(Object.values(summary.redacted)).toEqual([1]);
  });

  it('are not in the journal of a running exchange either', async () => {
    const journal = new MemoryJournal();
    const path = join(temporaryFolder(), 'x.har');
    const recorder = await createRecorder({ path, header: HEADER, createJournal: async () => journal });
    const tap = openExchange(recorder, [...JSON_TYPE, 'content-encoding', 'zstd']);
    tap.clientRequest.data(1, await encodeBody(bytesOf(`{"input":"${key}"}`), ['zstd']));
    await journal.until('"t":"open"');
    expect(journal.text).not.toContain(key);
    expect(journal.text).not.toContain('base64');
    await recorder.close();
  });
});

describe('the queue', () => {
  it('lets new requests wait while more than its limit waits for the disk, and nothing is lost', async () => {
    const journal = new MemoryJournal();
    const path = join(temporaryFolder(), 'x.har');
    const recorder = await createRecorder({ path, header: HEADER, createJournal: async () => journal });
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    journal.onAppend = () => held;
    const body = [new Uint8Array(RECORDING_LIMITS.queuedBytes / 4).fill(98)];
    expect(recorder.room()).toBeUndefined();
    for (let n = 0; n < 4; n++) {
      playExchange(recorder, { request: { headers: ['content-type', 'text/plain'], body } });
    }
    playExchange(recorder, { request: { body: ['{}'] } });
    const room = recorder.room();
    expect(room).toBeInstanceOf(Promise);
    letGo();
    await room;
    expect(recorder.room()).toBeUndefined();
    expect((await recorder.close()).exchanges).toBe(5);
  });
});

describe('the output', () => {
  it('is not overwritten without force, and that is said before any traffic', async () => {
    const path = join(temporaryFolder(), 'x.har');
    await writeFile(path, 'mine');
    await expect(createRecorder({ path, header: HEADER })).rejects.toMatchObject({ code: 'output-exists' });
    expect(await readFile(path, 'utf8')).toBe('mine');
    expect(existsSync(`${path}.part`)).toBe(false);
    const { exchanges } = await recordAll([TURN], { path, force: true });
    expect(exchanges).toHaveLength(1);
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  it('does not overwrite a file that came while it was recording', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const recorder = await createRecorder({ path, header: HEADER });
    await writeFile(path, 'mine');
    playExchange(recorder, TURN);
    const summary = await recorder.close();
    expect(await readFile(path, 'utf8')).toBe('mine');
    expect(summary.path).toBe(path.replace('.har', '-2.har'));
    expect((await readAll(summary.path)).exchanges).toHaveLength(1);
  });

  it('cannot be a folder, or be below a file', async () => {
    const folder = temporaryFolder();
    await mkdir(join(folder, 'd.har'));
    await writeFile(join(folder, 'f'), '');
    for (const path of [join(folder, 'd.har'), join(folder, 'f', 'x.har')]) {
      await expect(createRecorder({ path, header: HEADER, force: true })).rejects.toMatchObject({
        code: 'output-failed',
        hint: expect.stringMatching(/-o/),
      });
    }
  });

  it('is not recorded to twice at the same time', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const recorder = await createRecorder({ path, header: HEADER });
    await expect(createRecorder({ path, header: HEADER, force: true })).rejects.toMatchObject({
      code: 'output-exists',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await recorder.close();
  });

  it('is made with its folders, and is a cassette even when nothing happened', async () => {
    const path = join(temporaryFolder(), 'a', 'b', 'x.har');
    const { summary, entries } = await recordAll([], { path });
    expect([summary.exchanges, entries.length]).toEqual([0, 0]);
  });

  it('ignores what is said after the end', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const recorder = await createRecorder({ path, header: HEADER });
    const tap = openExchange(recorder);
    tap.close('complete', complete(1));
    tap.close('timeout', complete(2));
    tap.clientRequest.data(3, bytesOf('late'));
    const [first, second] = [recorder.close(), recorder.close()];
    expect(await second).toBe(await first);
    playExchange(recorder, TURN);
    const { entries } = await readAll(path);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ _outcome: 'complete', request: { bodySize: 0 } });
  });
});

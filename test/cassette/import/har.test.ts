import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../src/cassette/import/detect.ts';
import { importSource } from '../../../src/cassette/import/run.ts';
import { legOf } from '../../../src/cassette/legs.ts';
import { readAll, temporaryFolder } from '../../helpers/cassette-files.ts';
import { sse } from '../../helpers/made-legs.ts';

type Fields = Record<string, unknown>;

const STREAM = sse({ type: 'response.created' }, { type: 'response.completed' }).join('');

/** An entry in the shape of Chromium's "Save all as HAR with content". */
function entry(request: Fields = {}, response: Fields = {}, more: Fields = {}): Fields {
  return {
    startedDateTime: '2026-01-02T03:04:05.678Z',
    time: 30,
    timings: { blocked: 2, dns: -1, ssl: -1, connect: 3, send: 1, wait: 14, receive: 10, _blocked_queueing: 1 },
    cache: {},
    request: {
      method: 'POST',
      url: 'https://gateway.example/v1/responses',
      httpVersion: 'http/2.0',
      headers: [
        { name: ':authority', value: 'gateway.example' },
        { name: 'content-type', value: 'application/json' },
      ],
      cookies: [],
      queryString: [],
      headersSize: -1,
      bodySize: 14,
      postData: { mimeType: 'application/json', text: '{"input":"hi"}' },
      ...request,
    },
    response: {
      status: 200,
      statusText: '',
      httpVersion: 'http/2.0',
      headers: [{ name: 'content-type', value: 'text/event-stream' }],
      cookies: [],
      content: { size: STREAM.length, mimeType: 'text/event-stream', text: STREAM },
      redirectURL: '',
      headersSize: -1,
      bodySize: -1,
      _transferSize: 999,
      ...response,
    },
    serverIPAddress: '203.0.113.1',
    _initiator: { type: 'script', url: 'https://gateway.example/app.js' },
    ...more,
  };
}

async function importHar(entries: unknown[], options: { patterns?: RegExp[]; headers?: string[] } = {}) {
  const folder = temporaryFolder();
  const source = join(folder, 'source.har');
  const path = join(folder, 'imported.har');
  const creator = { name: 'WebInspector', version: '537.36' };
  await writeFile(source, JSON.stringify({ log: { version: '1.2', creator, entries } }));
  const summary = await importSource(await openSource(source), {
    path,
    force: false,
    tool: '1.2.3',
    patterns: options.patterns ?? [],
    headers: options.headers ?? [],
    gateway: undefined,
    protocolOf: () => 'responses',
  });
  return { summary, path, ...(await readAll(path, { pristine: true })) };
}

describe('a HAR file', () => {
  it('becomes an exchange with the fields that a cassette has', async () => {
    const { entries, exchanges, header, summary } = await importHar([entry()]);
    expect(header.gateway).toEqual({ name: 'WebInspector', version: '537.36' });
    expect(entries[0]).toMatchObject({
      _exchange: 'x1',
      _seq: 1,
      _side: 'client',
      _protocol: 'responses',
      _outcome: 'complete',
      _seed: expect.stringMatching(/^1767323045678-[0-9a-f]{16}$/),
      time: 30,
      timings: { send: 6, wait: 14, receive: 10 },
      response: { _headMs: 20, content: { text: STREAM } },
    });
    expect(entries[0]).not.toHaveProperty('serverIPAddress');
    expect(entries[0]).not.toHaveProperty('_initiator');
    expect(entries[0]!.request.headers).toEqual([{ name: 'content-type', value: 'application/json' }]);
    expect(legOf(exchanges[0]!, 'client-response')?.body).toMatchObject({ text: STREAM, facts: undefined });
    expect(summary.lacks).toEqual({ 'upstream-side': 1, 'header-case': 1, 'pseudo-headers': 1, 'chunk-times': 1 });
  });

  it('is put into the order of its requests', async () => {
    const late = entry({}, {}, { startedDateTime: '2026-01-02T03:04:06.000Z' });
    const { entries } = await importHar([late, entry()]);
    expect(entries.map(({ startedDateTime }) => startedDateTime)).toEqual([
      '2026-01-02T03:04:05.678Z',
      '2026-01-02T03:04:06.000Z',
    ]);
    expect(entries.map(({ _seq }) => _seq)).toEqual([1, 2]);
  });

  it.each<[string, Fields, object]>([
    ['text', { text: 'ab', size: 2 }, { text: 'ab' }],
    ['base64 of text', { text: 'w7w=', encoding: 'base64', size: 2 }, { text: 'ü' }],
    [
      'base64 of bytes',
      { text: '/wD+', encoding: 'base64', size: 3 },
      { text: undefined, wire: Buffer.from([255, 0, 254]) },
    ],
    ['text that was read as latin1', { text: 'Ã¼', size: 2 }, { text: 'ü' }],
    ['text with a character of two bytes', { text: 'ü', size: 2 }, { text: 'ü' }],
    ['no text', { size: 7 }, { text: undefined, decoded: undefined, wire: undefined }],
    ['bytes that were turned into text', { text: '\ufffd\ufffdx', size: 3 }, { text: undefined, decoded: undefined }],
  ])('holds a response body as %s', async (_, content, body) => {
    const { exchanges } = await importHar([entry({}, { headers: [], content: { mimeType: '', ...content } })]);
    expect(legOf(exchanges[0]!, 'client-response')?.body).toMatchObject(body);
  });

  it('does not claim to have the bytes of coded bodies', async () => {
    const headers = [
      { name: 'Content-Encoding', value: 'zstd' },
      { name: 'Content-Length', value: '33' },
    ];
    const { exchanges, summary } = await importHar([entry({ headers, bodySize: 33 })]);
    const body = legOf(exchanges[0]!, 'client-request')?.body;
    expect(body).toMatchObject({ text: '{"input":"hi"}', wire: undefined, facts: { encodings: ['zstd'], bytes: 33 } });
    expect(body?.facts).not.toHaveProperty('sha256');
    expect(summary.lacks).toMatchObject({ 'wire-bytes': 1 });
  });

  it('may lack request bodies, or have a form as parameters alone', async () => {
    const form = { mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'a b', value: 'c&d' }] };
    const { exchanges, summary } = await importHar([
      entry({ postData: undefined }),
      entry({ postData: form, bodySize: 9 }),
    ]);
    const [missing, built] = exchanges.map((exchange) => legOf(exchange, 'client-request')?.body);
    expect(missing).toMatchObject({ text: undefined, facts: { undecodable: 'the HAR file does not hold it' } });
    expect(built?.text).toBe('a+b=c%26d');
    expect(summary.lacks).toMatchObject({ 'request-body': 1 });
  });

  it.each<[string, Fields, string]>([
    ['a status of 0', { status: 0, content: {}, headers: [] }, 'upstream-error'],
    [
      'a browser that was told to stop',
      { status: 0, content: {}, headers: [], _error: 'net::ERR_ABORTED' },
      'client-aborted',
    ],
    ['an error after the head', { _error: 'net::ERR_CONNECTION_RESET' }, 'upstream-aborted'],
    ['a stream that ends within an event', { content: { size: 9, text: 'data: {"a' } }, 'upstream-aborted'],
    [
      'a body shorter than it says',
      { headers: [{ name: 'Content-Length', value: '9' }], content: { size: 2, text: 'ab' } },
      'upstream-aborted',
    ],
    ['everything', {}, 'complete'],
  ])('with %s has the outcome', async (_, response, outcome) => {
    const { entries } = await importHar([entry({}, response)]);
    expect(entries[0]!._outcome).toBe(outcome);
  });

  it.each<[string, Fields, string]>([
    ['no date', entry({}, {}, { startedDateTime: 'soon' }), '`startedDateTime`'],
    ['no URL', entry({ url: undefined }), '`request` has no URL'],
    ['no headers', entry({ headers: 'x' }), 'the headers are no list'],
    ['a message without data', entry({}, {}, { _webSocketMessages: [{ type: 'send' }] }), 'WebSocket message'],
  ])('with %s is refused, and the entry named', async (_, broken, message) => {
    await expect(importHar([entry(), broken])).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringMatching(new RegExp(`entry 2 cannot be imported: .*${message}`)),
    });
  });
});

describe('secrets of a HAR file', () => {
  const key = `sk-${'proj-'}${'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'}`;
  const other = ['cookie', 'Value', '0123456789'].join('');

  it('are in nothing that is written', async () => {
    const half = 20;
    const deltas = sse(
      { type: 'response.output_text.delta', item_id: 'm', delta: key.slice(0, half) },
      { type: 'response.output_text.delta', item_id: 'm', delta: key.slice(half) },
    );
    const stream = deltas.join('');
    const { path, summary } = await importHar([
      entry(
        {
          url: `https://gateway.example/v1/responses?api_key=${other}`,
          queryString: [{ name: 'api_key', value: other }],
          headers: [
            { name: 'Authorization', value: `Bearer ${key}` },
            { name: 'Cookie', value: `sid=${other}` },
          ],
          cookies: [{ name: 'sid', value: other }],
          postData: { mimeType: 'text/plain', text: key, params: [{ name: 'a', value: key }] },
          bodySize: key.length,
        },
        {
          content: { size: stream.length, mimeType: 'text/event-stream', text: stream },
          cookies: [{ name: 'sid', value: other }],
        },
        {
          _initiator: { url: key },
          _webSocketMessages: [
            {
              type: 'receive',
              time: 1,
              opcode: 1,
              data: JSON.stringify({ type: 'x.delta', delta: key.slice(0, half) }),
            },
            { type: 'send', time: 1, opcode: 1, data: JSON.stringify({ key }) },
            { type: 'receive', time: 2, opcode: 1, data: JSON.stringify({ type: 'x.delta', delta: key.slice(half) }) },
            { type: 'send', time: 3, opcode: 2, data: Buffer.from(`\0${key}`).toString('base64') },
            { type: 'send', time: 3, opcode: 1, data: `{\n "key": "${key}"\n}` },
          ],
        },
      ),
    ]);
    const written = await readFile(path, 'utf8');
    const decoded = written.replace(
      /[A-Za-z0-9+/]{20,}={0,2}/g,
      (text) => text + Buffer.from(text, 'base64').toString('latin1'),
    );
    for (const secret of [key, other, key.slice(0, half), key.slice(half)]) expect(decoded).not.toContain(secret);
    expect(summary.redacted).toMatchObject({ authorization: expect.any(Number), cookie: 2 });
  });

  it('are found by patterns and by names of headers of the user', async () => {
    const headers = [{ name: 'X-Tenant', value: 'acme-corporation-7' }];
    const { entries } = await importHar(
      [entry({ headers, postData: { text: '{"t":"acme-corporation-7","p":"P-42"}' } })],
      {
        patterns: [/P-\d+/],
        headers: ['x-tenant'],
      },
    );
    expect(entries[0]!.request.headers[0]!.value).toMatch(/^\[redacted:token#\d\]$/);
    expect(entries[0]!.request.postData!.text).toMatch(
      /^\{"t":"\[redacted:token#\d\]","p":"\[redacted:[a-z]+#\d\]"\}$/,
    );
    expect(entries[0]!.request.postData!._redacted).toBe(2);
  });

  it('that were replaced before keep their numbers', async () => {
    const headers = [
      { name: 'Authorization', value: 'Bearer [redacted:authorization#1]' },
      { name: 'X-Api-Key', value: key },
    ];
    const { entries } = await importHar([entry({ headers })]);
    expect(entries[0]!.request.headers.map(({ value }) => value)).toEqual([
      'Bearer [redacted:authorization#1]',
      '[redacted:api-key#2]',
    ]);
  });
});

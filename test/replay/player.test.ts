import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeBody } from '../../src/decode/body.ts';
import { type Player, type PlayerEvent, type PlayerOptions, startPlayer } from '../../src/replay/player.ts';
import { post, rawClient } from '../helpers/raw-http.ts';
import { recorded, type SideSpec } from '../helpers/recorded.ts';

let player: Player;

afterEach(() => player.close());

async function play(sides: SideSpec[], options: Partial<PlayerOptions> = {}): Promise<PlayerEvent[]> {
  const events: PlayerEvent[] = [];
  player = await startPlayer({
    exchanges: sides.map((side) => recorded(side)),
    as: 'gateway',
    match: 'shape',
    repeat: 'none',
    speed: 'instant',
    onRequest: (event) => events.push(event),
    ...options,
  });
  return events;
}

function ask(body: unknown, path = '/responses', headers: Record<string, string> = {}): Promise<Response> {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  return fetch(player.url + path, {
    method: 'POST',
    body: Buffer.from(bytes),
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** Reads until the connection ends and says how it did. */
async function raw(request: string | Buffer): Promise<{ text: string; end: 'end' | 'reset' }> {
  const socket = connect(player.port, '127.0.0.1');
  let text = '';
  let end: 'end' | 'reset' = 'end';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {
    end = 'reset';
  });
  socket.write(request);
  await new Promise((resolve) => socket.once('close', resolve));
  return { text, end };
}

const POST = post('/v1/responses', ['Content-Type: application/json'], '{}');

describe('served answers', () => {
  test('status, headers and bytes are the recorded ones', async () => {
    const events = await play([
      {
        body: { a: 1 },
        status: 418,
        headers: ['X-Request-Id', 'r1', 'content-type', 'text/plain', 'Date', 'then'],
        answer: 'short and stout',
      },
    ]);
    const response = await ask({ a: 1 });
    expect(response.status).toBe(418);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-request-id': 'r1',
      'content-type': 'text/plain',
      date: 'then',
    });
    expect(await response.text()).toBe('short and stout');
    expect(events).toMatchObject([{ kind: 'served', method: 'POST', target: '/v1/responses', repeated: false }]);
    expect(player).toMatchObject({ served: 1, misses: [], forwarded: 0 });
    expect(player.leftovers()).toEqual([]);
  });

  test('the head is written as it was recorded, and nothing is added but the framing', async () => {
    await play([{ body: {}, headers: ['X-One', '1', 'x-TWO', '2', 'x-two', '3'], answer: 'ok' }]);
    const { text } = await raw(post('/responses', ['Connection: close'], '{}'));
    expect(text).toBe(
      'HTTP/1.1 200 OK\r\nX-One: 1\r\nx-TWO: 2\r\nx-two: 3\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    );
  });

  test('each read is a write of its own, also when nothing is waited for', async () => {
    await play([
      {
        body: {},
        headers: [],
        chunks: [
          [1, 'data: a\n\n'],
          [60_000, 'data: b\n\n'],
          [120_000, 'data: c\n\n'],
        ],
      },
    ]);
    const { text } = await raw(post('/responses', ['Connection: close'], '{}'));
    expect(text.split('\r\n\r\n')[1]).toBe('9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n9\r\ndata: c\n\n\r\n0');
  });

  test('trailers come after a chunked body', async () => {
    const exchange = recorded({ body: {}, headers: ['Trailer', 'X-Sum'], answer: 'ok' });
    exchange.client.response._trailers = [{ name: 'X-Sum', value: '7' }];
    await play([], { exchanges: [exchange] });
    expect((await raw(post('/responses', ['Connection: close'], '{}'))).text).toMatch(
      /2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n$/,
    );
  });

  test('interim responses come first, but for a 100 and for HTTP/1.0', async () => {
    const interim = () => {
      const exchange = recorded({ body: {}, headers: [], answer: 'ok' });
      exchange.client.response._informational = [
        { ms: 0, status: 100, statusText: 'Continue', headers: [] },
        {
          ms: 1,
          status: 103,
          statusText: 'Early Hints',
          headers: [
            { name: 'Link', value: '</x>\u2192\r\n' },
            { name: 'Connection', value: 'close' },
          ],
        },
      ];
      return exchange;
    };
    await play([], { exchanges: [interim(), interim()] });
    const request = post('/responses', ['Connection: close'], '{}').toString();
    expect((await raw(request)).text).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/x>\?\?\?\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
    );
    expect((await raw(request.replace('HTTP/1.1', 'HTTP/1.0'))).text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test.each(['zstd', 'gzip', 'br', 'deflate'])('requests in %s are decoded before they are matched', async (coding) => {
    await play([{ body: { a: 1 }, answer: 'ok' }]);
    const response = await ask(await encodeBody(Buffer.from('{"a":1}'), [coding]), '/responses', {
      'content-encoding': coding,
    });
    expect(await response.text()).toBe('ok');
  });

  test('a coded answer keeps its coding', async () => {
    const coded = gzipSync('hello');
    await play([
      {
        body: {},
        headers: ['content-encoding', 'gzip'],
        answer: 'hello',
        answerWire: { encodings: ['gzip'], bytes: coded.length, base64: coded.toString('base64') },
      },
    ]);
    const response = await ask({});
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.text()).toBe('hello');
  });

  test('GET is matched in the same way', async () => {
    await play([{ method: 'GET', url: '/v1/models?client_version=1', answer: '{"models":[]}' }]);
    expect(await (await fetch(`${player.url}/models?client_version=1`)).text()).toBe('{"models":[]}');
    expect((await fetch(`${player.url}/models?client_version=2`)).status).toBe(400);
  });

  test('a retry gets the next recorded answer', async () => {
    await play([
      { body: {}, status: 429, answer: 'wait' },
      { body: {}, answer: 'ok' },
    ]);
    expect([(await ask({})).status, (await ask({})).status, (await ask({})).status]).toEqual([429, 200, 400]);
  });

  test('as upstream the attempts are served', async () => {
    const up = 'https://x.test/api/v9/responses?key=1';
    const exchange = recorded({ body: {}, answer: 'no' }, [
      { url: up, body: { up: 1 }, status: 500 },
      { url: up, body: { up: 1 }, answer: 'yes' },
    ]);
    await play([], { exchanges: [exchange], as: 'upstream', base: { basePath: '/api/v9', query: 'key=1' } });
    expect((await ask({ up: 1 })).status).toBe(500);
    expect(player.leftovers()).toEqual([{ id: exchange.id, seq: exchange.seq, method: 'POST', path: '/responses' }]);
    expect(await (await ask({ up: 1 })).text()).toBe('yes');
    expect(player.leftovers()).toEqual([]);
  });

  test('what the redactor takes out of a request does not count', async () => {
    await play([{ body: { key: '[redacted:x#1]' }, url: '/v1/responses?k=%5Bredacted:x%231%5D', answer: 'ok' }], {
      redactor: {
        headers: (raw) => [...raw],
        url: (url) => url.replace('secret', '%5Bredacted:x%237%5D'),
        body: (bytes) => ({
          bytes: Buffer.from(Buffer.from(bytes).toString().replace('secret', '[redacted:x#7]')),
          count: 1,
        }),
      },
    });
    expect(await (await ask({ key: 'secret' }, '/responses?k=secret')).text()).toBe('ok');
  });
});

describe('broken ends', () => {
  const events = ['data: a\n\n', 'data: b\n\n'];
  const chunks: SideSpec['chunks'] = [
    [1, events[0]!],
    [2, events[1]!],
  ];
  const chunked = /9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n/;

  test('closed mid-stream: all recorded bytes, then no end of the message', async () => {
    await play([
      { body: {}, headers: [], chunks, end: { by: 'upstream', how: 'closed', ms: 3 }, outcome: 'upstream-aborted' },
    ]);
    const { text, end } = await raw(POST);
    expect(text).toMatch(new RegExp(`${chunked.source}$`));
    expect(end).toBe('end');
  });

  test('reset mid-stream: all recorded bytes, then a reset', async () => {
    await play([
      { body: {}, headers: [], chunks, end: { by: 'upstream', how: 'reset', ms: 3 }, outcome: 'upstream-aborted' },
    ]);
    const { text, end } = await raw(POST);
    expect(text).toMatch(new RegExp(`${chunked.source}$`));
    expect(end).toBe('reset');
  });

  test('a stream that was truncated but ended as HTTP says ends so again', async () => {
    await play([{ body: {}, headers: [], chunks }]);
    const { text } = await raw(post('/responses', ['Connection: close'], '{}'));
    expect(text).toMatch(new RegExp(`${chunked.source}0\\r\\n\\r\\n$`));
  });

  test.each(['closed', 'reset', 'timeout', 'refused'] as const)('no response (%s): no head', async (how) => {
    await play([{ body: {}, status: 0, end: { by: 'upstream', how, ms: 3 }, outcome: 'upstream-error' }]);
    expect((await raw(POST)).text).toBe('');
    expect(player.served).toBe(1);
  });
});

describe('misses', () => {
  test('are answered with 400 in the shape of the protocol, and name the closest recording', async () => {
    const seen = await play([{ body: { input: 'hi' }, answer: 'ok' }]);
    const response = await ask({ input: 'ho' });
    expect(response.status).toBe(400);
    expect(response.headers.get('x-tapedeck-miss')).toBe('unknown');
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe('cassette_miss');
    expect(error.message).toContain('first at /input: recorded "hi", asked "ho"');
    expect(player).toMatchObject({ served: 0, misses: [{ reason: 'unknown' }] });
    expect(seen).toMatchObject([{ kind: 'missed', miss: { reason: 'unknown' } }]);
    expect(player.leftovers()).toHaveLength(1);
  });

  test('are handed to `forward` when there is one', async () => {
    await play([{ body: { a: 1 }, answer: 'old' }], {
      forward: (request, response, body) => response.end(`${request.method} ${Buffer.from(body).toString()}`),
    });
    expect(await (await ask({ a: 1 })).text()).toBe('old');
    expect(await (await ask({ a: 2 })).text()).toBe('POST {"a":2}');
    expect(player).toMatchObject({ served: 1, forwarded: 1, misses: [] });
  });

  test('a damaged coded body is matched by its bytes', async () => {
    await play([{ body: { a: 1 } }]);
    expect((await ask(gzipSync('{"a":1}').subarray(0, -4), '/responses', { 'content-encoding': 'gzip' })).status).toBe(
      400,
    );
    expect(player.misses).toHaveLength(1);
  });
});

describe('time', () => {
  const at = (ms: number, name: string): SideSpec => ({
    body: { name },
    headers: [],
    headMs: ms,
    chunks: [[ms, name]],
    end: { by: 'upstream', how: 'complete', ms },
  });
  const order = async () => {
    const seen: string[] = [];
    const askFor = async (name: string) => seen.push(await (await ask({ name })).text());
    await Promise.all([askFor('late'), askFor('early')]);
    return seen;
  };

  test('recorded time decides which of two answers comes first', async () => {
    await play([at(150, 'late'), at(1, 'early')], { speed: 'recorded' });
    expect(await order()).toEqual(['early', 'late']);
  });

  test('a factor shortens it', async () => {
    await play([at(1_500_000, 'late'), at(1, 'early')], { speed: 10_000 });
    expect(await order()).toEqual(['early', 'late']);
  });

  test('the head comes before the first chunk is due', async () => {
    await play([{ ...at(1, 'x'), chunks: [[3_600_000, 'late']] }], { speed: 'recorded' });
    expect((await ask({ name: 'x' })).status).toBe(200);
    expect(player.active()).toBe(1);
  });
});

describe('connections', () => {
  test('a WebSocket upgrade is answered 426 at once and counts its recording as played', async () => {
    await play([{ method: 'GET', url: '/v1/responses', status: 426 }]);
    const { text } = await raw(
      'GET /v1/responses HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(player.leftovers()).toEqual([]);
    expect(player.misses).toEqual([]);
  });

  test('a client that goes away ends its answer and nothing else', async () => {
    const seen = await play(
      [
        {
          body: {},
          headers: [],
          chunks: [
            [1, 'a'],
            [3_600_000, 'b'],
          ],
        },
        { body: { b: 1 }, answer: 'ok' },
      ],
      { speed: 'recorded' },
    );
    const client = await rawClient(player.port, POST);
    await client.until(/\r\n\r\n1\r\na/);
    client.socket.destroy();
    await expect.poll(() => player.active()).toBe(0);
    expect(await (await ask({ b: 1 })).text()).toBe('ok');
    expect(seen.map((event) => event.kind)).toEqual(['served', 'served']);
  });

  test('closing ends what is in flight', async () => {
    const seen = await play(
      [
        {
          body: {},
          headers: [],
          chunks: [
            [1, 'a'],
            [3_600_000, 'b'],
          ],
        },
      ],
      { speed: 'recorded' },
    );
    const client = await rawClient(player.port, POST);
    await client.until(/\r\n\r\n1\r\na/);
    await player.close();
    await client.closed;
    expect(player.active()).toBe(0);
    expect(seen.map((event) => event.kind)).toEqual(['served']);
  });

  test('a port that is taken is an error of the socket', async () => {
    await play([]);
    await expect(
      startPlayer({
        exchanges: [],
        as: 'gateway',
        match: 'shape',
        repeat: 'none',
        speed: 'instant',
        port: player.port,
      }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agent, Dispatcher, FormData, fetch } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { legOf } from '../../../src/cassette/legs.ts';
import type { CassetteMode } from '../../../src/replay/polly/deck.ts';
import {
  type CassetteDispatcher,
  type CassetteDispatcherOptions,
  createCassetteDispatcher,
} from '../../../src/replay/polly/dispatcher.ts';
import { readAll, temporaryFolder } from '../../helpers/cassette-files.ts';
import { type DispatchInput, dispatch } from '../../helpers/dispatch.ts';

interface Provider {
  origin: string;
  /** Bodies that it was asked with. */
  asked: string[];
}

type Serve = (response: ServerResponse, request: IncomingMessage, n: number) => void;

const answerNumbered: Serve = (response, _, n) => response.end(`answer ${n}`);

/** A provider on loopback; `serve` is called when the request is whole. */
async function startProvider(serve: Serve = answerNumbered): Promise<Provider> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    asked.push(Buffer.concat(parts).toString());
    serve(response, request, asked.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function open(
  cassette: string,
  mode: CassetteMode,
  options: Partial<CassetteDispatcherOptions> = {},
): Promise<CassetteDispatcher> {
  const upstream = new Agent();
  const deck = await createCassetteDispatcher({ cassette, mode, upstream, ...options });
  onTestFinished(async () => {
    await deck.close().catch(() => {});
    await upstream.destroy();
  });
  return deck;
}

async function ask(deck: CassetteDispatcher, input: DispatchInput): Promise<string> {
  const call = dispatch(deck.dispatcher, { headers: { 'content-type': 'application/json' }, ...input });
  await call.over;
  if (call.error) throw call.error;
  return call.events.includes('head 400') ? 'miss' : call.text();
}

const question = (text: string) => JSON.stringify({ model: 'm', input: text });

test('interim responses are recorded on both sides', async () => {
  const path = join(temporaryFolder(), 'hints.har');
  const { origin } = await startProvider((response) => {
    response.writeEarlyHints({ link: '</x>' });
    response.end('ok');
  });
  const deck = await open(path, 'once');
  await ask(deck, { origin, body: question('hi') });
  await deck.close();
  const { entries } = await readAll(path);
  const hint = { ms: expect.any(Number), status: 103, statusText: 'Early Hints' };
  const headers = [{ name: 'Link', value: '</x>' }];
  expect(entries.map(({ response }) => response._informational)).toEqual([
    [{ ...hint, headers }],
    [{ ...hint, headers }],
  ]);
});

test('`once` records a cassette that does not exist, and only plays it afterwards', async () => {
  const path = join(temporaryFolder(), 'deep', 'once.har');
  const { origin, asked } = await startProvider();
  const first = await open(path, 'once');
  expect(await ask(first, { origin, body: question('hi') })).toBe('answer 1');
  expect([first.served, first.recorded]).toEqual([0, 1]);
  expect(await first.close()).toMatchObject({ path, exchanges: 1, outcomes: { complete: 1 } });

  const second = await open(path, 'once');
  expect(await ask(second, { origin, body: question('hi') })).toBe('answer 1');
  expect(await ask(second, { origin, body: question('ho') })).toBe('miss');
  expect([second.served, second.recorded, second.misses.length]).toEqual([1, 0, 1]);
  expect(await second.close()).toBeUndefined();
  expect(asked).toHaveLength(1);
});

test('`none` never asks the network, not even when there is no cassette', async () => {
  const path = join(temporaryFolder(), 'none.har');
  await expect(open(path, 'none')).rejects.toMatchObject({ code: 'cassette-not-found' });
  expect(existsSync(path)).toBe(false);
});

test('a recording in which nothing was asked leaves no file', async () => {
  const folder = temporaryFolder();
  const deck = await open(join(folder, 'empty.har'), 'once');
  expect(await deck.close()).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test('`new_episodes` adds what a cassette does not hold', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'grows.har');
  const { origin, asked } = await startProvider();
  for (const [mode, texts] of [
    ['new_episodes', ['hi']],
    ['new_episodes', ['ho', 'hi', 'hu']],
    ['none', ['hu', 'hi', 'ho']],
  ] as const) {
    const deck = await open(path, mode);
    // As a stream, which can be read once: to look for its recording.
    for (const text of texts) await ask(deck, { origin, body: Readable.from([Buffer.from(question(text))]) });
    expect(deck.misses).toEqual([]);
    await deck.close();
  }
  expect(asked.map((text) => JSON.parse(text).input)).toEqual(['hi', 'ho', 'hu']);
  expect((await readAll(path, { pristine: true })).exchanges.map(({ id }) => id)).toEqual(['x1', 'x2', 'x3']);
  expect(readdirSync(folder)).toEqual(['grows.har']);
});

test('`new_episodes` leaves a cassette alone that somebody edited, and keeps the new recording beside it', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'edited.har');
  const { origin } = await startProvider();
  const first = await open(path, 'once');
  await ask(first, { origin, body: question('hi') });
  await first.close();
  const text = readFileSync(path, 'utf8').replace('answer 1', 'by hand');
  writeFileSync(path, text);
  const deck = await open(path, 'new_episodes');
  expect(await ask(deck, { origin, body: question('hi') })).toBe('by hand');
  await ask(deck, { origin, body: question('ho') });
  await expect(deck.close()).rejects.toMatchObject({ code: 'cassette-edited' });
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(readdirSync(folder).sort()).toEqual(['edited.har', 'edited.new-1.har']);
});

test('`new_episodes` records anew what is too old', async () => {
  const path = join(temporaryFolder(), 'old.har');
  const { origin } = await startProvider();
  const play = async (options: Partial<CassetteDispatcherOptions>) => {
    const deck = await open(path, 'new_episodes', options);
    const text = await ask(deck, { origin, body: question('hi') });
    await deck.close();
    return text;
  };
  expect(await play({})).toBe('answer 1');
  // A negative age: what was recorded this very moment is too old as well.
  expect(await play({ maxAge: -1 })).toBe('answer 2');
  expect((await readAll(path)).exchanges).toHaveLength(2);
});

test('`all` records everything and replaces the cassette when it is closed', async () => {
  const path = join(temporaryFolder(), 'all.har');
  const { origin } = await startProvider();
  for (const expected of ['answer 1', 'answer 2']) {
    const deck = await open(path, 'all');
    expect(await ask(deck, { origin, body: question('hi') })).toBe(expected);
    await deck.close();
    expect((await readAll(path)).exchanges).toHaveLength(1);
  }
  const [exchange] = (await readAll(path)).exchanges;
  expect(legOf(exchange!, 'client-response')?.body?.text).toBe('answer 2');
});

test('a recording holds both sides, the bytes once, heads as they were written', async () => {
  const path = join(temporaryFolder(), 'sides.har');
  const { origin } = await startProvider((response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.end('data: {"type":"response.completed"}\n\n');
  });
  const deck = await open(path, 'once');
  const headers = ['Content-Type', 'application/json', 'X-B', '1', 'x-b', '2'];
  await ask(deck, { origin, path: '/base/responses', headers: headers as never, body: question('hi') });
  await deck.close();
  const { header, exchanges } = await readAll(path, { pristine: true });
  expect(header.upstream.url).toBe(`${origin}/base`);
  const { client, attempts, protocol } = exchanges[0]!;
  expect(protocol).toBe('responses');
  expect(client.request.url).toBe(`${origin}/base/responses`);
  expect(client.request.headers.map(({ name }) => name)).toEqual(['Content-Type', 'X-B', 'x-b']);
  const [attempt] = attempts;
  expect(attempt?.request).toMatchObject({ url: `${origin}/base/responses`, postData: { _sameAs: 'client' } });
  expect(attempt?.response.content._sameAs).toBe('client');
  expect(attempt?.request.headers.map(({ name, value }) => `${name}: ${value}`)).toEqual([
    `host: ${new URL(origin).host}`,
    'connection: keep-alive',
    'Content-Type: application/json',
    'X-B: 1',
    'x-b: 2',
    `content-length: ${question('hi').length}`,
  ]);
  const legs = (['upstream-request', 'upstream-response'] as const).map((name) => legOf(exchanges[0]!, name));
  expect(legs.map((leg) => leg?.body?.text)).toEqual([question('hi'), 'data: {"type":"response.completed"}\n\n']);
});

test('a stream is handed on read by read while it is recorded', async () => {
  let sendSecond = () => {};
  const { origin } = await startProvider((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    sendSecond = () => response.end('data: 2\n\n');
  });
  const path = join(temporaryFolder(), 'stream.har');
  const deck = await open(path, 'once');
  const call = dispatch(deck.dispatcher, { origin, body: question('hi') });
  // The second event is only sent when the first one has arrived.
  await call.until('data data: 1\n\n');
  sendSecond();
  await call.over;
  expect(call.events.slice(-2)).toEqual(['data data: 2\n\n', 'end']);
  await deck.close();
  const [exchange] = (await readAll(path)).exchanges;
  expect(exchange?.client.response.content._chunks?.map(([, data]) => data)).toEqual(['data: 1\n\n', 'data: 2\n\n']);
});

test('a request body goes up read by read while it is recorded', async () => {
  let arrived = () => {};
  const first = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const server = createServer((request, response) => {
    request.once('data', () => arrived());
    request.on('end', () => response.end('done'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const path = join(temporaryFolder(), 'up.har');
  const deck = await open(path, 'all');
  const body = new Readable({ read() {} });
  const call = dispatch(deck.dispatcher, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    body,
  });
  body.push('{"input":');
  await first;
  body.push('"hi"}');
  body.push(null);
  await call.over;
  expect(call.text()).toBe('done');
  await deck.close();
  const [exchange] = (await readAll(path)).exchanges;
  expect(legOf(exchange!, 'client-request')?.body?.text).toBe('{"input":"hi"}');
  expect(legOf(exchange!, 'upstream-request')?.body?.text).toBe('{"input":"hi"}');
});

test('a reader that has paused holds the provider back', async () => {
  const block = Buffer.alloc(65_536, 'x');
  let sent = 0;
  const { origin } = await startProvider(async (response) => {
    const gone = once(response, 'close');
    // As long as the system takes more; then the reader has to read first.
    while (sent < 1_000 && !response.destroyed) {
      sent += 1;
      if (!response.write(block)) await Promise.race([once(response, 'drain'), gone]);
    }
    response.end();
  });
  const deck = await open(join(temporaryFolder(), 'large.har'), 'once');
  const call = dispatch(deck.dispatcher, { origin, body: question('hi') }, { pauseAfter: 1 });
  await call.until('head 200');
  let last = -1;
  while (last !== sent || sent === 0) {
    last = sent;
    for (let i = 0; i < 50; i++) await nextTurn();
  }
  expect(sent).toBeLessThan(500);
  expect(call.chunks).toHaveLength(1);
  call.abort();
});

test('a reader that has paused gets the rest when it reads on', async () => {
  const size = 8 * 1024 * 1024;
  const { origin } = await startProvider((response) => response.end(Buffer.alloc(size, 'x')));
  const deck = await open(join(temporaryFolder(), 'rest.har'), 'once');
  const call = dispatch(deck.dispatcher, { origin, body: question('hi') }, { pauseAfter: 1 });
  await call.until('head 200');
  while (call.chunks.length < 1) await nextTurn();
  call.resume();
  await call.over;
  expect(call.events.at(-1)).toBe('end');
  expect(call.text()).toHaveLength(size);
});

test('a call that is given up before there is a connection is given up when there is one', async () => {
  const aborted: unknown[] = [];
  let connect = () => {};
  const connecting = new Promise<void>((resolve) => {
    connect = resolve;
  });
  class Slow extends Dispatcher {
    override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      connecting.then(() => handler.onConnect?.((error) => aborted.push(error)));
      asked();
      return true;
    }
  }
  let asked = () => {};
  const dispatched = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const deck = await open(join(temporaryFolder(), 'slow.har'), 'once', { upstream: new Slow() });
  const call = dispatch(deck.dispatcher, { body: question('hi') });
  await dispatched;
  call.abort();
  connect();
  expect((await deck.close())?.outcomes).toEqual({ 'client-aborted': 1 });
  expect(aborted).toEqual([undefined]);
});

test('a recording that cannot begin fails the request, and is no miss', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'blocked.har');
  const { origin } = await startProvider();
  const first = await open(path, 'once');
  await ask(first, { origin, body: question('hi') });
  await first.close();
  mkdirSync(join(folder, 'blocked.new-1.har.part'));
  const deck = await open(path, 'new_episodes');
  const call = dispatch(deck.dispatcher, { origin, body: question('ho') });
  await call.over;
  expect(call.error).toMatchObject({ name: 'TapedeckError' });
  expect(deck.misses).toEqual([]);
});

test('a call that is given up is recorded as that, and closes its connection', async () => {
  let closed = () => {};
  const gone = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const { origin } = await startProvider((response) => {
    response.on('close', closed);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  });
  const path = join(temporaryFolder(), 'aborted.har');
  const deck = await open(path, 'once');
  const call = dispatch(deck.dispatcher, { origin, body: question('hi') });
  await call.until('data data: 1\n\n');
  call.abort();
  await gone;
  expect(call.events.at(-1)).toBe('fail UND_ERR_ABORTED');
  expect((await deck.close())?.outcomes).toEqual({ 'client-aborted': 1 });
  const play = await open(path, 'none');
  const again = dispatch(play.dispatcher, { origin, body: question('hi') });
  await again.over;
  expect(again.events).toEqual(['start', 'head 200', 'data data: 1\n\n', 'fail UND_ERR_SOCKET']);
});

test('a client that leaves after the last event has a complete recording', async () => {
  const event = 'event: response.completed\ndata: {"type":"response.completed"}\n\n';
  const { origin } = await startProvider((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(event);
  });
  const deck = await open(join(temporaryFolder(), 'left.har'), 'once');
  const call = dispatch(deck.dispatcher, { origin, body: question('hi') });
  await call.until(`data ${event}`);
  call.abort();
  expect((await deck.close())?.outcomes).toEqual({ complete: 1 });
});

test('failures are recorded and fail again', async () => {
  const { origin } = await startProvider((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n', () => response.destroy());
  });
  const refused = await refusedOrigin();
  const path = join(temporaryFolder(), 'failed.har');
  for (const mode of ['once', 'none'] as const) {
    const deck = await open(path, mode);
    const cut = dispatch(deck.dispatcher, { origin, body: question('cut') });
    await cut.over;
    expect(cut.events).toEqual(['start', 'head 200', 'data data: 1\n\n', 'fail UND_ERR_SOCKET']);
    const none = dispatch(deck.dispatcher, { origin: refused, body: question('refused') });
    await none.over;
    expect(none.events).toEqual(['start', 'fail ECONNREFUSED']);
    await deck.close();
  }
});

test('no secret reaches the disk, and requests with other secrets match', async () => {
  const secret = (letter: string) => `sk-${'proj'}-${letter.repeat(40)}`;
  const { origin } = await startProvider((response) => response.end(`{"echo":"${secret('A')}"}`));
  const folder = temporaryFolder();
  const path = join(folder, 'secret.har');
  const input = (key: string): DispatchInput => ({
    origin,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: 'm', input: `my key is ${key}` }),
  });
  const deck = await open(path, 'once');
  const during: string[] = [];
  await ask(deck, input(secret('A')));
  for (const name of readdirSync(folder)) during.push(readFileSync(join(folder, name), 'utf8'));
  const summary = await deck.close();
  expect(during.join('')).not.toContain(secret('A'));
  expect(readFileSync(path, 'utf8')).not.toContain(secret('A'));
  expect(Object.keys(summary?.redacted ?? {})).not.toEqual([]);
  const play = await open(path, 'none');
  expect(await ask(play, input(secret('B')))).toContain('[redacted:');
});

test.each([
  ['a Blob', () => new Blob([question('hi')], { type: 'application/json' }), /^application\/json$/, question('hi')],
  ['a form', makeForm, /^multipart\/form-data; boundary=/, /name="input"\r\n\r\nhi\r\n/],
] as const)('the type of %s is sent and recorded', async (_, make, type, text) => {
  const types: unknown[] = [];
  const { origin, asked } = await startProvider((response, request) => {
    types.push(request.headers['content-type']);
    response.end('{}');
  });
  const path = join(temporaryFolder(), 'typed.har');
  const deck = await open(path, 'once');
  const call = dispatch(deck.dispatcher, { origin, body: make() });
  await call.over;
  await deck.close();
  const [exchange] = (await readAll(path)).exchanges;
  const { headers, postData } = exchange!.client.request;
  expect([types[0], postData?.mimeType]).toEqual([expect.stringMatching(type), types[0]]);
  expect(headers).toContainEqual({ name: 'content-type', value: types[0] });
  expect(asked[0]).toMatch(text);
});

test('a request head and a body of `fetch` are recorded', async () => {
  const { origin, asked } = await startProvider();
  const path = join(temporaryFolder(), 'fetch.har');
  for (const mode of ['once', 'none'] as const) {
    const { dispatcher, close } = await open(path, mode);
    const init = { method: 'POST', body: question('hi'), headers: { 'content-type': 'application/json' } };
    const answer = await fetch(`${origin}/v1/responses`, { ...init, dispatcher });
    expect(await answer.text()).toBe('answer 1');
    await close();
  }
  expect(asked).toEqual([question('hi')]);
});

function makeForm(): FormData {
  const form = new FormData();
  form.set('input', 'hi');
  return form;
}

async function refusedOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

test('a request that cannot be recorded gives its body up', async () => {
  const folder = join(temporaryFolder(), 'none');
  writeFileSync(folder, 'a file');
  const deck = await open(join(folder, 'x.har'), 'all');
  const body = new Readable({ read() {} });
  const asked = dispatch(deck.dispatcher, { origin: 'http://127.0.0.1:9', body });
  await asked.over;
  expect(asked.error).toMatchObject({ code: 'output-failed' });
  expect(body.destroyed).toBe(true);
});

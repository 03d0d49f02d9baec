import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Polly } from '@pollyjs/core';
import { errors, fetch, getGlobalDispatcher, request, setGlobalDispatcher } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TapedeckError } from '../../../src/errors.ts';
import {
  type CassetteDispatcher,
  type CassetteDispatcherOptions,
  createCassetteDispatcher,
} from '../../../src/replay/polly/dispatcher.ts';
import type { PollyInstance } from '../../../src/replay/polly/polly.ts';
import { fixture } from '../../helpers/cassette-files.ts';
import { dispatch } from '../../helpers/dispatch.ts';
import { recorded, type SideSpec } from '../../helpers/recorded.ts';

const body = (text: string) => ({ model: 'm', input: text });
const asked = (text: string) => JSON.stringify(body(text));

/** An exchange whose upstream leg is as said. */
const exchange = (text: string, answer: SideSpec) => {
  const spec = { url: 'https://provider.example/v1/responses', body: body(text), ...answer };
  return recorded(spec, [spec]);
};

async function open(
  cassette: CassetteDispatcherOptions['cassette'],
  options: Partial<CassetteDispatcherOptions> = {},
): Promise<CassetteDispatcher> {
  const deck = await createCassetteDispatcher({ cassette, ...options });
  onTestFinished(async () => {
    await deck.close();
  });
  return deck;
}

const THREE: SideSpec = {
  headers: ['Content-Type', 'text/event-stream', 'X-A', '1', 'x-a', '2', 'Transfer-Encoding', 'chunked'],
  chunks: [
    [1, 'one'],
    [2, 'two'],
    [3, 'three'],
  ],
};

/** Long enough for whatever would come although it must not. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await nextTurn();
}

describe.each(['older', 'newer'] as const)('a handler of the %s form', (form) => {
  test('is told interim responses before the head', async () => {
    const one = exchange('hi', THREE);
    const hint = { ms: 1, status: 103, statusText: 'Early Hints', headers: [] };
    one.attempts[0]!.response._informational = [{ ...hint, status: 100 }, hint];
    const { dispatcher } = await open([one]);
    const call = dispatch(dispatcher, { body: asked('hi') }, { form });
    await call.over;
    expect(call.events.slice(0, 3)).toEqual(['start', 'head 103', 'head 200']);
  });

  test('is told the start, the head, each recorded read and the end', async () => {
    const { dispatcher } = await open([exchange('hi', THREE)]);
    const call = dispatch(dispatcher, { body: asked('hi') }, { form });
    expect(call.events).toEqual(['start']);
    await call.over;
    expect(call.events).toEqual(['start', 'head 200', 'data one', 'data two', 'data three', 'end']);
    const headers =
      form === 'older'
        ? [
            ['Content-Type', 'text/event-stream'],
            ['X-A', '1'],
            ['x-a', '2'],
            ['Transfer-Encoding', 'chunked'],
          ]
        : [
            ['content-type', 'text/event-stream'],
            ['x-a', '1,2'],
            ['transfer-encoding', 'chunked'],
          ];
    expect(call.headers).toEqual(headers);
    expect(call.statusText).toBe('OK');
  });

  test('gets nothing while it has paused, not even the end', async () => {
    const { dispatcher } = await open([exchange('hi', THREE)]);
    const call = dispatch(dispatcher, { body: asked('hi') }, { form, pauseAfter: 2 });
    await call.until('data two');
    await turns();
    expect(call.events.at(-1)).toBe('data two');
    call.resume();
    await call.until('data three');
    await call.over;
    expect(call.events.slice(-2)).toEqual(['data three', 'end']);
  });

  test('gets no data when it has paused at the head', async () => {
    const { dispatcher } = await open([exchange('hi', THREE)]);
    const call = dispatch(dispatcher, { body: asked('hi') }, { form, pauseAfter: 0 });
    await call.until('head 200');
    await turns();
    expect(call.events).toEqual(['start', 'head 200']);
    call.resume();
    await call.over;
    expect(call.text()).toBe('onetwothree');
  });

  test('gets nothing more after it has aborted', async () => {
    const { dispatcher } = await open([exchange('hi', THREE)]);
    const call = dispatch(dispatcher, { body: asked('hi') }, { form, pauseAfter: 1 });
    await call.until('data one');
    call.abort(new Error('enough'));
    expect(call.events.at(-1)).toBe('fail enough');
    call.resume();
    await turns();
    expect(call.events).toEqual(['start', 'head 200', 'data one', 'fail enough']);
  });

  test('that throws ends its request', async () => {
    const { dispatcher } = await open([exchange('hi', THREE)]);
    const told: string[] = [];
    const fail = () => {
      throw new Error('a handler that fails');
    };
    await new Promise<void>((resolve) => {
      const onError = (error: Error) => {
        told.push(error.message);
        resolve();
      };
      const options = { origin: 'https://provider.example', path: '/v1/responses', method: 'POST', body: asked('hi') };
      const handler =
        form === 'older'
          ? { onConnect() {}, onHeaders: () => true, onData: fail, onComplete() {}, onError }
          : { onRequestStart() {}, onResponseData: fail, onResponseError: (_: unknown, e: Error) => onError(e) };
      dispatcher.dispatch(options as never, handler as never);
    });
    await turns();
    expect(told).toEqual(['a handler that fails']);
  });
});

describe('bodies that are asked with', () => {
  const sent = asked('hi');
  test.each([
    ['text', () => sent],
    ['a Buffer', () => Buffer.from(sent)],
    ['a view', () => new Uint8Array(Buffer.from(`--${sent}`)).subarray(2)],
    ['a stream', () => Readable.from([sent.slice(0, 3), sent.slice(3)].map((part) => Buffer.from(part)))],
    ['a stream of text', () => Readable.from([...sent])],
    [
      'an async iterable',
      async function* () {
        yield sent.slice(0, 5);
        yield Buffer.from(sent.slice(5));
      },
    ],
    ['a Blob', () => new Blob([sent])],
  ])('are matched as %s', async (_, make) => {
    const deck = await open([exchange('hi', THREE)]);
    const call = dispatch(deck.dispatcher, { body: make() });
    await call.over;
    expect(call.text()).toBe('onetwothree');
    expect(deck.served).toBe(1);
  });

  test('fail the request when they fail', async () => {
    const { dispatcher } = await open([exchange('hi', THREE)]);
    const stream = new Readable({ read() {} });
    const call = dispatch(dispatcher, { body: stream });
    stream.push('{"model"');
    stream.destroy(new Error('the client went away'));
    await call.over;
    expect(call.events).toEqual(['start', 'fail the client went away']);
  });

  test('are dropped when the request is aborted', async () => {
    const { dispatcher } = await open([exchange('hi', THREE)]);
    const stream = new Readable({ read() {} });
    const call = dispatch(dispatcher, { body: stream });
    stream.on('error', () => {});
    call.abort();
    expect(stream.destroyed).toBe(true);
    expect(call.error).toBeInstanceOf(errors.RequestAbortedError);
  });

  test('are dropped too when the handler gives up at once', async () => {
    const { dispatcher } = await open([exchange('hi', THREE)]);
    const stream = new Readable({ read() {} }).on('error', () => {});
    const told: string[] = [];
    const handler = {
      onConnect: (abort: () => void) => abort(),
      onError: ({ code }: NodeJS.ErrnoException) => told.push(code ?? ''),
    };
    const options = { origin: 'https://provider.example', path: '/v1/responses', method: 'POST', body: stream };
    dispatcher.dispatch(options as never, handler as never);
    expect([told, stream.destroyed]).toEqual([['UND_ERR_ABORTED'], true]);
  });

  test('and parameters in every form that undici takes are looked up', async () => {
    const url = 'https://provider.example/v1/models?a=1&b=2';
    const spec: SideSpec = { method: 'GET', url, answer: '{}' };
    const { dispatcher } = await open([recorded(spec, [spec])]);
    const call = dispatch(dispatcher, { method: 'GET', path: '/v1/models', query: { b: 2, a: [1] } });
    await call.over;
    expect(call.text()).toBe('{}');
  });
});

test('an empty read is none', async () => {
  const chunks: SideSpec['chunks'] = [
    [1, ''],
    [2, 'x'],
  ];
  const { dispatcher } = await open([exchange('hi', { chunks })]);
  const call = dispatch(dispatcher, { body: asked('hi') });
  await call.over;
  expect(call.events).toEqual(['start', 'head 200', 'data x', 'end']);
});

test('64 KiB reads and reads of one byte come as they were recorded', async () => {
  const large = 'x'.repeat(65_536);
  const sizes = (parts: string[]): SideSpec => ({ chunks: parts.map((text, i) => [i, text]) });
  const small = Array.from({ length: 300 }, (_, i) => String(i % 10));
  const deck = await open([exchange('large', sizes([large, large, 'y'])), exchange('small', sizes(small))]);
  const first = dispatch(deck.dispatcher, { body: asked('large') });
  const second = dispatch(deck.dispatcher, { body: asked('small') });
  await Promise.all([first.over, second.over]);
  expect(first.chunks.map(({ length }) => length)).toEqual([65_536, 65_536, 1]);
  expect(second.chunks.map(String)).toEqual(small);
});

describe('what broke off breaks off again', () => {
  const partial: SideSpec = { chunks: [[1, 'one']], outcome: 'upstream-aborted' };
  test.each([
    ['closed', { by: 'upstream', ms: 3, how: 'closed' }, 'UND_ERR_SOCKET'],
    ['reset', { by: 'upstream', ms: 3, how: 'reset' }, 'ECONNRESET'],
    ['timed out', { by: 'upstream', ms: 3, how: 'timeout' }, 'UND_ERR_BODY_TIMEOUT'],
    ['failed', { by: 'upstream', ms: 3, how: 'error', detail: 'odd' }, 'UND_ERR'],
  ] as const)('a stream that was %s', async (_, end, code) => {
    const { dispatcher } = await open([exchange('hi', { ...partial, end })]);
    const call = dispatch(dispatcher, { body: asked('hi') });
    await call.over;
    expect(call.events).toEqual(['start', 'head 200', 'data one', `fail ${code}`]);
  });

  test.each([
    ['refused', 'refused', 'ECONNREFUSED'],
    ['timeout', 'timeout', 'UND_ERR_HEADERS_TIMEOUT'],
    ['upstream-aborted', 'reset', 'ECONNRESET'],
  ] as const)('a request that was %s without an answer', async (outcome, how, code) => {
    const spec: SideSpec = { status: 0, answer: '', outcome, end: { by: 'upstream', ms: 1, how } };
    const { dispatcher } = await open([exchange('hi', spec)]);
    const call = dispatch(dispatcher, { body: asked('hi') });
    await call.over;
    expect(call.events).toEqual(['start', `fail ${code}`]);
  });

  test('a connection that was never made, of which the cassette has no upstream leg', async () => {
    const client: SideSpec = {
      body: body('hi'),
      status: 502,
      answer: '{}',
      outcome: 'refused',
      end: { by: 'upstream', ms: 1, how: 'refused' },
    };
    const failed = recorded(client);
    failed.client._producer = { name: 'tapedeck', how: 'error' };
    const deck = await open([failed, exchange('there', THREE)]);
    const call = dispatch(deck.dispatcher, { body: asked('hi') });
    await call.over;
    expect(call.events).toEqual(['start', 'fail ECONNREFUSED']);
    expect(deck.leftovers()).toHaveLength(1);
  });

  test('but a stream that its client closed after the last event ends', async () => {
    const end = { by: 'client', ms: 3, how: 'closed' } as const;
    const { dispatcher } = await open([exchange('hi', { ...THREE, outcome: 'complete', end })]);
    const call = dispatch(dispatcher, { body: asked('hi') });
    await call.over;
    expect(call.events.at(-1)).toBe('end');
  });
});

describe('a request without a recording', () => {
  test('is answered with the closest one and where it differs', async () => {
    const deck = await open([exchange('hello', THREE)]);
    const call = dispatch(deck.dispatcher, { body: asked('hi') });
    await call.over;
    expect(call.events[1]).toBe('head 400');
    expect(Object.fromEntries(call.headers)).toMatchObject({ 'x-tapedeck-miss': 'unknown' });
    const { error } = JSON.parse(call.text());
    expect(error.code).toBe('cassette_miss');
    expect(error.message).toContain('first at /input: recorded "hello", asked "hi"');
    expect(deck.misses).toHaveLength(1);
    expect(deck.misses[0]).toMatchObject({ reason: 'unknown', method: 'POST', message: error.message });
    expect(deck.misses[0]?.closest?.first?.pointer).toBe('/input');
    expect(deck.served).toBe(0);
  });

  test('waits for a handler that has paused', async () => {
    const { dispatcher } = await open([exchange('hello', THREE)]);
    for (const [pauseAfter, events] of [
      [0, ['start', 'head 400']],
      [1, ['start', 'head 400', expect.stringContaining('cassette_miss')]],
    ] as const) {
      const call = dispatch(dispatcher, { body: asked('hi') }, { pauseAfter });
      await call.until('head 400');
      await turns();
      expect(call.events).toEqual(events);
      call.resume();
      await call.over;
      expect(call.events.at(-1)).toBe('end');
    }
  });
});

describe('equal requests', () => {
  const answers = ['first', 'second'].map((answer) => exchange('hi', { answer }));
  const play = async (deck: CassetteDispatcher, times: number) => {
    const calls = Array.from({ length: times }, () => dispatch(deck.dispatcher, { body: asked('hi') }));
    await Promise.all(calls.map(({ over }) => over));
    return calls.map((call) => (call.events.includes('head 400') ? 'miss' : call.text()));
  };

  test('get their answers in recorded order, also when they are asked at once', async () => {
    const deck = await open(answers);
    expect(deck.leftovers()).toHaveLength(2);
    expect(await play(deck, 2)).toEqual(['first', 'second']);
    expect(deck.leftovers()).toEqual([]);
    expect(deck.served).toBe(2);
  });

  test.each([
    ['none', ['first', 'second', 'miss', 'miss']],
    ['last', ['first', 'second', 'second', 'second']],
    ['cycle', ['first', 'second', 'first', 'second']],
  ] as const)('are exhausted as `repeat: %s` says', async (repeat, expected) => {
    const deck = await open(answers, { repeat });
    expect(await play(deck, 4)).toEqual(expected);
    expect(deck.misses.map(({ reason }) => reason)).toEqual(repeat === 'none' ? ['exhausted', 'exhausted'] : []);
  });
});

describe('recordings that are too old', () => {
  const old = exchange('hi', { answer: 'old' });
  const young = exchange('hi', { answer: 'young' });
  for (const entry of [young.client, ...young.attempts]) entry.startedDateTime = new Date().toISOString();

  test('are not served', async () => {
    const deck = await open([old], { maxAge: 3_600_000 });
    const call = dispatch(deck.dispatcher, { body: asked('hi') });
    await call.over;
    expect(call.events[1]).toBe('head 400');
    expect(JSON.parse(call.text()).error).toMatchObject({ code: 'cassette_expired' });
    expect(deck.misses[0]).toMatchObject({ reason: 'expired' });
    expect(deck.misses[0]?.message).toContain('recorded at 2026-01-02T03:04:05.000Z');
  });

  test('give way to the next one, and are missed again with `repeat`', async () => {
    const deck = await open([old, young], { maxAge: 3_600_000 });
    const call = dispatch(deck.dispatcher, { body: asked('hi') });
    await call.over;
    expect(call.text()).toBe('young');
    const all = await open([old], { maxAge: 3_600_000, repeat: 'cycle' });
    const missed = dispatch(all.dispatcher, { body: asked('hi') });
    await missed.over;
    expect(missed.events[1]).toBe('head 400');
  });
});

describe('whose legs', () => {
  const both = recorded({ body: body('of the client'), answer: 'for the client' }, [
    { url: 'https://provider.example/base/responses', body: body('of the gateway'), answer: 'for the gateway' },
  ]);

  test('are served is said by `as`', async () => {
    const header = { upstream: { url: 'https://provider.example/base', protocol: null }, redacted: {} };
    const upstream = await open([both], { header });
    const up = dispatch(upstream.dispatcher, { path: '/base/responses', body: asked('of the gateway') });
    const gateway = await open([both], { as: 'gateway' });
    const down = dispatch(gateway.dispatcher, { body: asked('of the client') });
    await Promise.all([up.over, down.over]);
    expect([up.text(), down.text()]).toEqual(['for the gateway', 'for the client']);
  });

  test('are those of the client where there are no others', async () => {
    const { dispatcher } = await open([recorded({ body: body('hi'), answer: 'there' })]);
    const call = dispatch(dispatcher, { body: asked('hi') });
    await call.over;
    expect(call.text()).toBe('there');
  });
});

describe('a cassette in place of the network', () => {
  const play = () => open([exchange('hi', THREE), exchange('hi', THREE)]);
  const init = { method: 'POST', body: asked('hi'), headers: { 'content-type': 'application/json' } };

  test('serves `fetch` and `request` of undici', async () => {
    const { dispatcher } = await play();
    const fetched = await fetch('https://provider.example/v1/responses', { ...init, dispatcher });
    expect([fetched.status, await fetched.text()]).toEqual([200, 'onetwothree']);
    const answer = await request('https://provider.example/v1/responses', { ...init, method: 'POST', dispatcher });
    expect([answer.statusCode, await answer.body.text()]).toEqual([200, 'onetwothree']);
  });

  test("serves node's own `fetch` as the global dispatcher", async () => {
    const { dispatcher } = await play();
    const before = getGlobalDispatcher();
    setGlobalDispatcher(dispatcher);
    try {
      const answer = await globalThis.fetch('https://provider.example/v1/responses', init);
      expect(await answer.text()).toBe('onetwothree');
    } finally {
      setGlobalDispatcher(before);
    }
  });

  test('ends a `fetch` whose stream broke off with an error', async () => {
    const end = { by: 'upstream', ms: 3, how: 'closed' } as const;
    const { dispatcher } = await open([exchange('hi', { ...THREE, outcome: 'upstream-aborted', end })]);
    const answer = await fetch('https://provider.example/v1/responses', { ...init, dispatcher });
    await expect(answer.text()).rejects.toThrow('terminated');
  });

  test('takes nothing more when it is closed', async () => {
    const deck = await play();
    const running = dispatch(deck.dispatcher, { body: asked('hi') }, { pauseAfter: 1 });
    await running.until('data one');
    await deck.close();
    expect(running.error).toBeInstanceOf(errors.ClientDestroyedError);
    const late = dispatch(deck.dispatcher, { body: asked('hi') });
    expect(late.error).toBeInstanceOf(errors.ClientDestroyedError);
    await expect(fetch('https://provider.example/', { dispatcher: deck.dispatcher })).rejects.toThrow('fetch failed');
  });

  test("waits for what is in flight when undici's `close` is called", async () => {
    const { dispatcher } = await play();
    const running = dispatch(dispatcher, { body: asked('hi') }, { pauseAfter: 1 });
    await running.until('data one');
    const closed = dispatcher.close();
    running.resume();
    await closed;
    expect(running.events.at(-1)).toBe('end');
  });

  test('plays at the recorded speed where that is asked for', async () => {
    const { dispatcher } = await open([exchange('hi', THREE)], { speed: 1000 });
    const call = dispatch(dispatcher, { body: asked('hi') });
    await call.over;
    expect(call.text()).toBe('onetwothree');
  });
});

test('Polly keeps no request that is over', async () => {
  let polly: PollyInstance | undefined;
  const keep = (made: unknown) => {
    polly = made as PollyInstance;
  };
  Polly.on('create', keep);
  const { dispatcher } = await open([exchange('hi', THREE)]);
  Polly.off('create', keep);
  await dispatch(dispatcher, { body: asked('hi') }).over;
  await dispatch(dispatcher, { body: asked('ho') }).over;
  await dispatcher.close();
  expect(polly?._requests).toEqual([]);
});

test('requests for another protocol are refused', async () => {
  const { dispatcher } = await open([exchange('hi', THREE)]);
  const call = dispatch(dispatcher, { method: 'CONNECT', path: 'provider.example:443' });
  expect(call.error).toBeInstanceOf(errors.NotSupportedError);
});

test('a real cassette is read from its file, and told apart from one that is not there', async () => {
  const deck = await open(fixture('cassettes/0.169.0/text.har'));
  expect(deck.leftovers()).toMatchObject([{ id: 'x1', method: 'POST', path: '/responses' }]);
  const missing = createCassetteDispatcher({ cassette: fixture('cassettes/none.har') });
  await expect(missing).rejects.toMatchObject({ code: 'cassette-not-found' });
  await expect(createCassetteDispatcher({ cassette: [], mode: 'all' })).rejects.toBeInstanceOf(TapedeckError);
});

import { cpSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { getGlobalDispatcher } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { beginSession, type CassetteTest, cassettePath, modeOf } from '../../../src/replay/vitest/session.ts';
import { fixture, temporaryFolder } from '../../helpers/cassette-files.ts';

test.each([
  [{}, 'once'],
  [{ CI: 'true' }, 'none'],
  [{ CI: '1' }, 'none'],
  [{ CI: 'false' }, 'once'],
  [{ CI: '0' }, 'once'],
  [{ CI: 'true', TAPEDECK_MODE: 'all' }, 'all'],
  [{ TAPEDECK_MODE: 'new_episodes' }, 'new_episodes'],
  [{ TAPEDECK_MODE: '' }, 'once'],
])('the environment %j means mode %s', (environment, mode) => {
  expect(modeOf(environment)).toBe(mode);
});

test('a mode that does not exist is refused', () => {
  expect(() => modeOf({ TAPEDECK_MODE: 'record' })).toThrow('TAPEDECK_MODE=record is no mode.');
});

test.each([
  ['chat', undefined, '/suite/__cassettes__/chat.har'],
  ['chat.har', undefined, '/suite/__cassettes__/chat.har'],
  ['turns/asks: "why?"', undefined, '/suite/__cassettes__/turns/asks-why-.har'],
  ['größe', 'tapes', '/suite/tapes/größe.har'],
  ['chat', '/elsewhere', '/elsewhere/chat.har'],
])('the cassette %s in %s is %s', (name, folder, path) => {
  expect(cassettePath(name, '/suite/chat.test.ts', folder)).toBe(path);
});

/** A test in a file of a folder of its own, with a recorded cassette called `text`. */
function makeTest(over: Partial<CassetteTest> = {}): CassetteTest {
  const file = join(temporaryFolder(), 'some.test.ts');
  const cassettes = join(dirname(file), '__cassettes__');
  mkdirSync(cassettes);
  cpSync(fixture('cassettes/0.169.0/text.har'), join(cassettes, 'text.har'));
  return { id: 'one', name: 'a test', file, failed: () => false, ...over };
}

const ask = (url: string, input: unknown) =>
  fetch(url, { method: 'POST', body: JSON.stringify({ model: 'gpt-5.5', input }) });

describe('mode none', () => {
  test('puts the cassette in the place of the network, and the network back', async () => {
    const one = makeTest();
    const before = getGlobalDispatcher();
    const { connect } = Socket.prototype;
    const session = await beginSession('text', one, { mode: 'none' });
    expect(getGlobalDispatcher()).toBe(session.deck.dispatcher);
    expect(Socket.prototype.connect).not.toBe(connect);
    await session.end(one);
    expect(getGlobalDispatcher()).toBe(before);
    expect(Socket.prototype.connect).toBe(connect);
    expect(session.deck.served).toBe(0);
  });

  test('leaves the global dispatcher alone where that is said', async () => {
    const one = makeTest();
    const before = getGlobalDispatcher();
    const session = await beginSession('text', one, { mode: 'none', global: false });
    expect(getGlobalDispatcher()).toBe(before);
    await session.end(one);
  });

  test('fails a test on a miss, with the closest recording and where it differs', async () => {
    const one = makeTest();
    const session = await beginSession('text', one, { mode: 'none' });
    const answer = await ask('https://api.openai.com/v1/responses', 'what was not recorded');
    expect(answer.status).toBe(400);
    await expect(session.end(one)).rejects.toThrow(
      /text\.har: Tapedeck: no recording of this POST .*Closest is exchange x1 \(#1\): \d+ values differ, first at \/input/s,
    );
  });

  test.each([
    [{ strict: true }, false, /left over, because the test did not ask for them: #1 POST \/responses/],
    [{ strict: false }, false, undefined],
    // A test that broke off did not come to ask.
    [{ strict: true }, true, undefined],
  ])('with %j, and failed %s, tells recordings that are left over', async (options, failed, message) => {
    const one = makeTest({ failed: () => failed });
    const session = await beginSession('text', one, { mode: 'none', ...options });
    const ended = session.end(one);
    if (message) await expect(ended).rejects.toThrow(message);
    else await expect(ended).resolves.toBeUndefined();
  });

  test('fails a test whose connections went around the cassette', async () => {
    const one = makeTest();
    const session = await beginSession('text', one, { mode: 'none' });
    await new Promise((resolve) => new Socket().once('error', resolve).connect(443, 'provider.example'));
    await expect(session.end(one)).rejects.toThrow('went around the cassette: provider.example:443');
  });

  test('says what to do where there is no cassette', async () => {
    const begun = beginSession('other', makeTest(), { mode: 'none' });
    await expect(begun).rejects.toThrow(
      /There is no cassette .*other\.har\. Run the test once with TAPEDECK_MODE=once/,
    );
  });
});

test('a cassette within another one takes its place, and records what the network says', async () => {
  const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/responses`;
  const one = makeTest();
  const outer = await beginSession('text', one, { mode: 'once' });
  const inner = await beginSession('new', one, { mode: 'once' });
  expect((await ask(url, 'hi')).status).toBe(200);
  await inner.end(one);
  await outer.end(one);
  expect([inner.deck.recorded, outer.deck.served, outer.deck.misses.length]).toEqual([1, 0, 0]);
});

test('a second test may not record over the cassette of the first, which may be run again', async () => {
  const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/responses`;
  const first = makeTest();
  for (const mode of ['once', 'all', 'once'] as const) {
    const session = await beginSession('new', first, { mode });
    expect((await ask(url, 'hi')).status).toBe(200);
    await session.end(first);
  }
  const second = { ...first, id: 'two' };
  await expect(beginSession('new', second, { mode: 'once' })).rejects.toThrow('useCassette((test) => test.name)');
  const play = await beginSession('new', second, { mode: 'none' });
  expect((await ask(url, 'hi')).status).toBe(200);
  await play.end(second);
});

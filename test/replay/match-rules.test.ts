import { describe, expect, it, onTestFinished } from 'vitest';
import { createMatcher } from '../../src/replay/match.ts';
import { parseMatchRules } from '../../src/replay/match-rules.ts';
import { startPlayer } from '../../src/replay/player.ts';
import { createCassetteDispatcher } from '../../src/replay/polly/dispatcher.ts';
import type { MatchLevel } from '../../src/replay/request.ts';
import { toUtf8 } from '../../src/util/bytes.ts';
import { recorded } from '../helpers/recorded.ts';

const RULES = parseMatchRules(
  JSON.stringify({
    responses: [
      { path: '/metadata/run', rule: 'ignore' },
      { path: '/input/*/text', rule: 'live' },
      { path: '/prompt_cache_key', rule: 'static' },
    ],
  }),
  'f',
);

const BODY = {
  model: 'm',
  input: [{ text: 'one', role: 'user' }],
  metadata: { run: '1', team: 'a' },
  prompt_cache_key: 'k',
};

/** Whether the second body matches the first one. */
function isMatch(other: object, level: MatchLevel = 'shape', rules = RULES): boolean {
  const matcher = createMatcher([recorded({ body: BODY })], { level, repeat: 'none', rules });
  return 'hit' in matcher.match({ method: 'POST', target: '/v1/responses', body: toUtf8(JSON.stringify(other)) });
}

describe("a user's field rules", () => {
  it.each<[string, object, boolean]>([
    ['a field that is ignored', { ...BODY, metadata: { run: '2', team: 'a' } }, true],
    ['the field beside it', { ...BODY, metadata: { run: '1', team: 'b' } }, false],
    ['a live text', { ...BODY, input: [{ text: 'two', role: 'user' }] }, true],
    ['a live text that is none', { ...BODY, input: [{ text: 2, role: 'user' }] }, false],
    ['a field with a rule of its protocol', { ...BODY, prompt_cache_key: 'other' }, false],
    ['a field that nobody speaks of', { ...BODY, model: 'other' }, false],
  ])('decide about %s', (_, body, expected) => {
    expect(isMatch(body)).toBe(expected);
  });

  it('do not count at exact, nor for another protocol', () => {
    const other = { ...BODY, metadata: { run: '2', team: 'a' } };
    expect(isMatch(other, 'exact')).toBe(false);
    expect(isMatch(other, 'shape', { chat: RULES.responses! })).toBe(false);
  });

  it('count for a player and a dispatcher', async () => {
    const url = 'https://provider.example/v1/responses';
    const exchanges = [recorded({ url, body: BODY, answer: '{"a":1}' })];
    const body = JSON.stringify({ ...BODY, metadata: { run: '2', team: 'a' } });
    const player = await startPlayer({
      exchanges,
      ...{ as: 'gateway', match: 'shape', repeat: 'none', speed: 'instant', rules: RULES },
    });
    onTestFinished(() => player.close());
    expect((await fetch(`${player.url}/responses`, { method: 'POST', body })).status).toBe(200);
    const deck = await createCassetteDispatcher({ cassette: exchanges, as: 'gateway', rules: RULES });
    const { request } = await import('undici');
    const answer = await request(url, { method: 'POST', body, dispatcher: deck.dispatcher });
    expect([answer.statusCode, await answer.body.json()]).toEqual([200, { a: 1 }]);
    await deck.close();
  });
});

describe('parseMatchRules', () => {
  it('reads rules for each protocol', () => {
    const rules = {
      responses: [],
      chat: [{ path: '', rule: 'static' }],
      messages: [{ path: '/a~1b/*', rule: 'call-id' }],
    };
    expect(parseMatchRules(JSON.stringify(rules), 'f')).toEqual(rules);
    expect(parseMatchRules('{}', 'f')).toEqual({});
  });

  it.each([
    ['{', 'it is no JSON'],
    ['[]', 'it is no object'],
    ['{"codex":[]}', '"codex" is no protocol'],
    ['{"chat":{}}', 'chat is no list'],
    ['{"chat":["/a"]}', '/chat/0 is no object'],
    ['{"chat":[{"path":"a","rule":"live"}]}', 'the path of /chat/0 is no JSON pointer'],
    ['{"chat":[{"path":"/a~2","rule":"live"}]}', 'the path of /chat/0 is no JSON pointer'],
    ['{"chat":[{"rule":"live"}]}', 'the path of /chat/0 is no JSON pointer'],
    ['{"chat":[{"path":"/a","rule":"drop"}]}', '"drop" of /chat/0 is no rule'],
    ['{"chat":[{"path":"/a","rule":"toString"}]}', '"toString" of /chat/0 is no rule'],
    ['{"chat":[{"path":"/a"}]}', 'undefined of /chat/0 is no rule'],
    ['{"chat":[{"path":"/a","rule":"live","session":true}]}', '/chat/0 has a field "session"'],
  ])('refuses %s', (text, why) => {
    expect(() => parseMatchRules(text, 'the file')).toThrow(`the file holds no field rules: ${why}`);
  });
});

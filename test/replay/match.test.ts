import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { createMatcher, type Matcher, type MatchOptions, type Miss } from '../../src/replay/match.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { assertProperty } from '../helpers/properties.ts';
import { recorded, type SideSpec } from '../helpers/recorded.ts';

interface Asked {
  method?: string;
  target?: string;
  body?: unknown;
}

function matcherOf(
  sides: SideSpec[],
  options: Partial<MatchOptions> = {},
): { matcher: Matcher; all: RecordedExchange[] } {
  const all = sides.map((side) => recorded(side));
  return { matcher: createMatcher(all, { level: 'shape', repeat: 'none', ...options }), all };
}

/** The index of the recording that was found, or the miss. */
function ask(
  matcher: Matcher,
  all: RecordedExchange[],
  { method = 'POST', target = '/v1/responses', body }: Asked,
): number | Miss {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const result = matcher.match({ method, target, body: text === undefined ? undefined : Buffer.from(text) });
  return 'hit' in result ? all.indexOf(result.hit.exchange) : result.miss;
}

interface Pair {
  recorded: Required<Asked>[];
  elsewhere: Required<Asked>[];
}

describe.each(['0.113.0', '0.122.0', '0.169.0'])('requests of Codex %s', (version) => {
  const url = new URL(`../../fixtures/matching/codex-${version}.json`, import.meta.url);
  const pair = JSON.parse(readFileSync(url, 'utf8')) as Pair;
  const sides = pair.recorded.map(({ method, target, body }) => ({ method, url: `http://127.0.0.1:9${target}`, body }));

  test.each(['shape', 'turn'] as const)('of another session, directory, day and time zone match by %s', (level) => {
    const { matcher, all } = matcherOf(sides, { level });
    expect(pair.elsewhere.map((asked) => ask(matcher, all, asked))).toEqual([0, 1]);
    expect(matcher.leftovers()).toEqual([]);
  });

  test('themselves match by exact, those from elsewhere do not', () => {
    const { matcher, all } = matcherOf(sides, { level: 'exact' });
    expect(ask(matcher, all, pair.elsewhere[0]!)).toMatchObject({ reason: 'unknown' });
    expect(pair.recorded.map((asked) => ask(matcher, all, asked))).toEqual([0, 1]);
  });

  test('another prompt is a miss that names the one value', () => {
    const { matcher, all } = matcherOf(sides);
    const body = JSON.parse(JSON.stringify(pair.elsewhere[0]!.body).replace('run echo hi', 'run ls'));
    const miss = ask(matcher, all, { body });
    expect(miss).toMatchObject({
      reason: 'unknown',
      recorded: 0,
      protocol: 'responses',
      closest: {
        recording: { exchange: all[0] },
        leaves: 1,
        first: {
          pointer: expect.stringMatching(/^\/input\/\d\/content\/0\/text$/),
          recorded: 'run echo hi',
          live: 'run ls',
        },
      },
    });
  });
});

describe('what is compared', () => {
  test.each<[string, SideSpec, Asked, boolean]>([
    ['order of fields', { body: { a: 1, b: [2] } }, { body: '{ "b":[2], "a":1.0 }' }, true],
    ['order of elements', { body: { a: [1, 2] } }, { body: { a: [2, 1] } }, false],
    ['method', { body: {} }, { method: 'PUT', body: {} }, false],
    ['method in lower case', { body: {} }, { method: 'post', body: {} }, true],
    ['path without /v1', { body: {} }, { target: '/responses', body: {} }, true],
    ['path with slashes too many', { body: {} }, { target: '/v1//responses/', body: {} }, true],
    ['another path', { body: {} }, { target: '/v1/responses/compact', body: {} }, false],
    ['absolute form', { body: {} }, { target: 'http://x.test/v1/responses', body: {} }, true],
    [
      'query in another order',
      { url: '/v1/models?b=2&a=1', method: 'GET' },
      { target: '/v1/models?a=1&b=2', method: 'GET' },
      true,
    ],
    ['query escaped in another way', { url: '/v1/x?a=%2f+b' }, { target: '/v1/x?a=/%20b' }, true],
    ['another query', { url: '/v1/models?v=1', method: 'GET' }, { target: '/v1/models?v=2', method: 'GET' }, false],
    [
      'redacted query',
      { url: '/v1/x?key=%5Bredacted:api-key%231%5D' },
      { target: '/v1/x?key=%5Bredacted:api-key%239%5D' },
      true,
    ],
    ['no body and an empty one', { body: '' }, {}, true],
    ['a body and none', { body: {} }, {}, false],
    ['not JSON, equal', { body: 'a=1' }, { body: 'a=1' }, true],
    ['not JSON, different', { body: 'a=1' }, { body: 'a=2' }, false],
    ['no canonical form, equal', { body: '{"a":1e400}' }, { body: '{"a":1e400}' }, true],
    ['no canonical form, different', { body: '{"a":"\\ud800"}' }, { body: '{"a":"\\ud801"}' }, false],
    ['redacted, another number', { body: { a: '[redacted:jwt#1]' } }, { body: { a: '[redacted:jwt#2]' } }, true],
    ['redacted, another kind', { body: { a: '[redacted:jwt#1]' } }, { body: { a: '[redacted:api-key#1]' } }, false],
    ['session key', { body: { prompt_cache_key: 'a' } }, { body: { prompt_cache_key: 'b' } }, true],
    ['session key absent', { body: { prompt_cache_key: 'a' } }, { body: {} }, false],
    ['client metadata absent', { body: { client_metadata: { a: 'b' } } }, { body: {} }, true],
    ['model', { body: { model: 'gpt-5.5' } }, { body: { model: 'gpt-5.4' } }, false],
    ['item ids', { body: { input: [{ id: 'msg_1' }] } }, { body: { input: [{ id: 'msg_2' }] } }, true],
    ['item id absent', { body: { input: [{ id: 'msg_1' }] } }, { body: { input: [{}] } }, false],
    [
      'other call ids',
      { body: { input: [{ call_id: 'a' }, { call_id: 'a' }] } },
      { body: { input: [{ call_id: 'b' }, { call_id: 'b' }] } },
      true,
    ],
    [
      'call ids that changed places',
      { body: { input: [{ call_id: 'a' }, { call_id: 'b' }, { call_id: 'a' }] } },
      { body: { input: [{ call_id: 'a' }, { call_id: 'b' }, { call_id: 'b' }] } },
      false,
    ],
    [
      'chat call ids',
      { protocol: 'chat', body: { messages: [{ tool_calls: [{ id: 'a' }] }, { tool_call_id: 'a' }] } },
      { body: { messages: [{ tool_calls: [{ id: 'b' }] }, { tool_call_id: 'b' }] } },
      true,
    ],
    ['chat user', { protocol: 'chat', body: { user: 'a' } }, { body: { user: 'b' } }, true],
    [
      'messages call ids',
      { protocol: 'messages', body: { messages: [{ content: [{ id: 'a' }, { tool_use_id: 'a' }] }] } },
      { body: { messages: [{ content: [{ id: 'b' }, { tool_use_id: 'b' }] }] } },
      true,
    ],
    [
      'messages user',
      { protocol: 'messages', body: { metadata: { user_id: 'a' } } },
      { body: { metadata: { user_id: 'b' } } },
      true,
    ],
    [
      'no protocol: texts are scrubbed, fields are kept',
      { protocol: null, body: { user: 'Wall time: 1 seconds' } },
      { body: { user: 'Wall time: 2 seconds' } },
      true,
    ],
    ['no protocol: user counts', { protocol: null, body: { user: 'a' } }, { body: { user: 'b' } }, false],
    ['date outside of its element', { body: { input: '2026-11-20' } }, { body: { input: '2026-11-21' } }, false],
  ])('%s', (_, side, asked, equal) => {
    const { matcher, all } = matcherOf([side]);
    const target = asked.target ?? side.url ?? '/v1/responses';
    const result = ask(matcher, all, { ...asked, target });
    expect(result).toEqual(equal ? 0 : expect.objectContaining({ reason: 'unknown' }));
  });

  test('an elided text equals the full one, on either side, at every level but turn', () => {
    const full = `${'Long instructions. '.repeat(30)}<cwd>/srv/a</cwd>`;
    const elided = `[elided:sha256=${sha256Hex(full)};chars=${full.length}]`;
    for (const level of ['exact', 'shape'] as const) {
      for (const [kept, sent] of [
        [full, elided],
        [elided, full],
      ]) {
        const { matcher, all } = matcherOf([{ body: { instructions: kept } }], { level });
        expect(ask(matcher, all, { body: { instructions: `${sent}.` } })).toMatchObject({ reason: 'unknown' });
        expect(ask(matcher, all, { body: { instructions: sent } })).toBe(0);
      }
    }
  });

  test('a replayed answer names the recorded directory, and the client sends that back', () => {
    const turn = (cwd: string, path: string) => ({ input: [`<cwd>${cwd}</cwd>`, `{"cmd":"cat ${path}/a"}`] });
    const { matcher, all } = matcherOf([{ body: turn('/srv/old', '/srv/old') }]);
    expect(ask(matcher, all, { body: turn('/srv/new', '/srv/old') })).toBe(0);
  });

  test('a request matches itself, whatever stands in it', () => {
    const piece = fc.constantFrom(
      '<cwd>',
      '</cwd>',
      '/srv/a',
      '/srv/a/b',
      'Wall time: 1',
      'msg_',
      '[elided:',
      '[redacted:x#1]',
      'x',
      '\n',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
    );
    const { body } = fc.letrec((tie) => ({
      body: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.double(),
        fc.array(tie('body'), { maxLength: 4 }),
        fc.dictionary(
          fc.oneof(text, fc.constantFrom('input', 'call_id', 'id', 'prompt_cache_key', '__proto__')),
          tie('body'),
          { maxKeys: 4 },
        ),
      ),
    }));
    const level = fc.constantFrom('exact', 'shape', 'turn');
    assertProperty(
      fc.property(fc.array(body, { minLength: 1, maxLength: 4 }), level, (bodies, chosen) => {
        const { matcher, all } = matcherOf(
          bodies.map((one) => ({ body: JSON.stringify(one) })),
          { level: chosen },
        );
        const found = bodies.map((one) => ask(matcher, all, { body: JSON.stringify(one) }));
        expect(found.filter((one) => typeof one !== 'number')).toEqual([]);
        expect(matcher.leftovers()).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('a body too deep to have a canonical form counts by its hash', () => {
    const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
    const { matcher, all } = matcherOf([{ body: deep }]);
    expect(ask(matcher, all, { body: `${deep} ` })).toMatchObject({ reason: 'unknown' });
    expect(ask(matcher, all, { body: deep })).toBe(0);
  });
});

describe('equal requests', () => {
  const three = [{ body: { a: 1 } }, { body: { a: 2 } }, { body: { a: 1 } }];
  const askOne = (matcher: Matcher, all: RecordedExchange[]) => ask(matcher, all, { body: { a: 1 } });

  test('get the recorded answers in order, then miss', () => {
    const { matcher, all } = matcherOf(three);
    expect([askOne(matcher, all), askOne(matcher, all)]).toEqual([0, 2]);
    expect(askOne(matcher, all)).toMatchObject({
      reason: 'exhausted',
      recorded: 2,
      closest: { leaves: 0, recording: { exchange: all[0] } },
    });
    expect(matcher.leftovers().map(({ exchange }) => all.indexOf(exchange))).toEqual([1]);
  });

  test.each([
    ['last', [0, 2, 2, 2, 2]],
    ['cycle', [0, 2, 0, 2, 0]],
  ] as const)('repeat %s', (repeat, order) => {
    const { matcher, all } = matcherOf(three, { repeat });
    expect(order.map(() => askOne(matcher, all))).toEqual(order);
  });

  test('a safe request is never exhausted, and asked less often than recorded it is not left over', () => {
    const models = { method: 'GET', url: 'http://127.0.0.1:9/v1/models' };
    const { matcher, all } = matcherOf([models, models, models]);
    const get = () => ask(matcher, all, { method: 'GET', target: '/v1/models' });
    expect(matcher.leftovers()).toHaveLength(3);
    expect(get()).toBe(0);
    expect(matcher.leftovers()).toHaveLength(0);
    expect([get(), get(), get(), get()]).toEqual([1, 2, 2, 2]);
  });

  test('a repeated answer says so', () => {
    const { matcher } = matcherOf([{ body: {} }], { repeat: 'last' });
    const request = { method: 'POST', target: '/v1/responses', body: Buffer.from('{}') };
    expect([matcher.match(request), matcher.match(request)]).toMatchObject([{ repeated: false }, { repeated: true }]);
  });
});

describe('level turn', () => {
  const turn = (session: string, calls: string[], text: string) => ({
    body: { prompt_cache_key: session, input: [{ text }, ...calls.map((call_id) => ({ call_id }))] },
  });

  test('tells the turn by the ids of the calls, whatever else is said', () => {
    const { matcher, all } = matcherOf([turn('s', [], 'a'), turn('s', ['c1'], 'a'), turn('s', ['c1', 'c2'], 'a')], {
      level: 'turn',
    });
    const asked = [turn('t', ['c1', 'c2'], 'x'), turn('t', [], 'y'), turn('t', ['c1'], 'z')];
    expect(asked.map((one) => ask(matcher, all, one))).toEqual([2, 0, 1]);
    expect(ask(matcher, all, turn('t', ['c9', 'c2'], 'z'))).toMatchObject({
      reason: 'unknown',
      closest: { first: { pointer: '/call_ids/0', recorded: 'c1', live: 'c9' } },
    });
  });

  test('keeps two conversations apart', () => {
    const { matcher, all } = matcherOf(
      [turn('s1', [], 'a'), turn('s2', [], 'b'), turn('s1', [], 'c'), turn('s2', [], 'd')],
      { level: 'turn' },
    );
    const asked = ['t2', 't1', 't1', 't2'].map((session) => turn(session, [], 'x'));
    expect(asked.map((one) => ask(matcher, all, one))).toEqual([0, 1, 3, 2]);
    expect(ask(matcher, all, turn('t3', [], 'x'))).toMatchObject({ reason: 'exhausted' });
  });
});

describe('the upstream side', () => {
  const up = (url: string, more: SideSpec = {}): SideSpec => ({ url, body: { model: 'm' }, ...more });
  const base = { basePath: '/backend-api/codex', query: 'api-version=1' };
  const exchange = recorded({ body: { client: true } }, [
    up('https://x.test/backend-api/codex/responses?api-version=1', { status: 429 }),
    up('https://x.test/backend-api/codex/responses?api-version=1'),
  ]);

  test('serves one recording an attempt, whatever the base URL', () => {
    const matcher = createMatcher([exchange], { level: 'shape', repeat: 'none', side: 'upstream', base });
    const request = { method: 'POST', target: '/v1/responses', body: Buffer.from('{"model":"m"}') };
    expect([matcher.match(request), matcher.match(request)]).toMatchObject([
      { hit: { attempt: 1 } },
      { hit: { attempt: 2 } },
    ]);
    expect(matcher.match(request)).toMatchObject({ miss: { reason: 'exhausted', recorded: 2 } });
  });

  test('an exchange with an attempt left is left over', () => {
    const matcher = createMatcher([exchange], { level: 'shape', repeat: 'none', side: 'upstream', base });
    matcher.match({ method: 'POST', target: '/backend-api/codex/responses', body: Buffer.from('{"model":"m"}') });
    expect(matcher.leftovers()).toMatchObject([{ attempt: 2 }]);
  });
});

describe('misses', () => {
  test('without any recording of that path there is no closest', () => {
    const { matcher, all } = matcherOf([{ body: {} }]);
    expect(ask(matcher, all, { target: '/v1/messages', body: {} })).toEqual({
      method: 'POST',
      target: '/v1/messages',
      reason: 'unknown',
      recorded: 0,
      protocol: null,
    });
  });

  test('of equally close recordings the one that nobody got is named', () => {
    const { matcher, all } = matcherOf([{ body: { a: 1 } }, { body: { a: 2 } }, { body: { a: 3, b: 1 } }]);
    ask(matcher, all, { body: { a: 1 } });
    expect(ask(matcher, all, { body: { a: 9 } })).toMatchObject({ closest: { recording: { exchange: all[1] } } });
  });

  test('requests that did not arrive whole and WebSocket connections are left out', () => {
    const cut = recorded({ body: {} });
    cut.client.request._incomplete = true;
    const socket = recorded({ method: 'GET' });
    socket.client._webSocketMessages = [];
    const matcher = createMatcher([cut, socket], { level: 'shape', repeat: 'none' });
    expect(matcher.leftovers()).toEqual([]);
    expect(matcher.match({ method: 'POST', target: '/v1/responses', body: Buffer.from('{}') })).toMatchObject({
      miss: { recorded: 0 },
    });
  });

  test('many equal requests are served in order', () => {
    const sides = Array.from({ length: 4000 }, (_, i) => ({ body: { n: i % 2 } }));
    const { matcher, all } = matcherOf(sides);
    const request = (n: number) => ({ method: 'POST', target: '/v1/responses', body: Buffer.from(`{"n":${n}}`) });
    const found = all.map((_, i) => matcher.match(request(i % 2)));
    expect(found.map((result) => ('hit' in result ? result.hit.exchange.seq : 0))).toEqual(all.map(({ seq }) => seq));
  });
});

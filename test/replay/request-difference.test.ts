import { describe, expect, test } from 'vitest';
import { createMatchIndex } from '../../src/replay/match.ts';
import { recordingsOf, requestOf } from '../../src/replay/recording.ts';
import type { MatchLevel, MatchRequest } from '../../src/replay/request.ts';
import { compareRequests } from '../../src/replay/request-difference.ts';
import { toUtf8 } from '../../src/util/bytes.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { fixture, readAll } from '../helpers/cassette-files.ts';
import { recorded } from '../helpers/recorded.ts';

function request(body: unknown, target = '/v1/responses'): MatchRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method: 'POST', target, body: body === undefined ? undefined : toUtf8(text) };
}

function compare(a: unknown, b: unknown, level: MatchLevel = 'shape') {
  const table = createMatchIndex({ level, repeat: 'none' });
  table.learn(recorded({ body: a }));
  return compareRequests(table.view(request(a)), table.view(request(b)), level);
}

const ID = '0190b6f0-0000-7000-8000-00000000000';

describe('the rule that decided', () => {
  test.each([
    ['static', { model: 'a' }, { model: 'b' }, '/model', []],
    ['scrub', { instructions: 'one' }, { instructions: 'two' }, '/instructions', []],
    ['live', { prompt_cache_key: 'a' }, { prompt_cache_key: 1 }, '/prompt_cache_key', []],
    ['scrub', { user: 'a', n: `x ${ID}1` }, { user: 'a', n: `y ${ID}2` }, '/n', ['uuid']],
    ['scrub', {}, { store: true }, '/store', []],
    [
      'call-id',
      { input: [{ call_id: 'a' }, { call_id: 'a' }] },
      { input: [{ call_id: 'a' }, { call_id: 'b' }] },
      '/input/1/call_id',
      [],
    ],
  ])('%s counts', (rule, a, b, pointer, by) => {
    const { counts, passes } = compare(a, b);
    expect(counts).toMatchObject([{ in: 'body', pointer, rule, by }]);
    expect(passes).toEqual([]);
  });

  test.each([
    ['ignore', { client_metadata: { a: 1 } }, { client_metadata: { a: 2 } }, '/client_metadata/a', []],
    ['ignore', {}, { client_metadata: {} }, '/client_metadata', []],
    ['live', { prompt_cache_key: 'a' }, { prompt_cache_key: 'b' }, '/prompt_cache_key', []],
    ['call-id', { input: [{ call_id: 'a' }] }, { input: [{ call_id: 'b' }] }, '/input/0/call_id', []],
    ['scrub', { n: `x ${ID}1` }, { n: `x ${ID}2` }, '/n', ['uuid']],
    ['scrub', { n: '<cwd>/a/b</cwd> is /a/b' }, { n: '<cwd>/c/d</cwd> is /c/d' }, '/n', ['place']],
    ['scrub', { n: '[redacted:jwt#1]' }, { n: '[redacted:jwt#2]' }, '/n', ['redacted']],
    ['static', { model: '[redacted:jwt#1]' }, { model: '[redacted:jwt#2]' }, '/model', ['redacted']],
  ])('%s passes', (rule, a, b, pointer, by) => {
    const { counts, passes } = compare(a, b);
    expect(counts).toEqual([]);
    expect(passes).toMatchObject([{ in: 'body', pointer, rule, by }]);
  });
});

test('a text passes for its own elision, and both are shown as they are', () => {
  const text = 'A long text. '.repeat(20);
  const elided = `[elided:sha256=${sha256Hex(text)};chars=${text.length}]`;
  const { counts, passes } = compare({ instructions: elided }, { instructions: text });
  expect(counts).toEqual([]);
  expect(passes).toMatchObject([{ pointer: '/instructions', by: ['elided'] }]);
  expect(passes[0]!.recorded).toContain('[elided:');
  expect(passes[0]!.asked).toContain('A long text.');
});

test('long texts are shown, not the tokens that they are compared by', () => {
  const long = 'word '.repeat(100);
  const { counts } = compare({ instructions: `${long}one` }, { instructions: `${long}two` });
  expect(counts).toMatchObject([
    { pointer: '/instructions', recorded: expect.stringContaining('one'), asked: expect.stringContaining('two') },
  ]);
  expect(counts[0]!.recorded.length).toBeLessThan(100);
});

test('at level exact every field is static, and nothing passes', () => {
  const { counts, passes } = compare({ client_metadata: 1, n: 'a' }, { client_metadata: 2, n: 'a' }, 'exact');
  expect(counts).toMatchObject([{ pointer: '/client_metadata', rule: 'static', recorded: '1', asked: '2' }]);
  expect(passes).toEqual([]);
});

test('at level turn the ids of calls count, and nothing else', () => {
  const body = (ids: string[], model: string) => ({ model, input: ids.map((call_id) => ({ call_id })) });
  const { counts, passes } = compare(body(['a'], 'm'), body(['a', 'b'], 'n'), 'turn');
  expect(counts).toMatchObject([{ pointer: '/call_ids/1', rule: 'call-id', recorded: '(absent)', asked: '"b"' }]);
  expect(passes).toMatchObject([
    { pointer: '/model', rule: 'turn' },
    { pointer: '/input/1', rule: 'turn' },
  ]);
});

test.each([
  ['no JSON', 'plain', 'other'],
  ['no body', undefined, { a: 1 }],
  ['no canonical form', '{"a":1e400}', '{"a":2e400}'],
])('a body with %s counts as a whole', (_what, a, b) => {
  expect(compare(a, b).counts).toMatchObject([{ in: 'body', pointer: '', rule: 'static' }]);
});

test('another query is a difference of its own', () => {
  const table = createMatchIndex({ level: 'shape', repeat: 'none' });
  const view = (query: string) => table.view(request({ a: 1 }, `/v1/responses${query}`));
  expect(compareRequests(view('?b=2&a=1'), view('?a=1&b=2'), 'shape').counts).toEqual([]);
  expect(compareRequests(view(''), view('?b=2'), 'shape').counts).toEqual([
    { in: 'query', pointer: '', recorded: '(absent)', asked: '"b=2"', rule: 'scrub', by: [] },
  ]);
});

test.each(['exact', 'shape', 'turn'] as const)(
  'by %s something counts where keys differ, and only there',
  async (level) => {
    const exchanges = [...(await readAll(fixture('cassettes/0.169.0/tool.har'))).exchanges];
    exchanges.push(...(await readAll(fixture('cassettes/0.122.0/tool.har'))).exchanges);
    const table = createMatchIndex({ level, repeat: 'none' });
    for (const exchange of exchanges) table.learn(exchange);
    for (const exchange of exchanges.slice(0, table.unsettled)) table.relearn(exchange);
    const requests = exchanges.flatMap((one) => recordingsOf(one, 'client')).map((one) => requestOf(one)!);
    const views = requests.map((one) => table.view(one));
    let equal = 0;
    for (const a of views) {
      for (const b of views) {
        const { counts } = compareRequests(a, b, level);
        expect(counts.length === 0).toBe(a.form.key === b.form.key);
        if (counts.length === 0) equal += 1;
      }
    }
    expect(views.length).toBe(6);
    expect(equal).toBeGreaterThanOrEqual(6);
  },
);

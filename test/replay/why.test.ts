import { describe, expect, test } from 'vitest';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { sourceOfList } from '../../src/replay/exchange-source.ts';
import type { MatchOptions } from '../../src/replay/match.ts';
import type { MatchRequest } from '../../src/replay/request.ts';
import { explainRequest } from '../../src/replay/why.ts';
import { toUtf8 } from '../../src/util/bytes.ts';
import { recorded } from '../helpers/recorded.ts';

const post = (body: unknown, target = '/v1/responses'): MatchRequest => ({
  method: 'POST',
  target,
  body: toUtf8(JSON.stringify(body)),
});

function explain(
  exchanges: RecordedExchange[],
  asked: MatchRequest,
  options: Partial<MatchOptions> & { before?: readonly MatchRequest[] } = {},
) {
  return explainRequest(sourceOfList(exchanges), asked, { level: 'shape', repeat: 'none', ...options });
}

const numbers = (list: readonly { number: number }[]) => list.map(({ number }) => number);

describe('a match', () => {
  test('names the recording that answers and those that are equal', async () => {
    const list = [
      recorded({ body: { a: 1 } }),
      recorded({ body: { a: 2 } }),
      recorded({ body: { a: 1 }, status: 503 }),
    ];
    const why = await explain(list, post({ a: 1 }));
    expect(why).toMatchObject({ verdict: 'match', key: { route: 'POST /responses', query: '' }, closest: [] });
    expect(why.answer).toMatchObject({
      number: 1,
      id: list[0]!.id,
      status: 200,
      outcome: 'complete',
      repeated: false,
      counts: [],
    });
    expect(why.equal).toMatchObject([
      { number: 1, state: 'next' },
      { number: 3, state: 'waiting' },
    ]);
    expect(why.key.body).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is served in the order that the requests before it leave', async () => {
    const list = [recorded({ body: { a: 1 } }), recorded({ body: { a: 1 }, status: 503 })];
    const why = await explain(list, post({ a: 1 }), { before: [post({ a: 9 }), post({ a: 1 })] });
    expect(why.answer).toMatchObject({ number: 2, status: 503 });
    expect(why.equal).toMatchObject([{ state: 'served' }, { state: 'next' }]);
  });

  test('of an exhausted key is repeated where that is wanted', async () => {
    const options = { before: [post({ a: 1 })], repeat: 'last' } as const;
    const why = await explain([recorded({ body: { a: 1 } })], post({ a: 1 }), options);
    expect(why).toMatchObject({ verdict: 'match', answer: { number: 1, repeated: true } });
  });
});

describe('a miss', () => {
  test('of an exhausted key says that all were served', async () => {
    const list = [recorded({ body: { a: 1 } }), recorded({ body: { a: 2 } })];
    const why = await explain(list, post({ a: 1 }), { before: [post({ a: 1 })] });
    expect(why).toMatchObject({ verdict: 'exhausted', equal: [{ number: 1, state: 'served' }] });
    expect(why.answer).toBeUndefined();
    expect(numbers(why.closest)).toEqual([2]);
  });

  test('names the three closest, by values that differ, then those not served, then order', async () => {
    const bodies = [{ a: 1, b: 1, c: 1 }, { a: 0, b: 1, c: 1 }, { a: 0, b: 0, c: 1 }, { a: 0, b: 2, c: 1 }, {}];
    const list = bodies.map((body) => recorded({ body }));
    const why = await explain(list, post({ a: 0, b: 0, c: 0 }), { before: [post(bodies[2])] });
    expect(why.verdict).toBe('unknown');
    expect(numbers(why.closest)).toEqual([3, 2, 4]);
    expect(why.closest.map(({ differing }) => differing)).toEqual([1, 2, 2]);
    expect(why.closest[0]!.counts).toEqual([
      { in: 'body', pointer: '/c', recorded: '1', asked: '0', rule: 'scrub', by: [] },
    ]);
    expect(why.routes).toBeUndefined();
  });

  test('of a path that the cassette does not have names those it has', async () => {
    const list = [recorded({ body: {} }), recorded({ body: { a: 1 } }), recorded({ url: '/v1/models', method: 'GET' })];
    const why = await explain(list, post({}, '/v1/chat/completions'));
    expect(why).toMatchObject({ verdict: 'unknown', equal: [], closest: [] });
    expect(why.routes).toEqual([
      { route: 'POST /responses', recordings: 2 },
      { route: 'GET /models', recordings: 1 },
    ]);
  });

  test('at level turn another session may hold what is left', async () => {
    const body = (prompt_cache_key: string) => ({ prompt_cache_key, input: [] });
    const list = [recorded({ body: body('one') }), recorded({ body: body('two') })];
    const options = { level: 'turn', before: [post(body('x'))] } as const;
    const why = await explain(list, post(body('x')), options);
    expect(why.verdict).toBe('exhausted');
    expect(why.equal).toMatchObject([{ state: 'served' }, { state: 'waiting' }]);
  });
});

test('the upstream side is asked for by attempts, without the path of the base', async () => {
  const upstream = { url: 'https://provider.example/api/responses', body: { a: 1 } };
  const list = [recorded({ body: { b: 1 } }, [{ ...upstream, status: 503 }, upstream])];
  const base = { basePath: '/api', query: '' };
  const why = await explain(list, post({ a: 1 }, '/api/responses'), {
    side: 'upstream',
    base,
    before: [post({ a: 1 }, '/api/responses')],
  });
  expect(why.answer).toMatchObject({ number: 1, attempt: 2, status: 200 });
});

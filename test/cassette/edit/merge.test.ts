import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MergePart, mergeExchanges, mergeHeaders } from '../../../src/cassette/edit/merge.ts';
import { highestPlaceholder } from '../../../src/cassette/edit/placeholders.ts';
import { renumberAll } from '../../../src/cassette/edit/renumber.ts';
import { selectExchanges, sessionOf } from '../../../src/cassette/edit/split.ts';
import type { CassetteHeader, Entry } from '../../../src/cassette/format.ts';
import { groupExchanges, type RecordedExchange } from '../../../src/cassette/legs.ts';
import { collect, HEADER } from '../../helpers/cassette-files.ts';
import { makeEntry, makeExchange } from '../../helpers/made-legs.ts';
import { assertProperty } from '../../helpers/properties.ts';

function exchangeAt(ms: number, session: string, text = '{}'): RecordedExchange {
  const startedDateTime = new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
  const client = makeEntry({ requestHeaders: { 'Session-Id': session }, requestText: text, over: { startedDateTime } });
  return makeExchange(client, [makeEntry({ attempt: 1, over: { startedDateTime } })]).exchange;
}

function part(exchanges: RecordedExchange[], header: Partial<CassetteHeader> = {}): MergePart {
  return {
    header: { ...HEADER, ...header },
    highest: highestPlaceholder(JSON.stringify(exchanges)),
    async *exchanges() {
      yield* exchanges;
    },
  };
}

async function* iterate<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}

describe('split and merge', () => {
  it('give back the same exchanges', async () => {
    const sessions = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 });
    await assertProperty(
      fc.asyncProperty(sessions, async (names) => {
        const whole = groupExchanges(await collect(renumberAll(names.map((name, i) => exchangeAt(i, name)))));
        const parts = await Promise.all(
          [...new Set(names)].map(async (name) => {
            const chosen = selectExchanges(iterate(whole), (exchange) => sessionOf(exchange) === name);
            return part(groupExchanges(await collect(renumberAll(chosen))));
          }),
        );
        expect(groupExchanges(await collect(mergeExchanges(parts)))).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });
});

describe('sessionOf', () => {
  it.each<[string, Entry, string | undefined]>([
    ['the header of Codex 0.122', makeEntry({ requestHeaders: { session_id: 's1' } }), 's1'],
    ['the header of Codex 0.169', makeEntry({ requestHeaders: { 'Session-Id': 's2' } }), 's2'],
    ['the cache key', makeEntry({ requestText: '{"prompt_cache_key":"s3"}' }), 's3'],
    ['nothing', makeEntry({ requestText: '{"model":"prompt_cache_key"}' }), undefined],
  ])('is found by %s', (_, client, session) => {
    expect(sessionOf(makeExchange(client).exchange)).toBe(session);
  });
});

describe('mergeExchanges', () => {
  it('goes by time, keeps the order within a cassette and numbers anew', async () => {
    const a = part([exchangeAt(10, 'a1'), exchangeAt(5, 'a2')]);
    const b = part([exchangeAt(7, 'b1'), exchangeAt(20, 'b2')]);
    const entries = await collect(mergeExchanges([a, b]));
    const clients = entries.filter(({ _side }) => _side === 'client');
    expect(clients.map(({ request }) => request.headers[0]!.value)).toEqual(['b1', 'a1', 'a2', 'b2']);
    expect(entries.map(({ _exchange, _seq, _side }) => `${_exchange} ${_seq} ${_side}`)).toEqual(
      [1, 2, 3, 4].flatMap((n) => [`x${n} ${n} client`, `x${n} ${n} upstream`]),
    );
  });

  it('tells placeholders of different recordings apart, and those of one recording not', async () => {
    const text = '{"k":"[redacted:api-key#2]"}';
    const redacted = (ms: number): RecordedExchange => {
      const exchange = exchangeAt(ms, 's', text);
      exchange.client.request.postData!._redacted = 1;
      exchange.client.response.headers.push({ name: 'x', value: '[redacted:token#1]' });
      return exchange;
    };
    const quoted = exchangeAt(3, 's', text);
    const parts = [
      part([redacted(1)]),
      part([redacted(2), quoted], { recordedAt: '2026-05-05T00:00:00.000Z' }),
      part([redacted(4)]),
    ];
    const clients = (await collect(mergeExchanges(parts))).filter(({ _side }) => _side === 'client');
    expect(clients.map(({ request }) => request.postData!.text)).toEqual(
      ['2', '4', '2', '2'].map((n) => `{"k":"[redacted:api-key#${n}]"}`),
    );
    expect(clients.map(({ response }) => response.headers.at(-1)!.value.slice(-3))).toEqual([
      '#1]',
      '#3]',
      'eam',
      '#1]',
    ]);
  });

  it('keeps connections apart', async () => {
    const socket = (): RecordedExchange => {
      const exchange = exchangeAt(1, 's');
      exchange.client._connection = 'c1';
      return exchange;
    };
    const parts = [part([socket()]), part([socket()], { recordedAt: '2026-05-05T00:00:00.000Z' })];
    const clients = (await collect(mergeExchanges(parts))).filter(({ _side }) => _side === 'client');
    expect(clients.map(({ _connection }) => _connection)).toEqual(['c1', 'c1-2']);
  });
});

describe('mergeHeaders', () => {
  it('counts each recording once and begins with the first', () => {
    const counts = { redacted: { jwt: 2 }, elided: { texts: 1, chars: 300 } };
    const early = { recordedAt: '2025-01-01T00:00:00.000Z', redacted: { jwt: 1, cookie: 1 } };
    expect(mergeHeaders([part([], counts), part([], early), part([], counts)], '9.9.9')).toEqual({
      ...HEADER,
      ...early,
      tool: '9.9.9',
      redacted: { jwt: 3, cookie: 1 },
      elided: { texts: 1, chars: 300 },
    });
  });
});

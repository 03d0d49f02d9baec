import { describe, expect, test } from 'vitest';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { compareCassettes, comparePair, isSame } from '../../src/replay/cassette-difference.ts';
import { sourceOfList } from '../../src/replay/exchange-source.ts';
import type { MatchLevel } from '../../src/replay/request.ts';
import type { Loss, Protocol } from '../../src/util/types.ts';
import { fixture, readAll } from '../helpers/cassette-files.ts';
import { recorded, type SideSpec } from '../helpers/recorded.ts';
import { CREATE, client, recordedSocket, server } from '../helpers/recorded-socket.ts';

const compare = (a: RecordedExchange[], b: RecordedExchange[], level: MatchLevel = 'shape') =>
  compareCassettes(sourceOfList(a), sourceOfList(b), { level });

/** The legs in which two exchanges with the same request differ. */
async function legsOf(a: SideSpec, b: SideSpec, level: MatchLevel = 'shape') {
  const body = { input: 'hi' };
  const found = await compare([recorded({ body, ...a })], [recorded({ body, ...b })], level);
  return found.different[0]?.legs ?? [];
}

type Event = Record<string, unknown>;

function stream(...events: Event[]): SideSpec {
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
  return { headers: ['content-type', 'text/event-stream'], answer: text };
}

/** A Responses stream with ids of its own. */
function says(text: string, ids: string): Event[] {
  const item = { id: `msg_${ids}`, type: 'message', role: 'assistant', content: [] as Event[] };
  const response = { id: `resp_${ids}`, created_at: ids.length, output: [] as Event[] };
  return [
    { type: 'response.created', response: { ...response, status: 'in_progress' } },
    { type: 'response.output_item.added', output_index: 0, item },
    ...[...text].map((delta) => ({
      type: 'response.output_text.delta',
      item_id: item.id,
      output_index: 0,
      content_index: 0,
      delta,
      obfuscation: ids,
    })),
    { type: 'response.output_item.done', output_index: 0, item: { ...item, content: [{ type: 'output_text', text }] } },
    { type: 'response.completed', response: { ...response, status: 'completed' } },
  ];
}

describe('answers', () => {
  test('that differ in ids, times and padding are the same, but not at level exact', async () => {
    const [a, b] = [stream(...says('hi', 'one')), stream(...says('hi', 'other'))];
    expect(await legsOf(a, b)).toEqual([]);
    const [leg] = await legsOf(a, b, 'exact');
    expect(leg?.answer.map(({ pointer }) => pointer)).toEqual(['/id', '/created_at', '/output/0/id']);
    expect(leg?.events[0]).toMatchObject({
      type: 'response.created',
      a: 1,
      b: 1,
      fields: [{ pointer: '/response/id' }, { pointer: '/response/created_at' }],
    });
  });

  test('in another text are told event by event and as what they amount to', async () => {
    const [leg] = await legsOf(stream(...says('hi', 'x')), stream(...says('ho', 'x')));
    expect(leg).toEqual({
      leg: 'client-response',
      head: [],
      body: [],
      events: [
        { type: 'response.output_text.delta', a: 4, b: 4, fields: [{ pointer: '/delta', a: '"i"', b: '"o"' }] },
        {
          type: 'response.output_item.done',
          a: 5,
          b: 5,
          fields: [{ pointer: '/item/content/0/text', a: '"hi"', b: '"ho"' }],
        },
      ],
      answer: [{ pointer: '/output/0/content/0/text', a: '"hi"', b: '"ho"' }],
    });
  });

  test('an event that is missing does not shift those after it', async () => {
    const events = says('hi', 'x');
    const [leg] = await legsOf(
      stream(...events),
      stream(...events.filter(({ type }) => type !== 'response.output_item.added')),
    );
    expect(leg?.events).toEqual([{ type: 'response.output_item.added', a: 2, fields: [] }]);
  });

  test('a text that is cut otherwise says the same', async () => {
    const events = says('hi', 'x');
    const joined = events.flatMap((event) =>
      event.delta === 'h' ? [{ ...event, delta: 'hi' }] : event.delta ? [] : [event],
    );
    const [leg] = await legsOf(stream(...events), stream(...joined));
    expect(leg?.answer).toEqual([]);
    expect(leg?.events).toMatchObject([{ a: 3, b: 3, fields: [{ pointer: '/delta' }] }, { a: 4 }]);
  });

  test('a rest without a blank line is told', async () => {
    const whole = stream(...says('hi', 'x'));
    const cut = { ...whole, answer: whole.answer!.slice(0, -1) };
    const [leg] = await legsOf(whole, cut);
    expect(leg?.events).toEqual([{ type: 'response.completed', a: 6, fields: [] }]);
    expect(leg?.body).toMatchObject([{ pointer: '', a: '(absent)' }]);
  });

  test.each([
    [
      'responses',
      { id: 'resp_1', output: [{ type: 'message', content: 'a' }] },
      { id: 'resp_2', output: [{ type: 'message', content: 'b' }] },
      '/output/0/content',
    ],
    [
      'chat',
      { id: 'c1', created: 1, choices: [{ message: { content: 'a' } }] },
      { id: 'c2', created: 2, choices: [{ message: { content: 'b' } }] },
      '/choices/0/message/content',
    ],
    [
      'messages',
      { id: 'msg_1', content: [{ id: 'toolu_1', text: 'a' }] },
      { id: 'msg_2', content: [{ id: 'toolu_2', text: 'b' }] },
      '/content/0/text',
    ],
  ] as [Protocol, Event, Event, string][])('documents of %s', async (protocol, a, b, pointer) => {
    const side = (answer: Event): SideSpec => ({ protocol, answer: JSON.stringify(answer) });
    const [leg] = await legsOf(side(a), side(b));
    expect(leg).toMatchObject({ events: [], body: [], answer: [{ pointer, a: '"a"', b: '"b"' }] });
    expect(leg?.answer).toHaveLength(1);
  });

  test.each([
    ['a stream and a document', stream({ type: 'response.completed' }), { answer: '{}' }, 'an event stream', 'JSON'],
    ['a body and none', { answer: '{}' }, { answer: '' }, 'JSON', 'no body'],
  ] as [string, SideSpec, SideSpec, string, string][])('%s', async (_what, a, b, old, now) => {
    const [leg] = await legsOf(a, { ...b, headers: a.headers ?? ['content-type', 'application/json'] });
    expect(leg?.body[0]).toEqual({ pointer: '', a: old, b: now });
  });

  test('other bytes count by their hash', async () => {
    const [leg] = await legsOf({ answer: 'one' }, { answer: 'two' });
    expect(leg?.body).toMatchObject([
      { pointer: '', a: expect.stringContaining('sha256'), b: expect.stringContaining('sha256') },
    ]);
  });
});

describe('heads', () => {
  test('status, end and headers that matter', async () => {
    const [leg] = await legsOf(
      { headers: ['Retry-After', '1', 'X-Request-Id', 'a', 'Content-Length', '2', 'Keep-Alive', 'timeout=5'] },
      { headers: ['retry-after', '2', 'date', 'today'], status: 429, end: { by: 'upstream', ms: 7, how: 'reset' } },
    );
    expect(leg?.head).toEqual([
      { pointer: '/status', a: '200', b: '429' },
      { pointer: '/headers/retry-after', a: '"1"', b: '"2"' },
      { pointer: '/end/how', a: '"complete"', b: '"reset"' },
    ]);
  });

  test('of requests: session headers and ports do not count, others do', async () => {
    const [leg] = await legsOf(
      {
        url: 'http://127.0.0.1:1/v1/responses',
        requestHeaders: ['session_id', 'a', 'User-Agent', 'x', 'Authorization', 'Bearer [redacted:api-key#1]'],
      },
      {
        url: 'http://127.0.0.1:2/v1/responses',
        requestHeaders: ['session_id', 'b', 'user-agent', 'y', 'authorization', 'Bearer [redacted:api-key#2]'],
      },
    );
    expect(leg).toMatchObject({
      leg: 'client-request',
      body: [],
      head: [{ pointer: '/headers/user-agent', a: '"x"', b: '"y"' }],
    });
    expect(leg?.head).toHaveLength(1);
  });

  test('at level exact all of it counts', async () => {
    const [leg] = await legsOf(
      { requestHeaders: ['session_id', 'a'] },
      { requestHeaders: ['session_id', 'b'] },
      'exact',
    );
    expect(leg?.head).toMatchObject([{ pointer: '/headers/session_id/0' }]);
  });
});

test.each(['exact', 'shape', 'turn'] as const)('what was lost counts at level %s', async (level) => {
  const [one, other] = [recorded({ body: {} }), recorded({ body: {} })];
  const { id, seq, client } = one;
  const loss: Loss = { hop: 'responses->chat', path: '/store', kind: 'dropped', reason: 'Chat has none' };
  const lossy = { ...other, id, seq, client: { ...client, _losses: [loss] } };
  const found = await compare([one], [lossy], level);
  expect(isSame(found, level)).toBe(false);
  expect(found.different[0]?.legs).toMatchObject([{ leg: 'client-response', head: [{ a: '(absent)' }] }]);
});

describe('exchanges', () => {
  test('a changed request is paired by order, its value told, and the outcome', async () => {
    const a = [recorded({ body: { n: 'one' } }), recorded({ body: { n: 'two' } })];
    const b = [
      recorded({ body: { n: 'one' } }),
      recorded({ body: { n: 'new' }, outcome: 'upstream-aborted', end: { by: 'upstream', ms: 1, how: 'complete' } }),
    ];
    const found = await compare(a, b);
    expect(found).toMatchObject({ same: 1, onlyA: [], onlyB: [], moved: [] });
    expect(found.different).toMatchObject([
      {
        a: { number: 2, method: 'POST', path: '/v1/responses', status: 200, outcome: 'complete' },
        b: { number: 2, outcome: 'upstream-aborted' },
        by: 'order',
        outcome: { a: 'complete', b: 'upstream-aborted' },
        legs: [{ leg: 'client-request', body: [{ pointer: '/n', a: '"two"', b: '"new"' }] }],
      },
    ]);
  });

  test('an attempt more is a leg that only one side has', async () => {
    const upstream = { body: { b: 1 }, url: 'https://provider.example/v1/responses' };
    const found = await compare([recorded({ body: {} }, [upstream])], [recorded({ body: {} }, [upstream, upstream])]);
    expect(found.different[0]?.legs).toMatchObject([
      { leg: 'upstream-request', attempt: 2, only: 'b' },
      { leg: 'upstream-response', attempt: 2, only: 'b' },
    ]);
  });

  test('another order counts at level exact alone', async () => {
    const [one, two] = [recorded({ body: { a: 1 } }), recorded({ body: { a: 2 } })];
    const found = await compare([one, two], [two, one]);
    expect(found).toMatchObject({ same: 2, different: [], moved: [{ a: 1, b: 2 }] });
    expect([isSame(found, 'shape'), isSame(found, 'exact')]).toEqual([true, false]);
  });

  test('a directory that only one cassette names counts in the texts of both', async () => {
    const first = (cwd: string) => recorded({ body: { n: `<cwd>${cwd}</cwd>` } });
    const found = await compare(
      [first('/work-a/x'), recorded({ body: { n: 'ls /work-a/x' } })],
      [first('/work-b/y'), recorded({ body: { n: 'ls /work-b/y' } })],
    );
    expect(found).toMatchObject({ same: 2, different: [] });
  });

  test('two exchanges are compared whatever they ask for, under their own numbers', async () => {
    const [a, b] = [recorded({ body: {} }), recorded({ url: '/v1/models', method: 'GET' })];
    const found = await comparePair({ exchange: a, number: 3 }, { exchange: b, number: 7 }, { level: 'shape' });
    expect(found).toMatchObject({ same: 0, different: [{ a: { number: 3 }, b: { number: 7 }, by: 'order' }] });
    expect(found.different[0]?.legs[0]).toMatchObject({
      leg: 'client-request',
      head: [{ pointer: '/method' }, { pointer: '/path' }],
    });
    const same = await comparePair({ exchange: a, number: 1 }, { exchange: a, number: 2 }, { level: 'shape' });
    expect(same).toMatchObject({ same: 1, different: [] });
  });

  test.each(['exact', 'shape', 'turn'] as const)(
    'a true recording is the same as itself at level %s',
    async (level) => {
      for (const name of ['0.169.0/tool', '0.113.0/zstd', '0.122.0/truncated', 'translated/0.169.0-chat-parallel']) {
        const { exchanges } = await readAll(fixture(`cassettes/${name}.har`));
        const found = await compare(exchanges, exchanges, level);
        expect(found).toMatchObject({ same: exchanges.length, different: [], onlyA: [], onlyB: [], moved: [] });
      }
    },
  );
});

describe('over a WebSocket', () => {
  const session = (text: string, model = 'm', more: object[] = []) =>
    recordedSocket({
      say: [client({ ...CREATE, model }), ...more.map(client), ...says(text, 'x').map(server)],
    });

  test('every message of the server is an event', async () => {
    expect(await compare([session('hi')], [session('hi')])).toMatchObject({ same: 1, different: [] });
    const found = await compare([session('hi')], [session('ho')]);
    expect(found.different[0]).toMatchObject({ by: 'key' });
    expect(found.different[0]?.legs.map(({ leg }) => leg)).toEqual(['upstream-response', 'client-response']);
    expect(found.different[0]?.legs[0]?.answer).toMatchObject([{ pointer: '/output/0/content/0/text' }]);
  });

  test('what is asked is the body, and other messages of the client count as well', async () => {
    const other = await compare([session('hi')], [session('hi', 'n')]);
    expect(other.different[0]).toMatchObject({ by: 'order' });
    expect(other.different[0]?.legs[0]).toMatchObject({ leg: 'client-request', body: [{ pointer: '/model' }] });
    const more = await compare([session('hi')], [session('hi', 'm', [{ type: 'response.processed' }])]);
    expect(more.different[0]?.legs[0]?.head).toMatchObject([{ pointer: '/messages/0', a: '(absent)' }]);
  });
});

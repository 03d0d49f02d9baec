import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Answer, planAnswer } from '../../src/replay/answer.ts';
import { recorded, type SideSpec } from '../helpers/recorded.ts';

function plan(side: SideSpec): Answer {
  const exchange = recorded(side);
  return planAnswer({ exchange, entry: exchange.client });
}

function textOf(answer: Answer): string[] {
  return answer.writes.map(({ data }) => Buffer.from(data).toString());
}

test('keeps headers in order and case, duplicates too, without those of the connection', () => {
  const headers = [
    'X-B',
    '1',
    'Connection',
    'close, X-Hop',
    'x-hop',
    '2',
    'Set-Cookie',
    'a',
    'set-cookie',
    'b',
    'Transfer-Encoding',
    'chunked',
    'Date',
    'then',
  ];
  expect(plan({ headers, status: 201 }).head).toMatchObject({
    status: 201,
    headers: ['X-B', '1', 'Set-Cookie', 'a', 'set-cookie', 'b', 'Date', 'then'],
  });
});

test('what only HAR files from elsewhere hold does not stop the player', () => {
  const headers = [':status', '200', 'x-name', 'a\u2192b\nc', 'Content-Encoding', 'br', 'date', 'then'];
  const answer = plan({ headers, answer: 'ok' });
  expect(answer.head?.headers).toEqual(['x-name', 'a?b?c', 'date', 'then']);
  expect(textOf(answer)).toEqual(['ok']);
});

describe('content-length', () => {
  const broken = { by: 'upstream', how: 'closed', ms: 20 } as const;
  test.each<[string, SideSpec, string[]]>([
    ['right', { headers: ['Content-Length', '2'], answer: 'ok' }, ['Content-Length', '2']],
    [
      'wrong, since redaction changed the body',
      { headers: ['Content-Length', '9'], answer: 'ok', redacted: 1 },
      ['Content-Length', '2'],
    ],
    [
      'of an answer that broke off',
      { headers: ['content-length', '9'], answer: 'ok', end: broken },
      ['content-length', '9'],
    ],
    ['that a broken answer had reached', { headers: ['content-length', '2'], answer: 'ok', end: broken }, []],
    ['of an answer to HEAD', { method: 'HEAD', headers: ['content-length', '9'] }, ['content-length', '9']],
    ['absent', { headers: [], answer: 'ok' }, []],
  ])('%s', (_, side, headers) => {
    expect(plan(side).head?.headers).toEqual(headers);
  });
});

describe('coded bodies', () => {
  const coded = gzipSync('hello');
  const headers = ['Content-Encoding', 'gzip', 'Content-Length', String(coded.length)];
  const facts = { encodings: ['gzip'], bytes: coded.length };

  test('are sent as they crossed the wire', () => {
    const answer = plan({ headers, answer: 'hello', answerWire: { ...facts, base64: coded.toString('base64') } });
    expect(answer.head?.headers).toEqual(headers);
    expect(answer.writes.map(({ data }) => Buffer.from(data))).toEqual([coded]);
  });

  test('are sent decoded when redaction changed them', () => {
    const answer = plan({ headers, answer: 'hell[redacted:x#1]', answerWire: facts, redacted: 1 });
    expect(answer.head?.headers).toEqual(['Content-Length', '18']);
    expect(textOf(answer)).toEqual(['hell[redacted:x#1]']);
  });
});

test('writes come at their times, one a read', () => {
  const answer = plan({
    headMs: 3,
    chunks: [
      [5, 'a'],
      [9, { base64: 'w6Q=' }],
      [12, 'b'],
    ],
  });
  expect(answer.head?.ms).toBe(3);
  expect(answer.writes.map(({ ms }) => ms)).toEqual([5, 9, 12]);
  expect(textOf(answer)).toEqual(['a', 'ä', 'b']);
  expect(answer.end).toEqual({ ms: 20, how: 'end' });
});

test.each<[string, SideSpec, Partial<Answer>]>([
  ['complete', {}, { end: { ms: 20, how: 'end' } }],
  ['closed', { end: { by: 'upstream', how: 'closed', ms: 7 } }, { end: { ms: 7, how: 'close' } }],
  ['reset', { end: { by: 'upstream', how: 'reset', ms: 30 } }, { end: { ms: 30, how: 'reset' } }],
  ['timeout', { end: { by: 'tapedeck', how: 'timeout', ms: 30 } }, { end: { ms: 30, how: 'close' } }],
  [
    'no response',
    { status: 0, end: { by: 'upstream', how: 'reset', ms: 30 } },
    { head: undefined, writes: [], end: { ms: 30, how: 'reset' } },
  ],
  ['no content', { status: 204 }, { writes: [] }],
  ['not modified', { status: 304 }, { writes: [] }],
])('%s', (_, side, expected) => {
  expect(plan({ answer: 'x', ...side })).toMatchObject(expected);
});

test('an answer that the cassette has only in part is broken off, and so is one without a recorded end', () => {
  const cut = recorded({ answer: 'x' });
  cut.client.response.content._cut = 5;
  expect(planAnswer({ exchange: cut, entry: cut.client }).end.how).toBe('close');
  const lost = recorded({ headers: ['content-encoding', 'x', 'content-length', '5'] });
  lost.client.response.content = { mimeType: 'x/y', size: 0, _wire: { encodings: ['x'], bytes: 5, undecodable: 'x' } };
  expect(planAnswer({ exchange: lost, entry: lost.client })).toMatchObject({
    head: { headers: ['content-length', '5'] },
    writes: [],
    end: { how: 'close' },
  });
  const killed = recorded({ outcome: 'recorder-killed' });
  delete killed.client._end;
  expect(planAnswer({ exchange: killed, entry: killed.client }).end.how).toBe('close');
});

test('an attempt is played from its own leg', () => {
  const exchange = recorded({ answer: 'client' }, [{ answer: 'first', status: 500 }, { answer: 'second' }]);
  const answers = exchange.attempts.map((entry, i) => planAnswer({ exchange, entry, attempt: i + 1 }));
  expect(answers.map((answer) => [answer.head?.status, ...textOf(answer)])).toEqual([
    [500, 'first'],
    [200, 'second'],
  ]);
});

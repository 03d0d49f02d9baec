import { describe, expect, it } from 'vitest';
import { compareLegs } from '../../src/report/leg-difference.ts';
import { type MadeBody, type MadeEntry, makeEntry, makeLeg } from '../helpers/made-legs.ts';

function requests(client: MadeEntry, upstream: MadeEntry, bodies: readonly (MadeBody | undefined)[] = []) {
  return compareLegs(
    makeLeg('client-request', makeEntry(client), bodies[0]),
    makeLeg('upstream-request', makeEntry({ attempt: 1, ...upstream }), bodies[1]),
  );
}

describe('compareLegs', () => {
  it('says of a passthrough that the bytes are the same, and which headers are not', () => {
    const difference = requests(
      { requestText: '{}', requestHeaders: { Host: '127.0.0.1:8787', 'X-A': '1', accept: '*/*' } },
      { requestText: '{}', requestHeaders: { host: 'provider.example', accept: '*/*', via: '1.1 tapedeck' } },
    );
    expect(difference).toEqual({
      body: 'same bytes',
      lines: [
        'header changed: host: 127.0.0.1:8787 -> provider.example',
        'header removed: x-a: 1',
        'header added: via: 1.1 tapedeck',
      ],
    });
  });

  it('names method, path and the places of a JSON body that changed', () => {
    const difference = requests(
      { requestText: '{"model":"a","input":[1]}', requestHeaders: {} },
      {
        requestText: '{"model":"b","messages":[1]}',
        requestHeaders: {},
        method: 'PUT',
        url: 'https://h/v1/chat/completions',
      },
    );
    expect(difference).toEqual({
      body: 'differs',
      lines: [
        'method: POST -> PUT',
        'path: /v1/responses -> /v1/chat/completions',
        'body: 25 B -> 28 B',
        'changed: /model',
        'removed: /input',
        'added: /messages',
      ],
    });
  });

  it('stops naming places after a few', () => {
    const text = (value: number): string => JSON.stringify(Array.from({ length: 20 }, () => value));
    const { lines } = requests({ requestText: text(1) }, { requestText: text(2) });
    expect(lines).toHaveLength(1 + 8 + 1);
    expect(lines.at(-1)).toBe('…');
  });

  it.each<[what: string, bodies: readonly (MadeBody | undefined)[], body: string, lines?: string[]]>([
    ['decoded for the upstream', [{ text: 'a', wire: new Uint8Array([9]) }, { text: 'a' }], 'same after decoding'],
    [
      'redacted',
      [
        { text: 'a', wire: null, redacted: 1 },
        { text: 'a', wire: null, redacted: 1 },
      ],
      'same after redaction',
    ],
    ['undecodable and redacted', [{ wire: null }, { wire: null }], 'unknown'],
    ['other bytes', [{ text: 'abc' }, { text: 'abd' }], 'differs', ['body: 3 B -> 3 B', 'first difference at byte 2']],
    [
      'cut off',
      [{ text: 'abc' }, { text: 'ab' }],
      'differs',
      ['body: 3 B -> 2 B', 'one is the beginning of the other'],
    ],
    [
      'written in another way',
      [{ text: '{"a":1}' }, { text: '{ "a": 1 }' }],
      'differs',
      ['body: 7 B -> 10 B', 'the same JSON, written in another way'],
    ],
    ['gone', [{ text: 'abc' }, undefined], 'differs', ['body: 3 B -> none']],
    ['absent', [undefined, undefined], 'none'],
  ])('%s', (_what, bodies, body, lines = []) => {
    expect(requests({}, {}, bodies)).toEqual({ body, lines });
  });

  it('compares responses by status, headers and body', () => {
    const upstream = makeEntry({ attempt: 1, status: 502, response: 'bad', responseHeaders: { server: 'x' } });
    const client = makeEntry({ status: 500, response: 'bad', responseHeaders: {} });
    expect(compareLegs(makeLeg('upstream-response', upstream), makeLeg('client-response', client))).toEqual({
      body: 'same bytes',
      lines: ['status: 502 -> 500', 'header removed: server: x'],
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { Chunk, Entry, WireFacts } from '../../src/cassette/format.ts';
import { groupExchanges, type LegBody, legOf, legsOf } from '../../src/cassette/legs.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { makeEntry } from '../helpers/made-legs.ts';

const BYTES = Buffer.from([0xff, 0x00, 0x41]);
const FACTS: WireFacts = { encodings: [], bytes: 3, sha256: sha256Hex(BYTES), base64: BYTES.toString('base64') };
const CODED: WireFacts = { ...FACTS, encodings: ['zstd'] };

/** The body of a client response with these fields. */
function bodyWith(fields: Partial<Entry['response']['content']>): LegBody {
  const entry = makeEntry();
  entry.response = { ...entry.response, content: { size: 1, mimeType: '', ...fields } };
  return legOf(groupExchanges([entry])[0]!, 'client-response')!.body!;
}

const show = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('latin1');

describe('a body', () => {
  it.each<[string, Partial<Entry['response']['content']>, readonly (string | undefined)[]]>([
    ['of plain text', { text: 'hé' }, ['hé', 'h\xc3\xa9', 'h\xc3\xa9']],
    ['of text with half a character', { text: 'a\ud800' }, ['a\ufffd', 'a\xef\xbf\xbd', 'a\xef\xbf\xbd']],
    ['that was redacted', { text: 'h', _redacted: 2 }, ['h', 'h', undefined]],
    ['that was cut', { text: 'h', _cut: 9 }, ['h', 'h', undefined]],
    ['that was elided', { text: 'h', _wire: { encodings: [], bytes: 300 } }, ['h', 'h', undefined]],
    ['of bytes', { _wire: FACTS }, [undefined, '\xff\0A', '\xff\0A']],
    ['of bytes whose secret was in the way', { _wire: { encodings: [], bytes: 3 }, _redacted: 1 }, []],
    ['of coded text', { text: 'h', _wire: CODED }, ['h', 'h', '\xff\0A']],
    ['of coded text, redacted', { text: 'h', _wire: { encodings: ['br'], bytes: 3 }, _redacted: 1 }, ['h', 'h']],
    [
      'of coded text whose bytes were edited',
      { text: 'h', _wire: { ...CODED, base64: 'QUJD' } },
      ['h', 'h', undefined],
    ],
    ['of coded nothing', { text: '', _wire: CODED }, ['', '', '\xff\0A']],
    ['of coded bytes', { _decoded: { base64: '/w==' }, _wire: CODED }, [undefined, '\xff', '\xff\0A']],
    [
      'that cannot be decoded',
      { text: '', _wire: { ...CODED, undecodable: 'why' } },
      [undefined, undefined, '\xff\0A'],
    ],
    [
      'that was read in pieces',
      {
        _chunks: [
          [1, 'a'],
          [2, { base64: 'w6k=' }],
        ] satisfies Chunk[],
      },
      ['aé', 'a\xc3\xa9', 'a\xc3\xa9'],
    ],
    ['that was read in coded pieces', { _chunks: [[1, 'ab']], _wire: CODED }, ['ab', 'ab', '\xff\0A']],
  ])('%s has both of its views', (_, fields, [text, decoded, wire]) => {
    const body = bodyWith(fields);
    expect([body.text, show(body.decoded), show(body.wire)]).toEqual([text, decoded, wire]);
    expect(body.redacted).toBe(fields._redacted ?? 0);
    expect(body.facts).toBe(fields._wire);
  });

  it('has the times of its reads, or one chunk at the head', () => {
    expect(bodyWith({ _chunks: [[1.5, 'a']] }).chunks.map(({ ms, data }) => [ms, show(data)])).toEqual([[1.5, 'a']]);
    const entry = makeEntry({ response: 'x' });
    entry.response._headMs = 7;
    entry.response.content = { size: 1, mimeType: '', text: 'x' };
    const body = legOf(groupExchanges([entry])[0]!, 'client-response')?.body;
    expect(body?.chunks.map(({ ms }) => ms)).toEqual([7]);
  });

  it('that is the same as the client side has its views, at the times of this side', () => {
    const client = makeEntry({
      requestText: 'q',
      response: [
        [10, 'a'],
        [20, 'b'],
      ],
    });
    const upstream = makeEntry({ attempt: 1 });
    upstream.startedDateTime = new Date(Date.parse(client.startedDateTime) + 5).toISOString();
    upstream.request.postData = { mimeType: '', text: '', _sameAs: 'client' };
    upstream.response.content = { size: 2, mimeType: '', _sameAs: 'client' };
    const [exchange] = groupExchanges([client, upstream]);
    expect(legOf(exchange!, 'upstream-request')?.body?.text).toBe('q');
    const body = legOf(exchange!, 'upstream-response')?.body;
    expect(body?.text).toBe('ab');
    expect(body?.chunks.map(({ ms }) => ms)).toEqual([5, 15]);
  });
});

describe('legs', () => {
  const entries = [
    makeEntry({ exchange: 'b', seq: 2 }),
    makeEntry({ exchange: 'a', seq: 1, attempt: 2 }),
    makeEntry({ exchange: 'a', seq: 1, attempt: 1 }),
    makeEntry({ exchange: 'a', seq: 1 }),
  ];
  entries[2]!.response.status = 0;

  it('come in the order of the wire, without those that never were', () => {
    const [a, b] = groupExchanges(entries);
    expect([a?.id, b?.id]).toEqual(['a', 'b']);
    expect(legsOf(a!).map(({ name, entry }) => `${name} ${entry._attempt ?? ''}`.trim())).toEqual([
      'client-request',
      'upstream-request 1',
      'upstream-request 2',
      'upstream-response 2',
      'client-response',
    ]);
  });

  it('are found by name and attempt', () => {
    const [a, b] = groupExchanges(entries);
    expect(legOf(a!, 'upstream-request')?.entry._attempt).toBe(2);
    expect(legOf(a!, 'upstream-request', 1)?.entry._attempt).toBe(1);
    expect(legOf(a!, 'upstream-response', 1)).toBeUndefined();
    expect(legOf(a!, 'upstream-request', 3)).toBeUndefined();
    expect(legOf(b!, 'upstream-request')).toBeUndefined();
  });

  it('need a client side', () => {
    expect(() => groupExchanges([makeEntry({ attempt: 1 })])).toThrow(/has 0 client entries/);
    expect(() => groupExchanges([makeEntry(), makeEntry()])).toThrow(/has 2 client entries/);
  });
});

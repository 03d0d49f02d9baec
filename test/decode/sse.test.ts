import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSseParser, parseSse } from '../../src/decode/sse.ts';
import type { SseEvent } from '../../src/decode/types.ts';
import { concatBytes, toUtf8 } from '../../src/util/bytes.ts';
import { assertProperty } from '../helpers/properties.ts';

type Brief = [event: string | undefined, data: string, id?: string];
const brief = ({ event, data, id }: SseEvent): Brief => (id === undefined ? [event, data] : [event, data, id]);

function parsePieces(pieces: readonly Uint8Array[]) {
  const parser = createSseParser();
  const events = pieces.flatMap((piece) => parser.push(piece));
  return { events, ...parser.end() };
}

describe('event stream interpretation', () => {
  it.each<[string, string, Brief[]]>([
    ['one event', 'event: a\ndata: 1\n\n', [['a', '1']]],
    ['no space after the colon', 'data:{"a":1}\n\n', [[undefined, '{"a":1}']]],
    ['only one space is taken', 'data:  x\n\n', [[undefined, ' x']]],
    ['a tab is no space', 'data:\tx\n\n', [[undefined, '\tx']]],
    ['several data lines', 'data: a\ndata: b\ndata:\n\n', [[undefined, 'a\nb\n']]],
    ['a data line without colon', 'data\n\n', [[undefined, '']]],
    ['an empty data line', 'data:\n\n', [[undefined, '']]],
    ['two empty data lines', 'data\ndata\n\n', [[undefined, '\n']]],
    ['comments alone give nothing', ': ping\n\n: ping\n\n', []],
    ['a comment within an event', 'data: a\n: ping\ndata: b\n\n', [[undefined, 'a\nb']]],
    ['no data, no event', 'event: a\n\ndata: 1\n\n', [[undefined, '1']]],
    ['the last event line counts', 'event: a\nevent: b\ndata: 1\n\n', [['b', '1']]],
    ['an empty event line', 'event:\ndata: 1\n\n', [['', '1']]],
    [
      'blank lines between',
      '\n\ndata: 1\n\n\n\ndata: 2\n\n',
      [
        [undefined, '1'],
        [undefined, '2'],
      ],
    ],
    [
      'CRLF',
      'event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n',
      [
        ['a', '1'],
        [undefined, '2'],
      ],
    ],
    [
      'CR',
      'event: a\rdata: 1\r\rdata: 2\r\r',
      [
        ['a', '1'],
        [undefined, '2'],
      ],
    ],
    [
      'mixed line ends',
      'data: 1\r\n\ndata: 2\n\r\ndata: 3\r\r\n',
      [
        [undefined, '1'],
        [undefined, '2'],
        [undefined, '3'],
      ],
    ],
    [
      'id stays, event does not',
      'event: a\nid: 7\ndata: 1\n\ndata: 2\n\n',
      [
        ['a', '1', '7'],
        [undefined, '2', '7'],
      ],
    ],
    ['id alone is kept for later', 'id: 7\n\ndata: 1\n\n', [[undefined, '1', '7']]],
    ['an id with NUL is ignored', 'id: 7\nid: a\0b\ndata: 1\n\n', [[undefined, '1', '7']]],
    [
      'an empty id resets it',
      'id: 7\ndata: 1\n\nid\ndata: 2\n\n',
      [
        [undefined, '1', '7'],
        [undefined, '2', ''],
      ],
    ],
    ['retry and unknown fields', 'retry: 100\nfoo: x\nData: y\ndata: 1\n\n', [[undefined, '1']]],
    ['a field name with spaces is another field', ' data: x\ndata : y\ndata: 1\n\n', [[undefined, '1']]],
    ['a byte order mark at the start', '\uFEFFdata: 1\n\n', [[undefined, '1']]],
    ['and only one, only there', '\uFEFF\uFEFFdata: x\ndata: \uFEFF1\n\n', [[undefined, '\uFEFF1']]],
    ['colons in the value', 'data: a:b: c\n\n', [[undefined, 'a:b: c']]],
    ['other separators of lines are text', 'data: a\u2028b\u0085c\vd\n\n', [[undefined, 'a\u2028b\u0085c\vd']]],
  ])('%s', (_name, text, events) => {
    const result = parseSse(toUtf8(text));
    expect(result.events.map(brief)).toEqual(events);
    expect(result.rest).toBeUndefined();
  });

  it('turns what is not UTF-8 into U+FFFD, and goes on', () => {
    const bytes = concatBytes([toUtf8('data: a'), Uint8Array.of(0xff, 0xe2, 0x82), toUtf8('\ndata: é\n\n')]);
    expect(parseSse(bytes).events.map(({ data }) => data)).toEqual(['a\uFFFD\uFFFD\né']);
  });
});

describe('offsets', () => {
  it('are those of the first line that is no comment, and one past the blank line', () => {
    const text = '\uFEFF: höher\n\r\n: x\ndata: é\r\n: y\r\n\r\n\nevent: a\ndata: 2\n\n';
    const bytes = toUtf8(text);
    const cut = parseSse(bytes).events.map(({ start, end }) => new TextDecoder().decode(bytes.subarray(start, end)));
    expect(cut).toEqual(['data: é\r\n: y\r\n\r\n', 'event: a\ndata: 2\n\n']);
  });

  it('count the LF of a blank CRLF line that comes in the next piece', () => {
    const parser = createSseParser();
    const [event] = parser.push(toUtf8('data: 1\r\n\r'));
    expect(event).toMatchObject({ data: '1', start: 0, end: 10 });
    expect(parser.push(toUtf8('\ndata: 2\n\n'))).toMatchObject([{ start: 11, end: 20 }]);
    expect(event).toMatchObject({ end: 11 });
  });
});

describe('the rest', () => {
  it.each<[string, string, { start: number; text: string } | undefined]>([
    ['nothing', '', undefined],
    ['an event without its blank line', 'data: 1\n\ndata: 2\n', { start: 9, text: 'data: 2\n' }],
    ['a line without its end', 'data: 1\n\nda', { start: 9, text: 'da' }],
    ['both, with a comment before', ': x\nevent: a\ndat', { start: 4, text: 'event: a\ndat' }],
    ['a comment is no event', 'data: 1\n\n: ping\n', undefined],
    ['nor an unfinished one', 'data: 1\n\n: pi', undefined],
    ['an id line counts', 'id: 7\n', { start: 0, text: 'id: 7\n' }],
    ['a byte order mark only', '\uFEFF', undefined],
    ['after a byte order mark', '\uFEFFdata', { start: 3, text: 'data' }],
    ['a comment line inside it', 'data: 1\n: x', { start: 0, text: 'data: 1\n: x' }],
  ])('%s', (_name, text, rest) => {
    expect(parseSse(toUtf8(text)).rest).toEqual(rest);
  });

  it('is a cut character with U+FFFD, and a cut byte order mark', () => {
    const bytes = toUtf8('data: é');
    expect(parseSse(bytes.subarray(0, bytes.length - 1)).rest).toEqual({ start: 0, text: 'data: \uFFFD' });
    expect(parseSse(Uint8Array.of(0xef, 0xbb)).rest).toEqual({ start: 0, text: '\uFFFD' });
  });
});

describe('pieces', () => {
  it('give the same as single bytes, whatever the lines are', () => {
    const line = fc.constantFrom(
      'data: é',
      'data:{"a":1}',
      'event: x',
      ': c',
      'id: 7',
      'retry',
      '',
      '',
      '日: 🎞',
      '\uFFFD',
    );
    const lineEnd = fc.constantFrom('\n', '\n', '\n', '\n', '\r\n', '\r');
    const text = fc.array(fc.tuple(line, lineEnd)).map((lines) => lines.flat().join(''));
    assertProperty(
      fc.property(text, fc.array(fc.nat(40)), (whole, cuts) => {
        const bytes = toUtf8(whole);
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const length of cuts) {
          pieces.push(bytes.slice(at, at + length));
          at += length;
        }
        pieces.push(bytes.slice(at));
        expect(parsePieces(pieces)).toEqual(parsePieces([...bytes].map((byte) => Uint8Array.of(byte))));
      }),
      { numRuns: 300 },
    );
  });

  const streams = [
    'event: response.created\ndata: {"type":"response.created"}\n\nevent: x\ndata: {"text":"höher 日本 🎞"}\n\n',
    '\uFEFF: hi\r\n\r\nid: 1\r\nevent: a\r\ndata: é\r\ndata: 🎞\r\n\r\n\r\ndata: 2\r\n\r\ndata: rest',
    'data: 1\r\rdata: 2\r: c\r\r\r\n\n\rdata\r\r: unfinished',
    '\n\r\n\rdata:\r\n\n\r\nevent: z\n\r\rdata: x\r\n\r',
  ];

  it.each(streams)('any cut of stream %# into two or three, and into bytes, gives the same', (text) => {
    const bytes = toUtf8(text);
    const whole = parseSse(bytes);
    expect(whole.events.length).toBeGreaterThan(0);
    expect(parsePieces(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
    for (let a = 0; a <= bytes.length; a++) {
      expect(parsePieces([bytes.subarray(0, a), bytes.subarray(a)])).toEqual(whole);
      for (let b = a; b <= Math.min(a + 3, bytes.length); b++) {
        const three = [bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b)];
        expect(parsePieces(three)).toEqual(whole);
      }
    }
  });

  it('give events at once: with the byte that ends the blank line', () => {
    const parser = createSseParser();
    const given = Array.from('data: 1\n\ndata: 2\r\r', (char) => parser.push(toUtf8(char)).length);
    expect(given.flatMap((count, i) => (count > 0 ? [i] : []))).toEqual([8, 17]);
  });

  it('never change the result, whatever the bytes', () => {
    const part = fc.oneof(
      fc.constantFrom('data', ':', ' ', '\n', '\r', '\r\n', 'event:', 'id', 'x', '\uFEFF', 'é').map(toUtf8),
      fc.uint8Array({ maxLength: 4 }),
    );
    assertProperty(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const bytes = concatBytes(parts);
        const whole = parseSse(bytes);
        expect(parsePieces(parts)).toEqual(whole);
        let before = 0;
        for (const { start, end } of whole.events) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          before = end;
        }
        expect(before).toBeLessThanOrEqual(whole.rest?.start ?? bytes.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('may be many: an event of 10 MB in pieces of 1 KB takes linear time', () => {
    const parse = (pieces: number) => {
      const parser = createSseParser();
      const piece = new Uint8Array(1024).fill(0x78);
      parser.push(toUtf8('data: '));
      for (let i = 0; i < pieces; i++) parser.push(piece);
      return parser.push(toUtf8('\n\n'));
    };
    // With quadratic copying this is 50 GB moved, far over the test's time.
    expect(parse(10_240)[0]?.data.length).toBe(10 * 1024 * 1024);
  });
});

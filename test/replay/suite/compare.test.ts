import { describe, expect, it } from 'vitest';
import { elidedText } from '../../../src/cassette/elide.ts';
import { type Comparison, compareDocuments, compareStreams } from '../../../src/replay/suite/compare.ts';

function differenceOf(compared: Comparison) {
  if (compared.how !== 'different') throw new Error(`they are ${compared.how}`);
  return compared.difference;
}

const event = (name: string, data: object) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

describe('compareDocuments', () => {
  it('is equal for the same bytes, and for placeholders with other numbers', () => {
    expect(compareDocuments('{"a":1}', '{"a":1}')).toEqual({ how: 'equal' });
    expect(compareDocuments('{"a":"[redacted:jwt#1]"}', '{"a":"[redacted:jwt#7]"}')).toEqual({ how: 'equal' });
  });

  it('names the first place, both values, the byte and how many more there are', () => {
    const difference = differenceOf(compareDocuments('{"ö":1,"b":{"c":[1,2]}}', '{"ö":1,"b":{"c":[1,3]},"d":null}'));
    expect(difference).toMatchObject({
      message: 'differs at /b/c/1 and 1 more',
      pointer: '/b/c/1',
      offset: 20,
      expected: '2',
      actual: '3',
      diff: ['- /b/c/1: 2', '+ /b/c/1: 3', '- /d: (absent)', '+ /d: null'],
    });
  });

  it('says that a document is only written in another way', () => {
    const difference = differenceOf(compareDocuments('{"a":1}', '{"a": 1}'));
    expect(difference.message).toBe('the same JSON, written in another way at byte 5');
    expect(difference.offset).toBe(5);
  });

  it('compares what is no JSON as text', () => {
    expect(differenceOf(compareDocuments('abc', 'abd'))).toMatchObject({
      message: 'differs from byte 2 on',
      offset: 2,
    });
  });

  it('does not know where nothing but placeholders differs', () => {
    const elided = `[elided:sha256=${'a'.repeat(64)};chars=300]`;
    expect(compareDocuments(`{"a":"${elided}"}`, '{"a":"text"}')).toEqual({
      how: 'unknowable',
      reason: 'redaction or elision left other texts on the two sides at /a',
    });
  });

  it('knows a text by the hash of its elision', () => {
    const text = 'a long text '.repeat(20);
    const [whole, elided] = [JSON.stringify({ a: text, b: 1 }), JSON.stringify({ a: elidedText(text), b: 1 })];
    expect(compareDocuments(whole, elided)).toEqual({ how: 'equal' });
    expect(compareDocuments(elided, whole)).toEqual({ how: 'equal' });
    expect(compareDocuments(elided, whole.replace('"b":1', '"b":2')).how).toBe('different');
    const [one, other] = [event('e', { a: text }), event('e', { a: elidedText(text) })];
    expect(compareStreams(one, other)).toEqual({ how: 'equal' });
    expect(compareStreams(one + one, other + event('e', { a: elidedText(`${text}.`) })).how).toBe('unknowable');
  });

  it('tells what differs beside a placeholder', () => {
    const difference = differenceOf(compareDocuments('{"a":"[redacted:jwt#1]","b":1}', '{"a":"x","b":2}'));
    expect(difference).toMatchObject({ message: 'differs at /b', pointer: '/b' });
  });

  it('cuts long values to where they part', () => {
    const difference = differenceOf(
      compareDocuments(
        JSON.stringify({ a: `${'x'.repeat(500)}1${'y'.repeat(500)}` }),
        JSON.stringify({ a: `${'x'.repeat(500)}2` }),
      ),
    );
    expect(difference.expected!.length).toBeLessThan(120);
    expect(difference.actual).toMatch(/^…"x+2"$/);
  });

  it('shows six places, and counts the rest', () => {
    const made = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, 1]));
    const { diff, message } = differenceOf(compareDocuments('{}', JSON.stringify(made)));
    expect(message).toBe('differs at /k0 and 8 more');
    expect(diff).toHaveLength(13);
    expect(diff!.at(-1)).toBe('  … and 3 more');
  });
});

describe('compareStreams', () => {
  const a = event('a', { type: 'a', n: 1 });
  const b = event('b', { type: 'b', n: 2 });
  const c = event('c', { type: 'c', n: 3 });

  it.each<[string, string, string, object]>([
    ['a missing event at the end', a + b, a, { message: 'event 2 (b) is missing', event: 1, offset: a.length }],
    ['an event too many', a, a + b, { message: 'event 2 (b) is one too many', event: 1, offset: a.length }],
    ['another event', a + b, a + c, { message: 'event 2 is c and should be b', event: 1 }],
    [
      'another value',
      a + b,
      a + event('b', { type: 'b', n: 9 }),
      { message: 'event 2 (b) differs at /n', pointer: '/n', event: 1, offset: a.length, expected: '2', actual: '9' },
    ],
    [
      'another framing',
      a,
      a.replace('data: ', 'data:'),
      { message: 'the same events, framed in another way from byte 14 on' },
    ],
  ])('tells %s', (_, recorded, made, expected) => {
    expect(differenceOf(compareStreams(recorded, made))).toMatchObject(expected);
  });

  it('shows the events that differ, with the one before them', () => {
    const { diff } = differenceOf(compareStreams(a + b + c, a + c));
    expect(diff).toEqual(['  1: a {"type":"a","n":1}', '- 2: b {"type":"b","n":2}']);
  });

  it('names chunks of Chat Completions, which have no event line', () => {
    const chunk = (text: string) => `data: {"choices":[{"delta":{"content":"${text}"}}]}\n\n`;
    const end = 'data: [DONE]\n\n';
    expect(differenceOf(compareStreams(chunk('x') + end, chunk('y') + end)).message).toBe(
      'event 1 (chunk) differs at /choices/0/delta/content',
    );
    expect(differenceOf(compareStreams(chunk('x') + end, chunk('x'))).message).toBe('event 2 ([DONE]) is missing');
  });

  it('does not know where nothing but placeholders differs', () => {
    const secret = (text: string) => event('a', { text });
    expect(compareStreams(b + secret('[redacted:jwt#1]'), b + secret('x'))).toEqual({
      how: 'unknowable',
      reason: 'redaction or elision left other texts on the two sides at /text, event 2',
    });
    expect(compareStreams(secret('[redacted:jwt#1]') + b, secret('x') + c).how).toBe('different');
  });

  it.each(['', event('d', {})])('names the event that is known to differ, not a placeholder before it (%#)', (more) => {
    const first = event('a', { text: '[redacted:jwt#1]' });
    const made = event('a', { text: 'x' }) + event('b', { type: 'b', n: 9 }) + c + more;
    const difference = differenceOf(compareStreams(first + b + c, made));
    expect(difference).toMatchObject({
      message: 'event 2 (b) differs at /n',
      pointer: '/n',
      event: 1,
      offset: first.length,
    });
    expect(difference.diff![0]).toBe('  1: a {"text":"[redacted:jwt]"}');
  });

  it('names an event that is one too many, not a placeholder before it', () => {
    const secret = (text: string) => event('a', { text });
    const difference = differenceOf(compareStreams(secret('[redacted:jwt#1]') + b, secret('x') + b + c));
    expect(difference).toMatchObject({ message: 'event 3 (c) is one too many', event: 2 });
  });
});

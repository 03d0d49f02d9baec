import { describe, expect, it } from 'vitest';
import { elideEntry } from '../../../src/cassette/edit/elide-entry.ts';
import { highestPlaceholder, mapPlaceholderBytes, mapPlaceholders } from '../../../src/cassette/edit/placeholders.ts';
import { parseRanges } from '../../../src/cassette/edit/ranges.ts';
import { elidedText } from '../../../src/cassette/elide.ts';
import { makeEntry } from '../../helpers/made-legs.ts';

describe('placeholders', () => {
  const text = 'é [redacted:api-key#2] %5Bredacted%3Ajwt%2310%5D [redacted:x# 3] [redacted]';

  it('get other numbers, in text and in bytes', () => {
    const mapped = text.replace('#2]', '#3]').replace('%2310', '%2311');
    expect(mapPlaceholders(text, (n) => n + 1)).toBe(mapped);
    expect(Buffer.from(mapPlaceholderBytes(Buffer.from(text), (n) => n + 1)).toString()).toBe(mapped);
    const other = Buffer.from([255, 1]);
    expect(mapPlaceholderBytes(other, (n) => n + 1)).toBe(other);
  });

  it('have a highest number', () => {
    expect(highestPlaceholder(text)).toBe(10);
    expect(highestPlaceholder('nothing')).toBe(0);
  });
});

describe('parseRanges', () => {
  it.each([
    ['2', [2]],
    ['1-3,5', [1, 2, 3, 5]],
    ['4-', [4, 5, 6]],
    ['-2, 6', [1, 2, 6]],
  ])('%s', (text, numbers) => {
    const within = parseRanges(text);
    expect([1, 2, 3, 4, 5, 6].filter(within)).toEqual(numbers);
  });

  it.each(['', '-', '0', '3-1', 'x', '1,,2', '1-2-3'])('refuses %j', (text) => {
    expect(() => parseRanges(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('elideEntry', () => {
  const long = 'ä'.repeat(300);
  const body = JSON.stringify({ instructions: long, input: 'hi' });

  it('puts hash and length in the place of static texts, and keeps how long the body was', () => {
    const count = { texts: 0, chars: 0 };
    const { request } = elideEntry(makeEntry({ requestText: body }), count);
    expect(request.postData).toEqual({
      mimeType: 'application/json',
      text: body.replace(long, elidedText(long)),
      _wire: { encodings: [], bytes: Buffer.byteLength(body) },
    });
    expect(count).toEqual({ texts: 1, chars: 300 });
  });

  it('drops coded bytes, which hold the texts', () => {
    const entry = makeEntry({ requestText: body });
    entry.request.postData!._wire = { encodings: ['zstd'], bytes: 99, sha256: 'a'.repeat(64), base64: 'AAAA' };
    const { request } = elideEntry(entry, { texts: 0, chars: 0 });
    expect(request.postData!._wire).toEqual({ encodings: ['zstd'], bytes: 99 });
  });

  it('elides what a WebSocket client sends', () => {
    const data = JSON.stringify({ type: 'response.create', instructions: long });
    const messages = [{ type: 'send' as const, time: 1, opcode: 1, data }];
    const entry = elideEntry({ ...makeEntry(), _webSocketMessages: messages }, { texts: 0, chars: 0 });
    expect(JSON.parse(entry._webSocketMessages![0]!.data).instructions).toBe(elidedText(long));
  });

  it.each([
    ['no protocol', makeEntry({ protocol: null, requestText: body })],
    ['no long text', makeEntry({ requestText: '{"instructions":"short"}' })],
    ['no body', makeEntry()],
  ])('leaves an entry with %s alone', (_, entry) => {
    expect(elideEntry(entry, { texts: 0, chars: 0 })).toBe(entry);
  });
});

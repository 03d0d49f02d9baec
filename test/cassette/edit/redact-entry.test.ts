import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEntryRedactor, highestNumber } from '../../../src/cassette/edit/redact-entry.ts';
import type { Chunk, Entry } from '../../../src/cassette/format.ts';
import { encodeBody } from '../../../src/decode/body.ts';
import { sha256Hex } from '../../../src/util/sha256.ts';
import { fixture, readAll } from '../../helpers/cassette-files.ts';
import { makeEntry } from '../../helpers/made-legs.ts';
import { assertProperty } from '../../helpers/properties.ts';

const KEY = `sk-${'proj-'}${'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'}`;
const PLACEHOLDER = /\[redacted:[a-z0-9-]+#\d+\]/g;

describe('a cassette that was redacted when it was recorded', () => {
  const names = readdirSync(fixture('cassettes/0.169.0')).map((name) => `cassettes/0.169.0/${name}`);
  it.each(names)('%s stays as it is', async (name) => {
    const { entries } = await readAll(fixture(name));
    const redactor = createEntryRedactor({ firstNumber: 100 });
    for (const entry of entries) expect(await redactor.entry(entry)).toEqual(entry);
    expect(redactor.counts()).toEqual({});
  });
});

describe('redaction of an entry', () => {
  it('changes nothing outside the secrets, however a body was read', async () => {
    const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/redacted|[\r\n]/.test(text));
    await assertProperty(
      fc.asyncProperty(plain, plain, fc.array(fc.nat(400), { maxLength: 6 }), async (before, after, cuts) => {
        const text = `data: ${before} ZQ-77 ${after}\n\n`;
        const bytes = Buffer.from(text);
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = places
          .slice(1)
          .map((end, i): Chunk => [i, { base64: bytes.subarray(places[i], end).toString('base64') }]);
        const entry = makeEntry({ requestText: text, requestType: 'text/plain' });
        entry.response.content = { size: bytes.length, mimeType: 'text/event-stream', _chunks: chunks };
        const redacted = await createEntryRedactor({ patterns: [/ZQ-\d\d/] }).entry(entry);
        const { _chunks } = redacted.response.content;
        expect(_chunks!.map(([ms]) => ms)).toEqual(chunks.map(([ms]) => ms));
        for (const out of [redacted.request.postData!.text, joined(_chunks!)]) {
          expect(out.replace(PLACEHOLDER, 'ZQ-77')).toBe(text);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('drops the bytes of a coded body, and keeps how it was coded', async () => {
    const text = JSON.stringify({ a: 'x', key: KEY });
    const bytes = await encodeBody(Buffer.from(text), ['zstd']);
    const wire = {
      encodings: ['zstd'],
      bytes: bytes.length,
      sha256: sha256Hex(bytes),
      base64: Buffer.from(bytes).toString('base64'),
    };
    const entry = makeEntry({ requestText: text });
    entry.request.postData!._wire = wire;
    const { postData } = (await createEntryRedactor().entry(entry)).request;
    expect(postData).toEqual({
      mimeType: 'application/json',
      text: expect.stringMatching(/^\{"a":"x","key":"\[redacted:[a-z-]+#1\]"\}$/),
      _redacted: 1,
      _wire: { encodings: ['zstd'], bytes: bytes.length },
    });
  });

  it.each([
    ['plain bytes', []],
    ['bytes that are coded without saying so', ['gzip']],
  ])('looks into %s', async (_, codings) => {
    const bytes = await encodeBody(Buffer.concat([Buffer.from([0, 255]), Buffer.from(KEY)]), codings);
    const entry = makeEntry();
    const base64 = Buffer.from(bytes).toString('base64');
    entry.response.content = {
      size: bytes.length,
      mimeType: '',
      _wire: { encodings: [], bytes: bytes.length, base64 },
    };
    const { content } = (await createEntryRedactor().entry(entry)).response;
    expect(content._redacted).toBe(1);
    expect(content._wire).toEqual({ encodings: [], bytes: bytes.length });
    const left = Buffer.from(content._decoded?.base64 ?? '', 'base64').toString('latin1');
    expect(left).toMatch(codings.length === 0 ? /^\0\xff\[redacted:[a-z-]+#1\]$/ : /^$/);
  });

  it('looks into a coded body that does not decode to its end', async () => {
    const whole = await encodeBody(Buffer.from(`${KEY} ${'x'.repeat(5000)}`), ['gzip']);
    const base64 = Buffer.from(whole.subarray(0, -4)).toString('base64');
    const entry = makeEntry();
    const wire = { encodings: ['gzip'], bytes: whole.length - 4, base64, undecodable: 'it is cut off' };
    entry.response.content = { size: 0, mimeType: '', _wire: wire };
    const { content } = (await createEntryRedactor().entry(entry)).response;
    expect(content).toMatchObject({ _redacted: 1, _wire: { undecodable: 'it is cut off' } });
    expect(content._wire).not.toHaveProperty('base64');
  });

  it('finds a key that is spread over the deltas of several messages', async () => {
    const delta = (text: string): string =>
      JSON.stringify({ type: 'response.output_text.delta', item_id: 'm', delta: text });
    const messages = [KEY.slice(0, 20), KEY.slice(20), ' and on'].map((text, i) => ({
      type: 'receive' as const,
      time: i,
      opcode: 1,
      data: delta(text),
    }));
    const entry: Entry = { ...makeEntry(), _webSocketMessages: messages };
    const redacted = await createEntryRedactor().entry(entry);
    const texts = redacted._webSocketMessages!.map(({ data }) => JSON.parse(data).delta);
    expect(texts).toEqual([expect.stringMatching(/^\[redacted:[a-z-]+#1\]$/), '', ' and on']);
    expect(redacted._webSocketMessages!.map(({ time }) => time)).toEqual([0, 1, 2]);
  });

  it('counts what it changes in messages, and for the upstream that is said to have the same ones', async () => {
    const text = (data: string, type: 'send' | 'receive') => ({ type, time: 0, opcode: 1, data });
    const bytes = {
      type: 'receive' as const,
      time: 0,
      opcode: 2,
      data: Buffer.from(`\u0000${KEY}`).toString('base64'),
    };
    const quiet = { ...makeEntry(), _webSocketMessages: [text('{"type":"response.create"}', 'send')] };
    const said = [
      text(`{"a":"${KEY}"}`, 'send'),
      text(`{"b":"${KEY}"}`, 'receive'),
      text(`two\n${KEY}`, 'receive'),
      bytes,
    ];
    const client = { ...makeEntry({ exchange: 'x2' }), _webSocketMessages: said, _webSocketRedacted: 3 };
    const same = {
      ...makeEntry({ exchange: 'x2', attempt: 1 }),
      _webSocketSameAs: 'client' as const,
      _webSocketRedacted: 3,
    };
    const other = {
      ...makeEntry({ exchange: 'x2', attempt: 2 }),
      _webSocketMessages: [text(`{"a":"${KEY}"}`, 'send')],
    };
    const redactor = createEntryRedactor();
    const counts: (number | undefined)[] = [];
    for (const entry of [quiet, client, same, other]) counts.push((await redactor.entry(entry))._webSocketRedacted);
    expect(counts).toEqual([undefined, 7, 7, 1]);
  });

  it('gives new placeholders new numbers and leaves old ones alone', async () => {
    const old = '[redacted:api-key#1] [redacted:jwt#7]';
    const entry = makeEntry({
      requestText: `{"a":"${old}","b":"${KEY}"}`,
      url: 'https://x.example/?key=%5Bredacted%3Aapi-key%233%5D',
    });
    const redactor = createEntryRedactor({ firstNumber: highestNumber(entry) + 1 });
    const redacted = await redactor.entry(entry);
    expect(redacted.request.url).toBe(entry.request.url);
    expect(redacted.request.postData!.text).toMatch(
      /^\{"a":"\[redacted:api-key#1\] \[redacted:jwt#7\]","b":"\[redacted:[a-z-]+#8\]"\}$/,
    );
  });

  it('replaces the value of a named header wherever it stands', async () => {
    const entry = makeEntry({
      requestHeaders: { 'X-Tenant': 'acme-corporation-7' },
      requestText: '{"t":"acme-corporation-7"}',
    });
    const { request } = await createEntryRedactor({ headers: ['x-tenant'] }).entry(entry);
    expect(request.headers).toEqual([{ name: 'X-Tenant', value: '[redacted:token#1]' }]);
    expect(request.postData!.text).toBe('{"t":"[redacted:token#1]"}');
  });
});

function joined(chunks: readonly Chunk[]): string {
  const parts = chunks.map(([, data]) =>
    typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.base64, 'base64'),
  );
  return Buffer.concat(parts).toString('utf8');
}

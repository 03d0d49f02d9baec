import { describe, expect, it } from 'vitest';
import { type Head, HeadCache } from '../../src/cassette/head-cache.ts';
import { createRedactor, type Redactor } from '../../src/cassette/redact.ts';
import { TapeWriter } from '../../src/cassette/tape.ts';
import { playTape, type TapePlace } from '../../src/cassette/tape-player.ts';
import { recordAll } from './support/scripted.ts';

const VALUE = ['tok', 'en-', 'Zq8vJ2mX5wLrT9bN'].join('');

/** A redactor that counts how often headers were redacted. */
function counting(): { redactor: Redactor; calls: () => number } {
  const inner = createRedactor();
  let calls = 0;
  const headers: Redactor['headers'] = (raw) => {
    calls += 1;
    return inner.headers(raw);
  };
  return { redactor: { ...inner, headers }, calls: () => calls };
}

/** A request's head, by way of the tape. */
function headOf(cache: HeadCache, headers: readonly string[], url = '/'): Head {
  let found: Head | undefined;
  const nothing = () => undefined;
  const place: TapePlace = {
    head: (status, list) => {
      found = cache.find(status, list);
      return found;
    },
    find: nothing,
    began: nothing,
    touched: nothing,
    closed: nothing,
    socketClosed: nothing,
  };
  const tape = new TapeWriter(nothing);
  tape.open(1, 0, null, '1-0', '', ['GET', url, '1.1'], headers);
  playTape(tape.take()!, place);
  return found!;
}

describe('heads that come again', () => {
  it('are redacted once', () => {
    const { redactor, calls } = counting();
    const cache = new HeadCache(redactor);
    const headers = ['Host', 'h', 'Authorization', `Bearer ${VALUE}`, 'X-\u4e2d', '\u00e9'];
    const first = cache.json(headOf(cache, headers));
    for (let n = 0; n < 3; n++) expect(cache.json(headOf(cache, headers))).toBe(first);
    expect(calls()).toBe(1);
    expect(JSON.parse(Buffer.from(first, 'latin1').toString('utf8'))).toEqual({
      method: 'GET',
      url: 'http://h/',
      httpVersion: '1.1',
      headers: ['Host', 'h', 'Authorization', 'Bearer [redacted:authorization#1]', 'X-\u4e2d', '\u00e9'],
    });
    // More than are looked at first.
    for (let n = 0; n < 40; n++) cache.json(headOf(cache, ['Host', 'h'], `/${n}`));
    expect(cache.json(headOf(cache, headers))).toBe(first);
    expect(calls()).toBe(41);
  });

  it('are redacted again when another head, or a body, has taught a credential', () => {
    const { redactor, calls } = counting();
    const cache = new HeadCache(redactor);
    const note = ['Host', 'h', 'X-Note', `see ${VALUE}`];
    expect(cache.json(headOf(cache, note))).toContain(VALUE);
    cache.json(headOf(cache, ['Host', 'h', 'Authorization', `Bearer ${VALUE}`]));
    expect(cache.json(headOf(cache, note))).not.toContain(VALUE);
    const before = calls();
    cache.json(headOf(cache, note));
    expect(calls()).toBe(before);
    cache.forget();
    cache.json(headOf(cache, note));
    expect(calls()).toBe(before + 1);
  });

  it('do not keep each other from being remembered when both hold the same credential', () => {
    const { redactor, calls } = counting();
    const cache = new HeadCache(redactor);
    for (let n = 0; n < 5; n++) {
      for (const name of ['A', 'B']) cache.json(headOf(cache, ['Authorization', `Bearer ${VALUE}`, name, '1']));
    }
    expect(calls()).toBe(2);
  });

  it('tell what their body is by what was sent', () => {
    const cache = new HeadCache(createRedactor());
    const { body } = headOf(cache, ['Content-Type', 'text/plain', 'Content-Encoding', 'gzip, identity, zstd']);
    expect(body).toEqual({ mimeType: 'text/plain', encodings: ['gzip', 'zstd'] });
  });
});

describe('a recording', () => {
  it('does not repeat a head that a body has shown to hold a secret', async () => {
    const headers = ['Content-Type', 'application/json', 'X-Note', `see ${VALUE}`];
    const body = [JSON.stringify({ api_key: VALUE })];
    const { exchanges } = await recordAll([{ request: { headers } }, { request: { body } }, { request: { headers } }]);
    const notes = exchanges.map(({ client }) => client.request.headers.find(({ name }) => name === 'X-Note')?.value);
    expect(notes).toEqual([`see ${VALUE}`, undefined, 'see [redacted:api-key#1]']);
  });
});

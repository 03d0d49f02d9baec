import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CassetteHeader, Entry, HarRequest } from '../../src/cassette/format.ts';
import { writeCassette } from '../../src/cassette/store.ts';
import { showCommand } from '../../src/cli/show.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { type CapturedIo, type CaptureOptions, captureIo } from '../helpers/capture-io.ts';
import { type MadeEntry, makeEntry, sse } from '../helpers/made-legs.ts';

const HEADER: CassetteHeader = {
  format: 1,
  tool: '0.1.0',
  recordedAt: '2026-01-02T03:04:05.000Z',
  client: { name: 'codex_exec', version: '0.169.0' },
  gateway: { name: 'tapedeck' },
  upstream: { url: 'https://provider.example/v1', protocol: 'responses' },
  redacted: { authorization: 1 },
  elided: { texts: 0, chars: 0 },
};

const BODY = '{"model":"gpt-4.1-mini","input":"hi","n":12.0}';
const CODED = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0xff]);
const STREAM = sse(
  { type: 'response.output_item.done', item: { type: 'message', content: [{ type: 'output_text', text: 'hello' }] } },
  { type: 'response.completed', response: { id: 'resp_1', status: 'completed' } },
).map((text, i): [number, string] => [i + 1, text]);

const PLAIN: MadeEntry = { exchange: 'plain', seq: 1, requestText: BODY, response: STREAM };
const REDACTED: MadeEntry = { exchange: '1', seq: 3, requestText: BODY, response: STREAM };

/** Exchanges: `plain` with a retry, `coded` with zstd facts, and one whose id is `1` with a redacted body. */
function entries(): Entry[] {
  const coded = makeEntry({ ...PLAIN, exchange: 'coded', seq: 2 });
  setBody(coded.request, {
    _wire: {
      encodings: ['zstd'],
      bytes: CODED.length,
      sha256: sha256Hex(CODED),
      base64: Buffer.from(CODED).toString('base64'),
    },
  });
  const redacted = makeEntry(REDACTED);
  setBody(redacted.request, { _redacted: 2 });
  return [
    makeEntry(PLAIN),
    makeEntry({
      ...PLAIN,
      attempt: 1,
      status: 429,
      responseType: 'application/json',
      response: '{"error":{"message":"slow"}}',
    }),
    makeEntry({ ...PLAIN, attempt: 2 }),
    coded,
    redacted,
  ];
}

function setBody(request: HarRequest, fields: object): void {
  request.postData = { ...request.postData!, ...fields };
}

let folder = '';
let cassette = '';
let single = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-show-'));
  await mkdir(join(folder, 'cassettes'));
  cassette = join(folder, 'cassettes', 'session.har');
  single = join(folder, 'single.har');
  await writeCassette(cassette, HEADER, entries());
  await writeCassette(single, HEADER, [makeEntry(PLAIN)]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function show(flags: Record<string, unknown> = {}, options: CaptureOptions = {}): Promise<CapturedIo> {
  const io = captureIo({ cwd: folder, ...options });
  const args = { _: ['show'], raw: false, json: false, curl: false, ...flags };
  expect(await showCommand.run(args, io)).toBe(0);
  return io;
}

async function showJson(
  flags: Record<string, unknown>,
): Promise<Record<string, unknown> & { legs: { leg: string }[] }> {
  const text = (await show({ ...flags, json: true })).out();
  expect(text.indexOf('\n')).toBe(text.length - 1);
  return JSON.parse(text);
}

describe('show without an exchange', () => {
  it('is a table of the newest cassette, under what it says of itself', async () => {
    const lines = (await show()).out().split('\n');
    expect(lines.slice(0, 5)).toEqual([
      cassette,
      'recorded  2026-01-02 03:04:05 UTC by tapedeck 0.1.0',
      'client    codex_exec 0.169.0',
      'upstream  https://provider.example/v1 (responses)',
      'redacted  1 authorization',
    ]);
    expect(lines[6]).toMatch(/^#\s+id\s+start\s+request\s+model/);
    expect(lines.slice(7, 10).map((line) => line.trim().split(/\s+/).slice(0, 2))).toEqual([
      ['1', 'plain'],
      ['2', 'coded'],
      ['3', '1'],
    ]);
  });

  it('is one JSON line with --json', async () => {
    expect(await showJson({ cassette })).toMatchObject({
      event: 'cassette',
      path: cassette,
      edited: false,
      header: HEADER,
      exchanges: [
        { id: 'plain', number: 1, attempts: 2, events: 2, result: '"hello"' },
        { id: 'coded', number: 2, coding: ['zstd'] },
        { id: '1', number: 3 },
      ],
    });
  });

  it('says of an empty cassette that it is empty', async () => {
    const path = join(folder, 'empty.har');
    await writeCassette(path, HEADER, []);
    expect((await show({ cassette: path })).out()).toContain('It holds no exchange.\n');
  });
});

describe('show with an exchange', () => {
  it.each<[flags: Record<string, unknown>, id: string]>([
    [{ exchange: 'coded' }, 'coded'],
    [{ exchange: '2' }, 'coded'],
    [{ exchange: '3' }, '1'],
    // The id wins over the number.
    [{ exchange: '1' }, '1'],
  ])('takes an id or a number: %j', async (flags, id) => {
    expect(await showJson({ cassette, ...flags })).toMatchObject({ event: 'exchange', id });
  });

  it('takes a lone number for an exchange of the newest cassette', async () => {
    expect(await showJson({ cassette: '2' })).toMatchObject({ id: 'coded' });
  });

  it('keeps to the terminal', async () => {
    const text = (await show({ cassette, exchange: 'plain' }, { columns: 60 })).out();
    expect(text).toContain('upstream response 1 of 2  429');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });

  it.each(['9', 'other', '0', '-1'])('names those there are when there is no %s', async (exchange) => {
    await expect(show({ cassette, exchange })).rejects.toMatchObject({
      code: 'usage',
      message: `No exchange ${JSON.stringify(exchange)} in this cassette.`,
      hint: 'It has 1 (plain), 2 (coded), 3 (1).',
    });
  });
});

describe('show --json', () => {
  it('has the events of a stream with their times and places, each once', async () => {
    const { legs } = await showJson({ cassette: single, exchange: 'plain' });
    const text = STREAM.map(([, part]) => part).join('');
    const first = STREAM[0]![1].length;
    expect(legs).toMatchObject([
      { leg: 'client-request', body: { text: BODY, bytes: BODY.length, redacted: 0 }, asks: { model: 'gpt-4.1-mini' } },
      { leg: 'client-response', body: { text }, answer: { text: 'hello', finish: 'completed' } },
    ]);
    expect((legs[1] as { events?: unknown }).events).toEqual([
      { ms: 1, type: 'response.output_item.done', start: 0, end: first, json: expect.any(Object) },
      { ms: 2, type: 'response.completed', start: first, end: text.length, json: expect.any(Object) },
    ]);
  });
});

describe('show --leg', () => {
  it('is one leg with its whole body', async () => {
    const text = (await show({ cassette, exchange: 'plain', leg: 'client-request' })).out();
    expect(text).toMatch(/^client request {2}POST /);
    expect(text).not.toContain('client response');
    expect(text).toContain('\n  "n": 12.0\n}\n');
  });

  it('takes the last attempt unless another one is asked for', async () => {
    const status = async (flags: object): Promise<unknown> =>
      (await showJson({ cassette, exchange: 'plain', leg: 'upstream-response', ...flags })).legs;
    expect(await status({})).toMatchObject([{ attempt: 2, response: { status: 200 } }]);
    expect(await status({ attempt: 1 })).toMatchObject([{ attempt: 1, response: { status: 429 } }]);
  });

  it('needs no exchange where there is only one', async () => {
    expect((await showJson({ cassette: single, leg: 'client-response' })).legs.map(({ leg }) => leg)).toEqual([
      'client-response',
    ]);
    await expect(show({ cassette, leg: 'client-request' })).rejects.toMatchObject({
      code: 'usage',
      message: 'Say which exchange is meant.',
    });
  });

  it('names the legs there are when there is no such one', async () => {
    await expect(show({ cassette, exchange: 'coded', leg: 'upstream-request' })).rejects.toMatchObject({
      code: 'usage',
      message: 'This exchange has no upstream-request.',
      hint: 'It has client-request, client-response.',
    });
    await expect(show({ cassette, exchange: 'plain', leg: 'upstream-request', attempt: 3 })).rejects.toMatchObject({
      message: 'This exchange has no upstream-request of attempt 3.',
      hint: expect.stringContaining('upstream-request (attempt 2)'),
    });
  });
});

describe('show --raw', () => {
  it('writes just the bytes of the wire', async () => {
    const raw = async (exchange: string, leg: string): Promise<Buffer> =>
      (await show({ cassette, exchange, leg, raw: true })).outBytes();
    expect(new Uint8Array(await raw('coded', 'client-request'))).toEqual(CODED);
    expect((await raw('plain', 'client-request')).toString()).toBe(BODY);
    expect((await raw('plain', 'client-response')).toString()).toBe(STREAM.map(([, text]) => text).join(''));
  });

  it('keeps bytes that are no text from a terminal', async () => {
    const flags = { cassette, exchange: 'coded', leg: 'client-request', raw: true };
    await expect(show(flags, { isTTY: true })).rejects.toMatchObject({
      code: 'usage',
      hint: 'Add `> FILE` or a pipe.',
    });
  });

  it('says why it cannot after redaction', async () => {
    await expect(show({ cassette, exchange: '3', leg: 'client-request', raw: true })).rejects.toMatchObject({
      code: 'usage',
      message: 'The bytes of the client-request are not in the cassette: redaction replaced 2 values in it.',
    });
  });
});

describe('show --curl', () => {
  it('is a command and nothing else on stdout', async () => {
    const io = await show({ cassette, exchange: 'coded', curl: true });
    expect(io.out()).toMatch(/^# The client sent the body as zstd \(5 B\); here it is decoded\.\ncurl /);
    expect(io.out()).toContain(`\n${BODY}\nTAPEDECK_BODY\n`);
    expect(io.err()).toBe('');
  });
});

describe('flags that make no sense together', () => {
  it.each<[flags: Record<string, unknown>, message: RegExp]>([
    [{ raw: true }, /--raw needs --leg/],
    [{ raw: true, json: true, leg: 'client-request' }, /--raw and --json cannot both/],
    [{ json: true, curl: true }, /--json and --curl cannot both/],
    [{ curl: true, leg: 'client-response' }, /--curl shows the client request/],
    [{ attempt: 1 }, /--attempt needs --leg/],
    [{ attempt: 1, leg: 'client-request' }, /--attempt needs --leg upstream/],
  ])('%j', async (flags, message) => {
    await expect(show({ cassette, ...flags })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });
});

describe('cassettes that are not there', () => {
  it('are an error of their own', async () => {
    await expect(show({ cassette: join(folder, 'none.har') })).rejects.toMatchObject({ code: 'cassette-not-found' });
    await expect(show({}, { cwd: join(folder, 'cassettes') })).rejects.toMatchObject({ code: 'cassette-not-found' });
  });
});

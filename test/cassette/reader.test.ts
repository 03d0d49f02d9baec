import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CassetteHeader, type Entry, FORMAT_VERSION } from '../../src/cassette/format.ts';
import { findCassette, openCassette, writeCassette } from '../../src/cassette/store.ts';
import { makeEntry } from '../helpers/made-legs.ts';
import { arrayOf, HEADER, temporaryFolder } from './support/scripted.ts';

const header: CassetteHeader = { ...HEADER, redacted: {}, elided: { texts: 0, chars: 0 } };
const ENTRIES = [
  makeEntry({ exchange: 'x1', seq: 1, requestText: '{"a":"é"}' }),
  makeEntry({ exchange: 'x1', seq: 1, attempt: 1, requestText: '{"a":"é"}' }),
  makeEntry({ exchange: 'x2', seq: 2, requestText: '{"b":2}' }),
];

async function cassetteText(entries: readonly Entry[] = ENTRIES): Promise<string> {
  const path = join(temporaryFolder(), 'made.har');
  await writeCassette(path, header, entries);
  return readFile(path, 'utf8');
}

async function fileWith(text: string | Uint8Array): Promise<string> {
  const path = join(temporaryFolder(), 'x.har');
  await writeFile(path, text);
  return path;
}

/** Opens a file and reads it to its end. */
async function readText(text: string | Uint8Array, options: { pristine?: boolean } = {}) {
  const cassette = await openCassette(await fileWith(text), options);
  try {
    const entries = await arrayOf(cassette.entries());
    const exchanges = await arrayOf(cassette.exchanges());
    return { header: cassette.header, edited: cassette.edited, entries, exchanges };
  } finally {
    await cassette.close();
  }
}

describe('a cassette', () => {
  it('is read entry by entry and exchange by exchange, as often as wanted', async () => {
    const { edited, entries, exchanges } = await readText(await cassetteText(), { pristine: true });
    expect(edited).toBe(false);
    expect(entries).toEqual(ENTRIES);
    expect(exchanges.map(({ id, seq, attempts }) => [id, seq, attempts.length])).toEqual([
      ['x1', 1, 1],
      ['x2', 2, 0],
    ]);
  });

  it('that was edited within an entry is shown as edited, and read', async () => {
    const text = (await cassetteText()).replace('{\\"b\\":2}', '{\\"b\\":3}');
    const { edited, entries } = await readText(text);
    expect(edited).toBe(true);
    expect(entries[2]?.request.postData?.text).toBe('{"b":3}');
    await expect(readText(text, { pristine: true })).rejects.toMatchObject({ code: 'cassette-edited' });
  });

  it.each([
    ['reformatted', (text: string) => JSON.stringify(JSON.parse(text), null, 4)],
    ['minified', (text: string) => JSON.stringify(JSON.parse(text))],
    ['given other line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    ['given a byte order mark', (text: string) => `\ufeff${text}`],
    ['given an empty line', (text: string) => text.replace('  },\n  {\n', '  },\n\n  {\n')],
    ['robbed of its checksum', (text: string) => text.replace(/ \],\n "_sha256".*\n/, ' ]\n')],
  ])('that was %s is read whole, as edited', async (_, change) => {
    const text = change(await cassetteText());
    const { edited, entries, exchanges, ...rest } = await readText(text);
    expect(edited).toBe(true);
    expect(entries).toEqual(ENTRIES);
    expect(exchanges).toHaveLength(2);
    expect(rest.header).toEqual(header);
    await expect(readText(text, { pristine: true })).rejects.toMatchObject({ code: 'cassette-edited' });
  });

  it('may have its entries in another order when it is read whole', async () => {
    const document = JSON.parse(await cassetteText());
    document.log.entries.reverse();
    const { exchanges } = await readText(JSON.stringify(document));
    expect(exchanges.map(({ id, attempts }) => [id, attempts.length])).toEqual([
      ['x1', 1],
      ['x2', 0],
    ]);
  });

  it('may have a header that was cut down', async () => {
    const document = JSON.parse(await cassetteText());
    document.log._tapedeck = { format: FORMAT_VERSION };
    expect((await readText(JSON.stringify(document))).header).toMatchObject({ format: 1, gateway: { name: '' } });
  });
});

describe('what cannot be read', () => {
  it.each<[string, (text: string) => string | Uint8Array, string, RegExp]>([
    ['an empty file', () => '', 'cassette-unreadable', /is empty/],
    [
      'a file cut off in an entry',
      (text) => text.slice(0, 1200),
      'cassette-unreadable',
      /cut off at byte 120\d \(line \d+\)/,
    ],
    ['a file cut off in its last line', (text) => text.slice(0, -2), 'cassette-unreadable', /cut off at byte \d+/],
    [
      'a minified file that is cut off',
      (text) => JSON.stringify(JSON.parse(text)).slice(0, 900),
      'cassette-unreadable',
      /cut off at byte 90\d \(line 1\)/,
    ],
    ['a text', () => 'Hello\nworld\n', 'cassette-unreadable', /not JSON at line 1 \(byte 0\)/],
    ['bytes', () => Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x0a), 'cassette-unreadable', /not JSON/],
    [
      'an entry that is no JSON any more',
      (text) => text.replace('"_seq": 2,', '"_seq": 2;'),
      'cassette-unreadable',
      /not JSON at line \d\d+ \(byte \d{4}\)/,
    ],
    [
      'a comma too many after the entries',
      (text) => text.replace('  }\n ],', '  },\n ],'),
      'cassette-unreadable',
      /not JSON at line \d\d+/,
    ],
    ['JSON that is no HAR', () => '{"model":"m","input":[]}', 'cassette-unreadable', /no HAR file/],
    ['JSON that is no object', () => 'null', 'cassette-unreadable', /no HAR file/],
    ['a newer format', (text) => text.replace('"format": 1', '"format": 2'), 'cassette-too-new', /format 2.*up to 1/],
    [
      'a newer format in a newer layout',
      () => '{ "log": { "_tapedeck": { "format": 7 }, "entries": [] } }',
      'cassette-too-new',
      /format 7/,
    ],
    ['a format that never was', (text) => text.replace('"format": 1', '"format": "x"'), 'cassette-unreadable', /"x"/],
    [
      'an entry without what makes it one',
      (text) => text.replace('"_side": "client"', '"_side": "left"'),
      'cassette-unreadable',
      /entry at line 1\d \(byte \d+\) breaks the format: _side/,
    ],
    [
      'the same when it is read whole',
      (text) => JSON.stringify(JSON.parse(text)).replace('"method":"POST"', '"method":1'),
      'cassette-unreadable',
      /entry 1 breaks the format: request\.method/,
    ],
    [
      'an exchange without a client',
      (text) => text.replaceAll('"_exchange": "x1"', '"_exchange": "x2"'),
      'cassette-unreadable',
      /Exchange x2 has 2 client entries/,
    ],
  ])('%s is refused, with the place and what to do', async (_, change, code, message) => {
    const attempt = readText(change(await cassetteText()));
    await expect(attempt).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/\.$/),
    });
    await expect(attempt).rejects.toThrow('x.har');
  });

  it('an exchange whose entries stand apart is named', async () => {
    const [a, b, c] = ENTRIES;
    await expect(readText(await cassetteText([a!, c!, b!]))).rejects.toThrow(/exchange x1 do not stand together/);
  });

  it('counts the place in bytes of the file', async () => {
    const text = (await cassetteText()).replace('"_seq": 2,', '"_seq": 2;');
    const line = text.slice(0, text.indexOf('"_seq": 2;')).split('\n').length;
    const byte = Buffer.byteLength(text.slice(0, text.indexOf('2;') + 1));
    await expect(readText(text)).rejects.toThrow(`line ${line} (byte ${byte})`);
  });

  it('a path with nothing, or a folder', async () => {
    const folder = temporaryFolder();
    await expect(openCassette(join(folder, 'none.har'))).rejects.toMatchObject({ code: 'cassette-not-found' });
    await expect(openCassette(folder)).rejects.toMatchObject({ code: 'cassette-not-found' });
  });
});

describe('a HAR file of another program', () => {
  const har = {
    log: {
      version: '1.2',
      creator: { name: 'WebInspector', version: '537.36' },
      entries: [
        {
          startedDateTime: '2025-01-02T03:04:05.678Z',
          time: 12,
          request: {
            method: 'POST',
            url: 'https://api.example.com/v1/chat/completions?a=b',
            headers: [{ name: 'a', value: 'b' }],
            postData: { mimeType: 'application/json', text: '{}' },
          },
          response: { status: 200, headers: [], content: { mimeType: 'image/png', text: '/wA=', encoding: 'base64' } },
        },
        {
          startedDateTime: '2025-01-02T03:04:06.000Z',
          request: { method: 'GET', url: 'https://example.com/', headers: [] },
          response: { status: 0, headers: [] },
        },
      ],
    },
  };

  it('is read as the client side of one exchange an entry', async () => {
    const { header: adopted, edited, exchanges } = await readText(JSON.stringify(har));
    expect(edited).toBe(false);
    expect(adopted).toMatchObject({ tool: 'WebInspector 537.36', recordedAt: '2025-01-02T03:04:05.678Z' });
    expect(exchanges.map(({ id, protocol, outcome }) => [id, protocol, outcome])).toEqual([
      ['x1', 'chat', 'complete'],
      ['x2', null, 'upstream-error'],
    ]);
    expect(exchanges[0]?.client._seed).toMatch(/^1735787045678-[0-9a-f]{16}$/);
    expect(exchanges[0]?.client.response.content._wire?.base64).toBe('/wA=');
    await expect(readText(JSON.stringify(har), { pristine: true })).rejects.toMatchObject({ code: 'cassette-edited' });
  });
});

describe('finding a cassette', () => {
  it('takes the newest of the folder, by time and then by name', async () => {
    const folder = temporaryFolder();
    const text = await cassetteText();
    const [old, recent] = [new Date(1_700_000_000_000), new Date(1_700_000_001_000)];
    for (const [name, time] of [
      ['c.har', old],
      ['a.har', recent],
      ['b.har', recent],
      ['z.txt', recent],
    ] as const) {
      await writeFile(join(folder, name), text);
      await utimes(join(folder, name), time, time);
    }
    expect(await findCassette(folder, '/')).toBe(join(folder, 'b.har'));
    expect(await findCassette('c.har', folder)).toBe(join(folder, 'c.har'));
  });

  it('says what to do when there is none', async () => {
    const folder = temporaryFolder();
    for (const arg of [undefined, '.', 'x.har']) {
      await expect(findCassette(arg, folder)).rejects.toMatchObject({
        code: 'cassette-not-found',
        hint: expect.stringContaining('tapedeck record'),
      });
    }
  });
});

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CassetteHeader, Entry } from '../../src/cassette/format.ts';
import { createCassetteScanner, type ScanEvent } from '../../src/cassette/scan.ts';
import { entryPieces } from '../../src/cassette/serialize.ts';
import { openCassette, writeCassette } from '../../src/cassette/store.ts';
import { makeEntry } from '../helpers/made-legs.ts';
import { assertProperty } from '../helpers/properties.ts';
import { arrayOf, HEADER, temporaryFolder } from './support/scripted.ts';

const header: CassetteHeader = { ...HEADER, redacted: {}, elided: { texts: 0, chars: 0 } };

/** Texts that try to look like the lines that hold entries apart. */
const awkward = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('  {', '  },', '  }', '\n  },\n', ' "entries": [', '}}', '\u2028', '\ufeff', '{"log": {'),
);
const chunk = fc.tuple(fc.nat(), fc.oneof(awkward, fc.record({ base64: fc.base64String() })));
const extra = fc.dictionary(awkward, fc.jsonValue(), { maxKeys: 4, noNullPrototype: true });

const entries = fc.array(
  fc
    .record({
      extra,
      text: awkward,
      headers: fc.array(fc.record({ name: awkward, value: awkward }), { maxLength: 3 }),
      chunks: fc.array(chunk, { maxLength: 4 }),
      upstream: fc.boolean(),
    })
    .map(({ extra, text, headers, chunks, upstream }) => {
      const made = makeEntry({ requestText: text });
      const content = { size: 0, mimeType: '', _chunks: chunks } as Entry['response']['content'];
      const side = upstream ? { _side: 'upstream' as const, _attempt: 1 } : {};
      const response = { ...made.response, headers, content };
      // JSON has no -0.
      return JSON.parse(JSON.stringify({ ...extra, ...made, ...side, response })) as Entry;
    }),
  { maxLength: 5 },
);

async function write(list: readonly Entry[]): Promise<string> {
  const path = join(temporaryFolder(), 'x.har');
  await writeCassette(path, header, list);
  return path;
}

describe('writing and reading', () => {
  it('gives the same entries and the same header', async () => {
    await assertProperty(
      fc.asyncProperty(entries, async (list) => {
        const cassette = await openCassette(await write(list), { pristine: true });
        expect(cassette.header).toEqual(header);
        expect(await arrayOf(cassette.entries())).toEqual(list);
        await cassette.close();
      }),
      { numRuns: 60 },
    );
  });

  it('makes a file that is JSON as a whole', async () => {
    await assertProperty(
      fc.asyncProperty(entries, async (list) => {
        const { log } = JSON.parse(await readFile(await write(list), 'utf8'));
        expect(Object.keys(log)).toEqual(['_tapedeck', 'version', 'creator', 'entries', '_sha256']);
        expect(log.entries).toEqual(list);
      }),
      { numRuns: 30 },
    );
  });

  it('writes the same bytes for what was read', async () => {
    const path = await write([makeEntry({ seq: 1 }), makeEntry({ seq: 2, exchange: 'x2', response: '{}' })]);
    const cassette = await openCassette(path);
    const again = join(temporaryFolder(), 'again.har');
    await writeCassette(again, cassette.header, cassette.entries());
    await cassette.close();
    expect(await readFile(again, 'utf8')).toBe(await readFile(path, 'utf8'));
  });
});

function entryLines(entry: Entry): string[] {
  return entryPieces(entry).join('').split('\n');
}

describe('the layout', () => {
  it('keeps the lines that hold entries apart out of them', () => {
    assertProperty(
      fc.property(entries, (list) => {
        for (const entry of list) {
          const lines = entryLines(entry);
          expect([lines[0], lines.at(-1)]).toEqual(['  {', '  }']);
          expect(lines.slice(1, -1).every((line) => line.startsWith('    '))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('begins and ends with fixed lines, and has one line a header and a chunk', async () => {
    const path = await write([
      makeEntry({
        responseHeaders: { A: '1', B: '2' },
        response: [
          [1, 'a\n'],
          [2.5, 'b'],
        ],
      }),
    ]);
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(lines.slice(0, 2)).toEqual(['{"log": {', ' "_tapedeck": {']);
    expect(lines.slice(-4, -2)).toEqual([' ],', expect.stringMatching(/^ "_sha256": "[0-9a-f]{64}"$/)]);
    expect(lines.slice(-2)).toEqual(['}}', '']);
    expect(lines).toContain('        {"name": "A", "value": "1"},');
    expect(lines).toContain('          [1, "a\\n"],');
    expect(lines).toContain('          [2.5, "b"]');
  });

  it('has the same order of members whatever order they came in', () => {
    const entry = makeEntry({ requestText: '{}' });
    const reversed = Object.fromEntries(Object.entries(entry).reverse()) as unknown as Entry;
    expect(entryLines(reversed)).toEqual(entryLines(entry));
  });

  it('ends with the hash of the bytes between the line of the entries and the line after them', async () => {
    for (const list of [[], [makeEntry()], [makeEntry(), makeEntry({ exchange: 'x2', seq: 2 })]]) {
      const text = await readFile(await write(list), 'utf8');
      const from = text.indexOf(' "entries": [\n') + ' "entries": [\n'.length;
      const between = text.slice(from, text.lastIndexOf(' ],\n'));
      expect(text).toContain(` "_sha256": "${createHash('sha256').update(between).digest('hex')}"`);
    }
  });
});

describe('the scanner', () => {
  const scan = (parts: readonly Uint8Array[]): ScanEvent[] => {
    const scanner = createCassetteScanner();
    return [...parts.flatMap((part) => scanner.push(part)), ...scanner.end()];
  };

  it('sees the same in every split of a file into two, and into single bytes', async () => {
    const list = [makeEntry({ requestText: '{"a":"\u00e9"}' }), makeEntry({ exchange: 'x2', seq: 2 })];
    const bytes = await readFile(await write(list));
    const whole = scan([bytes]);
    expect(whole.map(({ kind }) => kind)).toEqual(['header', 'entry', 'entry', 'footer']);
    // As text: comparing buffers member by member takes seconds.
    const seen = (events: readonly ScanEvent[]) =>
      JSON.stringify(events.map((event) => ('bytes' in event ? { ...event, bytes: `${event.bytes}` } : event)));
    for (let at = 0; at <= bytes.length; at++) {
      expect(seen(scan([bytes.subarray(0, at), bytes.subarray(at)]))).toBe(seen(whole));
    }
    expect(seen(scan([...bytes].map((byte) => Uint8Array.of(byte))))).toBe(seen(whole));
  });

  it('says of every beginning of a file that it is cut off, and where', async () => {
    const bytes = await readFile(await write([makeEntry()]));
    // Without its last line feed a file is whole; less than the first line could be anything.
    for (let length = '{"log": {\n'.length; length < bytes.length - 1; length++) {
      expect(scan([bytes.subarray(0, length)]).at(-1)).toMatchObject({ kind: 'cut', offset: length });
    }
    expect(scan([bytes.subarray(0, -1)]).at(-1)).toMatchObject({ kind: 'footer' });
  });

  it('tells where each entry stands', async () => {
    const bytes = await readFile(await write([makeEntry(), makeEntry({ exchange: 'x2', seq: 2 })]));
    for (const event of scan([bytes])) {
      if (event.kind !== 'entry') continue;
      const part = bytes.subarray(event.offset, event.offset + event.bytes.length);
      expect(Buffer.compare(part, event.bytes)).toBe(0);
      expect(bytes.subarray(0, event.offset).toString().split('\n')).toHaveLength(event.line);
    }
  });
});

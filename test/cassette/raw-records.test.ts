import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexJournal, readRecords } from '../../src/cassette/index-journal.ts';
import { type JournalPart, parseRecord, pushRecord, rawBytesAfter } from '../../src/cassette/raw-records.ts';
import { assertProperty } from '../helpers/properties.ts';
import { HEADER } from './support/scripted.ts';

function bytesOf(parts: readonly JournalPart[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

const LEG =
  '"legs":[{"leg":"client-response","reads":[[1.5,2],[2,3],[2.5,0],[3,1,1]],"body":{"size":9,"bytes":9,"raw":4}}]';
const RAW = ['ab', 'c\n}', '', 'x', '\u00e9\n\n'].map((text) => Buffer.from(text));

describe('a record with bytes behind its line', () => {
  const parts: JournalPart[] = [];
  pushRecord(parts, `{"x":7,"t":"close",${LEG}`, RAW);
  const bytes = bytesOf(parts);

  it('gets its texts back', () => {
    expect(parseRecord(bytes.subarray(0, -1))).toEqual({
      x: 7,
      t: 'close',
      legs: [
        {
          leg: 'client-response',
          chunks: [
            [1.5, 'ab'],
            [2, 'c\n}'],
            [2.5, ''],
            [3, { base64: 'eA==' }],
          ],
          body: { size: 9, bytes: 9, text: '\u00e9\n\n' },
        },
      ],
    });
  });

  it('says how many there are, however its line was read', () => {
    const line = bytes.subarray(0, bytes.indexOf('\n') + 1);
    for (let cut = 0; cut <= line.length; cut++) {
      expect(rawBytesAfter([line.subarray(0, cut), line.subarray(cut)])).toBe(bytes.length - line.length);
    }
    expect(rawBytesAfter([...line].map((byte) => Uint8Array.of(byte)))).toBe(bytes.length - line.length);
    expect(rawBytesAfter([Buffer.from('{"x":1,"t":"open"}\n')])).toBe(0);
  });

  it('keeps bytes that are no text as bytes', () => {
    const cut: JournalPart[] = [];
    pushRecord(cut, '{"x":1,"t":"chunks","legs":[{"leg":"client-response","reads":[[1,1],[2,1]]}]', [
      Uint8Array.of(0xc3),
      Uint8Array.of(0xa9),
    ]);
    expect(parseRecord(bytesOf(cut).subarray(0, -1))?.legs?.[0]?.chunks).toEqual([
      [1, { base64: 'ww==' }],
      [2, { base64: 'qQ==' }],
    ]);
  });

  it('costs what stood in it alone when it was damaged', () => {
    expect(parseRecord(Buffer.from('{"x":1,"t":'))).toBeUndefined();
  });
});

describe('a journal of such records', () => {
  it('is read in order whatever the bytes are, and in blocks of any size; a torn one at its end is not counted', async () => {
    const texts = fc.array(fc.constantFrom('', '\n', '{"x":9,"t":"open"}\n', '"raw":5}\n', 'text'), { maxLength: 3 });
    const block = fc.integer({ min: 1, max: 40 });
    await assertProperty(
      fc.asyncProperty(
        fc.array(texts, { maxLength: 5 }),
        block,
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (list, size, torn) => {
          const start = { tapedeckJournal: 2, owner: {}, force: false, header: HEADER };
          const parts: JournalPart[] = [`${JSON.stringify(start)}\n`];
          list.forEach((raw, i) => {
            const reads = raw.map((text) => `[1,${text.length}]`).join(',');
            const json = `{"x":${i + 1},"t":"open","legs":[{"leg":"client-response","reads":[${reads}]}]`;
            pushRecord(
              parts,
              json,
              raw.map((text) => Buffer.from(text)),
            );
          });
          const whole = bytesOf(parts).length;
          pushRecord(parts, '{"x":99,"t":"open","legs":[{"leg":"client-response","reads":[[1,9]]}]', [
            Buffer.from('123456789'),
          ]);
          const all = bytesOf(parts);
          const journal = all.subarray(0, whole + Math.floor(torn * (all.length - whole - 1)));
          const read = async (at: number, length: number) => journal.subarray(at, at + Math.min(length, size));
          const index = await indexJournal(read);
          const inFull = async (at: number, length: number) => journal.subarray(at, at + length);
          const found = [...index.lines.inOrder()];
          expect(found.map(([seq]) => seq)).toEqual(list.map((_, i) => i + 1));
          for (const [seq, lines] of found) {
            const [record] = await readRecords(inFull, lines);
            expect(record?.legs?.[0]?.chunks?.map(([, data]) => data)).toEqual(list[seq - 1]);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

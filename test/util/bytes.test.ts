import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBuffer } from '../../src/util/byte-buffer.ts';
import { concatBytes, fromUtf8, isUtf8, plainBytes, toUtf8 } from '../../src/util/bytes.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { assertProperty } from '../helpers/properties.ts';

describe('concatBytes', () => {
  it('joins in order, and does not copy a single part', () => {
    expect(concatBytes([])).toEqual(new Uint8Array(0));
    expect(concatBytes([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)])).toEqual(Uint8Array.of(1, 2, 3));
    const one = Uint8Array.of(1);
    expect(concatBytes([one])).toBe(one);
  });
});

describe('UTF-8', () => {
  it.each<[string, number[], boolean]>([
    ['nothing', [], true],
    ['ASCII', [0x41, 0x00, 0x7f], true],
    ['four bytes', [0xf0, 0x9f, 0x8e, 0x9e], true],
    ['a cut character', [0xf0, 0x9f, 0x8e], false],
    ['a continuation alone', [0x80], false],
    ['too long a form', [0xc0, 0xaf], false],
    ['a surrogate', [0xed, 0xa0, 0x80], false],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80], false],
  ])('%s', (_name, bytes, valid) => {
    expect(isUtf8(Uint8Array.from(bytes))).toBe(valid);
  });

  it('keeps a byte order mark, and so comes back unchanged', () => {
    const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, 0x41);
    expect(fromUtf8(bytes)).toBe('\uFEFFA');
    expect(toUtf8(fromUtf8(bytes))).toEqual(bytes);
    assertProperty(fc.property(fc.string({ unit: 'binary' }), (text) => fromUtf8(toUtf8(text)) === text));
  });

  it('replaces what is none, both ways', () => {
    expect(fromUtf8(Uint8Array.of(0x41, 0xff, 0xf0, 0x9f, 0x42))).toBe('A\uFFFD\uFFFDB');
    expect(toUtf8('\ud800')).toEqual(Uint8Array.of(0xef, 0xbf, 0xbd));
  });

  it('reads a view at its own place', () => {
    expect(fromUtf8(toUtf8('abcdef').subarray(2, 4))).toBe('cd');
  });
});

describe('plainBytes', () => {
  it('shares the memory and copies on slice', () => {
    const buffer = Buffer.from('abc').subarray(1);
    const plain = plainBytes(buffer);
    expect(plain).toEqual(Uint8Array.of(0x62, 0x63));
    const copy = plain.slice();
    buffer[0] = 0x78;
    expect([plain[0], copy[0]]).toEqual([0x78, 0x62]);
  });
});

describe('sha256Hex', () => {
  it('is that of the bytes, or of the UTF-8 of the text', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256Hex('abc')).toBe(abc);
    expect(sha256Hex(toUtf8('xabc').subarray(1))).toBe(abc);
    expect(sha256Hex('é')).toBe(sha256Hex(Uint8Array.of(0xc3, 0xa9)));
  });
});

describe('ByteBuffer', () => {
  it('is a queue: what goes in comes out, in any mix of sizes, and pieces are not written to', () => {
    const step = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat({ max: 60 }));
    assertProperty(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new ByteBuffer();
        let model: number[] = [];
        const pieces: [Uint8Array, number[]][] = [];
        for (const step of steps) {
          if (typeof step === 'number') {
            expect([...buffer.take(step)]).toEqual(model.slice(0, step));
            model = model.slice(step);
          } else {
            pieces.push([step, [...step]]);
            buffer.append(step);
            model = [...model, ...step];
          }
          expect([...buffer.view()]).toEqual(model);
          expect(buffer.length).toBe(model.length);
        }
        for (const [piece, before] of pieces) expect([...piece]).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });
});

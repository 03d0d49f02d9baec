import { describe, expect, it } from 'vitest';
import { Xxh64 } from '../../../src/decode/zstd/xxh64.ts';
import { toUtf8 } from '../../../src/util/bytes.ts';

function hashOf(pieces: readonly Uint8Array[]): string {
  const hash = new Xxh64();
  for (const piece of pieces) hash.update(piece);
  return hash.digest().toString(16).padStart(16, '0');
}

describe('Xxh64', () => {
  // From the reference implementation (xxhsum -H1), one for every path: none, bytes, words, one stripe and more.
  it.each([
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
    ['message digest', '066ed728fceeb3be'],
    ['abcdefghijklmnopqrstuvwxyz', 'cfe1f278fa89835c'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'aaa46907d3047814'],
    ['12345678901234567890123456789012345678901234567890123456789012345678901234567890', 'e04a477f19ee145d'],
  ])('of %j', (text, digest) => {
    expect(hashOf([toUtf8(text)])).toBe(digest);
  });

  it('is the same in every split', () => {
    const bytes = Uint8Array.from({ length: 101 }, (_, i) => (i * 37) & 255);
    const whole = hashOf([bytes]);
    for (let at = 0; at <= bytes.length; at++) expect(hashOf([bytes.subarray(0, at), bytes.subarray(at)])).toBe(whole);
    expect(hashOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(whole);
  });
});

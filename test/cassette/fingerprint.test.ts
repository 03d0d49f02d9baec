import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fingerprint } from '../../src/cassette/fingerprint.ts';
import { assertProperty } from '../helpers/properties.ts';

function printOf(bytes: Uint8Array, cuts: readonly number[], limit = 1000, releaseAt = -1): Fingerprint {
  const print = new Fingerprint(limit);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  edges.slice(1).forEach((to, i) => {
    if (i === releaseAt) print.release();
    print.add(bytes.subarray(edges[i], to));
  });
  return print;
}

const input = fc.record({
  bytes: fc.uint8Array({ maxLength: 40 }),
  cuts: fc.array(fc.nat(40), { maxLength: 4 }),
  limit: fc.nat(50),
  releaseAt: fc.integer({ min: -1, max: 4 }),
});

describe('a fingerprint', () => {
  it('has the hash and the length of all bytes, and holds the first ones', () => {
    assertProperty(
      fc.property(input, ({ bytes, cuts, limit, releaseAt }) => {
        const print = printOf(bytes, cuts, limit, releaseAt);
        expect(print.bytes).toBe(bytes.length);
        expect(print.sha256()).toBe(createHash('sha256').update(bytes).digest('hex'));
        const released = releaseAt >= 0 && releaseAt <= cuts.length;
        expect([...print.held()]).toEqual(released ? [] : [...bytes.subarray(0, limit)]);
        expect(print.whole).toBe(!released && bytes.length <= limit);
        expect([...print.first(3)]).toEqual([...print.held().subarray(0, 3)]);
      }),
    );
  });

  it('equals another one of the same bytes, however they were cut and kept, and no other', () => {
    assertProperty(
      fc.property(input, input, fc.nat(39), (a, b, at) => {
        const one = printOf(a.bytes, a.cuts, a.limit, a.releaseAt);
        expect(one.equals(printOf(a.bytes, b.cuts, b.limit, b.releaseAt))).toBe(true);
        expect(printOf(a.bytes, b.cuts, b.limit, b.releaseAt).equals(one)).toBe(true);
        if (a.bytes.length === 0) return;
        const other = a.bytes.slice();
        other[at % other.length]! ^= 1;
        expect(one.equals(printOf(other, a.cuts, b.limit, b.releaseAt))).toBe(false);
        expect(one.equals(printOf(a.bytes.subarray(1), a.cuts, b.limit, b.releaseAt))).toBe(false);
      }),
    );
  });
});

import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makePng } from '../../src/conformance/png.ts';

describe('makePng', () => {
  it('makes the four parts of a PNG, with pixels from black to orange', () => {
    const png = Buffer.from(makePng(4));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([4, 4]);
    const start = png.indexOf('IDAT') + 4;
    const rows = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
    expect(rows).toHaveLength(4 * (1 + 3 * 4));
    expect([...rows.subarray(1, 4)]).toEqual([0, 0, 0]);
    expect([...rows.subarray(-3)]).toEqual([255, 128, 0]);
    // The checksum of an empty IEND is the same in every PNG (W3C PNG, section 11.2.5).
    expect(png.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082');
  });

  it('is the same every time', () => expect(makePng(8)).toEqual(makePng(8)));
});

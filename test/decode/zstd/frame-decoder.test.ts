import { describe, expect, it } from 'vitest';
import { ZstdFrameDecoder } from '../../../src/decode/zstd/frame-decoder.ts';
import { readBlockHeader, readFrameHeader } from '../../../src/decode/zstd/header.ts';
import { ZstdMeter } from '../../../src/decode/zstd/meter.ts';
import { fromUtf8, toUtf8 } from '../../../src/util/bytes.ts';
import { sequenceBomb } from '../battery/bodies.ts';
import { block, compressedBlock, frameHeader, rawBlock, rleBlock } from './frames.ts';

/** A frame decoder that has begun a frame of this window (1 KiB by default). */
function begin(window = 0) {
  const header = readFrameHeader(frameHeader({ window }));
  const decoder = new ZstdFrameDecoder();
  const meter = new ZstdMeter();
  decoder.begin(header);
  meter.begin(header);
  /** The text of a block, or what is wrong with it; the meter must come to the same size. */
  return (bytes: Uint8Array): string => {
    const measured = meter.measure(readBlockHeader(bytes), bytes, 0);
    const decoded = decoder.decode(readBlockHeader(bytes), bytes, 7);
    if (!(decoded instanceof Uint8Array)) return decoded.message;
    expect(measured).toBe(decoded.length);
    return fromUtf8(decoded);
  };
}

/** Bits in the order in which they are read, the first one first, with the end mark: a stream that is read from its back. */
function backward(bits: string): number[] {
  const all = `1${bits}`;
  const padded = all.padStart(Math.ceil(all.length / 8) * 8, '0');
  return (padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)).reverse();
}

/** RLE modes for lengths, offsets and matches: each sequence has these codes, and costs their extra bits alone. */
function sequences(literals: string, count: number, [length, offset, match]: [number, number, number], bits: string) {
  const head = [literals.length << 3, ...toUtf8(literals), count, 0b01010100, length, offset, match];
  const content = [...head, ...backward(bits)];
  return block('compressed', content.length, content);
}

const DAMAGED = (what: string) => `zstd: the data is damaged (${what}) at byte 7 of the coded body`;

describe('sequences', () => {
  it('copy from within what was decoded, over their own beginning too', () => {
    const decode = begin();
    // Two literals, then offset value 4 + 1 (distance 2), match 3 + 3: "ab" again and again.
    expect(decode(sequences('abc', 1, [2, 2, 3], '01'))).toBe('abababab' + 'c');
  });

  it('reach back into the blocks before', () => {
    const decode = begin();
    expect(decode(rawBlock(toUtf8('hello ')))).toBe('hello ');
    // No literals, offset value 8 + 1 (distance 6), match 3 + 2.
    expect(decode(sequences('!', 1, [0, 3, 2], '001'))).toBe('hello!');
  });

  it('use the offsets before again, one later when there are no literals', () => {
    const decode = begin();
    expect(decode(rawBlock(toUtf8('abcdefgh')))).toBe('abcdefgh');
    // The frame begins with 1, 4, 8. Value 1 after a literal is the first of them.
    expect(decode(sequences('x', 1, [1, 0, 0], ''))).toBe('xxxx');
    // Value 2 (code 1, bit 0) after a literal is the second: distance 4, which is now the first.
    expect(decode(sequences('y', 1, [1, 1, 0], '0'))).toBe('yxxx');
    // Value 1 after no literals is the second now: distance 1 again.
    expect(decode(sequences('', 1, [0, 0, 0], ''))).toBe('xxx');
    // Value 3 after no literals is the first less one: 0.
    expect(decode(sequences('', 1, [0, 1, 0], '1'))).toBe(DAMAGED('a match before the beginning'));
  });

  it('stay within the window, also after what is out of reach was dropped', () => {
    const decode = begin();
    expect(decode(rleBlock(0x61, 1000))).toHaveLength(1000);
    for (let i = 0; i < 50; i++) expect(decode(rawBlock(toUtf8(`${i}`.padStart(100, '.'))))).toHaveLength(100);
    // Offset value 512 + 391 (distance 900): the start of the block before the last eight.
    expect(decode(sequences('', 1, [0, 9, 0], '110000111'.padStart(9, '0')))).toBe('...');
    // Offset value 1024 + 4 (distance 1025), a byte further than the window.
    expect(decode(sequences('', 1, [0, 10, 0], '0000000100'))).toBe(DAMAGED('a match before the beginning'));
  });

  it.each<[string, Uint8Array, string]>([
    [
      'more literals than there are',
      sequences('a', 1, [2, 0, 0], ''),
      'sequences ask for more literals than there are',
    ],
    ['a match before the beginning', sequences('a', 1, [1, 2, 0], '01'), 'a match before the beginning'],
    ['bits left over', sequences('a', 1, [1, 0, 0], '0'), 'sequences with bits left over'],
    ['bits missing', sequences('a', 1, [1, 2, 0], '0'), 'sequences end before they are whole'],
    ['an offset of 2 GiB', sequences('a', 1, [1, 31, 0], '0'.repeat(31)), 'an offset beyond every window'],
    ['a length code that there is not', sequences('a', 1, [36, 0, 0], ''), 'sequences with a code that there is not'],
    ['a reserved bit', block('compressed', 4, [0, 1, 1, 1]), 'a reserved bit of the sequences is set'],
    [
      'a table again that there was not',
      block('compressed', 4, [0, 1, 0xfc, 1]),
      'sequences use a table again that there was not',
    ],
    ['no end mark', block('compressed', 7, [0, 1, 0b01010100, 0, 0, 0, 0]), 'a bit stream has no end mark'],
    ['bytes after no sequences', block('compressed', 3, [0, 0, 0]), 'bytes after a block without sequences'],
    ['no sequences section', block('compressed', 2, [8, 65]), 'sequences are cut off'],
    ['literals cut off', block('compressed', 2, [16, 65]), 'literals are cut off'],
    [
      'more literals than the block maximum',
      block('compressed', 4, [0x05, 0x41, 65, 0]),
      'as many literals as a block cannot have',
    ],
    [
      'Huffman literals without a table',
      block('compressed', 5, [0x13, 0x40, 0, 1, 0]),
      'literals without a Huffman table',
    ],
  ])('are refused for %s', (_name, bytes, what) => {
    expect(begin()(bytes)).toBe(DAMAGED(what));
  });

  it('cannot make a block larger than its maximum, whatever they claim: no time and no memory is spent', () => {
    const bomb = sequenceBomb().subarray(6);
    const what = 'a block that comes to more than its maximum';
    expect(begin(0x58)(bomb)).toBe(DAMAGED(what));
    const meter = new ZstdMeter();
    meter.begin(readFrameHeader(frameHeader({ window: 0x58 })));
    expect(meter.measure(readBlockHeader(bomb), bomb, 7)).toMatchObject({ status: 400, message: DAMAGED(what) });
  });
});

describe('a frame', () => {
  it('begins anew: nothing of the one before counts', () => {
    const header = readFrameHeader(frameHeader({ window: 0 }));
    const decoder = new ZstdFrameDecoder();
    decoder.begin(header);
    const first = compressedBlock(0x61, 20);
    expect(decoder.decode(readBlockHeader(first), first, 0)).toHaveLength(20);
    decoder.begin(header);
    const match = sequences('', 1, [0, 3, 0], '001');
    expect(decoder.decode(readBlockHeader(match), match, 7)).toMatchObject({
      message: DAMAGED('a match before the beginning'),
    });
  });
});

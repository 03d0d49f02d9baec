import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/decode/limits.ts';
import { ZstdScanner } from '../../../src/decode/zstd/scanner.ts';
import { walkZstd } from '../../../src/decode/zstd/walk.ts';
import { concatBytes, toUtf8 } from '../../../src/util/bytes.ts';
import { assertProperty } from '../../helpers/properties.ts';
import type { FrameShape } from './frames.ts';
import { block, CODEX_FRAME, compressedBlock, frame, frameHeader, rawBlock, rleBlock, skippable } from './frames.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../fixtures/zstd/${name}`, import.meta.url)));
const text = toUtf8('{"model":"stub"}');

describe('the facts of a frame', () => {
  it('are those of the frames that Codex sends', () => {
    const bytes = fixture('codex-shape.zst');
    expect(walkZstd(bytes)).toEqual({
      frames: [
        {
          kind: 'frame',
          offset: 0,
          bytes: bytes.length,
          descriptor: 0x00,
          windowSize: 2 * 1024 * 1024,
          singleSegment: false,
          contentSize: null,
          dictionaryId: 0,
          checksum: false,
          blocks: 1,
          bound: 128 * 1024,
        },
      ],
      least: 0,
      most: 128 * 1024,
    });
  });

  it('are listed for every frame, skippable ones too, with their places', () => {
    const { frames, problem } = walkZstd(fixture('mixed.zst'));
    expect(problem).toBeUndefined();
    expect(frames.map(({ kind }) => kind)).toEqual(['skippable', 'frame', 'skippable', 'frame', 'frame', 'skippable']);
    let end = 0;
    for (const facts of frames) {
      expect(facts.offset).toBe(end);
      end += facts.bytes;
    }
    expect(end).toBe(fixture('mixed.zst').length);
  });

  const blocks = [rawBlock(text, true)];
  const size = (value: bigint, bytes: 1 | 2 | 4 | 8, single: boolean): FrameShape => ({
    window: single ? undefined : 0x58,
    contentSize: { value, bytes },
  });
  it.each<[string, Uint8Array, object]>([
    ['content size in one byte', frame(size(16n, 1, true), blocks), { contentSize: 16, bound: 16, windowSize: 16 }],
    ['in two bytes, from 256', frame(size(300n, 2, false), [rleBlock(1, 300, true)]), { contentSize: 300, bound: 300 }],
    ['in four bytes', frame(size(16n, 4, false), blocks), { contentSize: 16, windowSize: 2 ** 21 }],
    ['in eight bytes', frame(size(16n, 8, true), blocks), { contentSize: 16, singleSegment: true }],
    ['content size 0', frame(size(0n, 1, true), [rawBlock(new Uint8Array(0), true)]), { contentSize: 0, bound: 0 }],
    ['window with mantissa', frame({ window: 0x5f }, blocks), { windowSize: 2 ** 21 + 7 * 2 ** 18 }],
    ['smallest window', frame({ window: 0 }, blocks), { windowSize: 1024 }],
    ['checksum', frame({ window: 0, checksum: true }, blocks, [1, 2, 3, 4]), { checksum: true, descriptor: 0x04 }],
    [
      'dictionary id 0 written out',
      frame({ window: 0, dictionaryId: { value: 0, bytes: 4 } }, blocks),
      { dictionaryId: 0 },
    ],
  ])('%s', (_name, bytes, facts) => {
    const walk = walkZstd(bytes);
    expect(walk.problem).toBeUndefined();
    expect(walk.frames).toEqual([expect.objectContaining({ ...facts, bytes: bytes.length })]);
  });

  it('count raw and RLE blocks exactly and compressed ones at the block maximum', () => {
    const body = frame({ window: 0x08 }, [rawBlock(text), rleBlock(65, 1000), compressedBlock(66, 3, true)]);
    const walk = walkZstd(body);
    expect(walk.frames[0]).toMatchObject({ windowSize: 2048, blocks: 3, bound: 16 + 1000 + 2048 });
    expect(walk).toMatchObject({ least: 1016, most: 1016 + 2048 });
  });

  it('do not trust a content size for the bound over all frames', () => {
    const lie = frame({ window: 0x58, contentSize: { value: 5n, bytes: 4 } }, [compressedBlock(65, 31, true)]);
    expect(walkZstd(lie)).toMatchObject({ most: 128 * 1024, frames: [{ bound: 5 }] });
  });

  it('know all sixteen magic numbers of skippable frames', () => {
    for (let nibble = 0; nibble < 16; nibble++) {
      const walk = walkZstd(skippable(nibble, text));
      expect(walk).toEqual({ frames: [{ kind: 'skippable', offset: 0, bytes: 24 }], least: 0, most: 0 });
    }
  });
});

describe('a problem', () => {
  const last = rawBlock(text, true);
  const good = frame(CODEX_FRAME, [last]);
  const dictionary = (value: number, bytes: 1 | 2 | 4) => frame({ window: 0, dictionaryId: { value, bytes } }, [last]);
  it.each<[string, Uint8Array, number, number, RegExp]>([
    ['no body', new Uint8Array(0), 400, 0, /no coded body/],
    ['plain JSON', text, 400, 0, /wrong magic number/],
    ['a dictionary id of one byte', dictionary(7, 1), 400, 0, /needs dictionary 7\b/],
    ['of two bytes', dictionary(0x1234, 2), 400, 0, /needs dictionary 4660\b/],
    ['of four bytes', dictionary(0xfedcba98, 4), 400, 0, /needs dictionary 4275878552\b/],
    ['reserved bit', frame({ window: 0, reservedBit: true }, [last]), 400, 4, /reserved bit/],
    ['reserved block type', frame(CODEX_FRAME, [block('reserved', 1, [0], true)]), 400, 6, /reserved type/],
    [
      'raw block over the window',
      frame({ window: 0 }, [rawBlock(new Uint8Array(1025), true)]),
      400,
      6,
      /maximum of 1024/,
    ],
    ['RLE block over 128 KiB', frame(CODEX_FRAME, [rleBlock(1, 131_073, true)]), 400, 6, /maximum of 131072/],
    ['compressed block over it', frame(CODEX_FRAME, [block('compressed', 131_073, [])]), 400, 6, /maximum of 131072/],
    [
      'compressed block without content',
      frame(CODEX_FRAME, [block('compressed', 1, [0], true)]),
      400,
      6,
      /without content/,
    ],
    ['window over 8 MiB', frame({ window: 0x69 }, [last]), 413, 0, /window of 9 MiB.*8 MiB.*RFC 9659/],
    ['largest window there is', frame({ window: 0xff }, [last]), 413, 0, /window of 3\.8 TiB/],
    ['single segment over 8 MiB', frame({ contentSize: { value: 2n ** 33n, bytes: 8 } }, [last]), 413, 0, /8 GiB/],
    [
      'content size below the raw blocks',
      frame({ contentSize: { value: 15n, bytes: 1 } }, [last]),
      400,
      6,
      /maximum of 15/,
    ],
    [
      'content size above the blocks',
      frame({ window: 0x58, contentSize: { value: 17n, bytes: 4 } }, [last]),
      400,
      0,
      /promises 17 bytes/,
    ],
    [
      'one byte after the end',
      concatBytes([good, Uint8Array.of(0x28)]),
      400,
      good.length,
      /more bytes after the last frame/,
    ],
    [
      'zeros after the end',
      concatBytes([good, new Uint8Array(9)]),
      400,
      good.length,
      /more bytes after the last frame/,
    ],
  ])('%s', (_name, bytes, status, offset, message) => {
    const { problem } = walkZstd(bytes);
    expect(problem).toMatchObject({ status, offset, coding: 'zstd' });
    expect(problem?.message).toMatch(message);
    expect(problem?.code).toBe(status === 413 ? 'body-too-large' : 'coding-corrupt');
  });

  it('is found for a cut at every byte, with its offset, and leaves the facts known by then', () => {
    const whole = concatBytes([
      skippable(3, text),
      frame({ window: 0x58, checksum: true }, [rawBlock(text), last], [1, 2, 3, 4]),
    ]);
    for (let cut = 0; cut < whole.length; cut++) {
      const walk = walkZstd(whole.subarray(0, cut));
      if (cut === 24) {
        // Exactly after the skippable frame: that is a whole body, of nothing.
        expect(walk.problem).toBeUndefined();
        continue;
      }
      const between = cut > 24 && cut < 28;
      expect(walk.problem, `cut at ${cut}`).toMatchObject({ status: 400, offset: between ? 24 : cut });
    }
    const cutInBlock = walkZstd(whole.subarray(0, 40));
    expect(cutInBlock.problem?.message).toBe('zstd: the coded body ends inside a block at byte 40 of the coded body');
    expect(cutInBlock.frames[1]).toMatchObject({ offset: 24, bytes: 16, windowSize: 2 ** 21, blocks: 0 });
  });

  it('is too many frames', () => {
    const one = skippable(0, new Uint8Array(0));
    const body = concatBytes(Array.from({ length: LIMITS.zstdFrames + 1 }, () => one));
    expect(walkZstd(body.subarray(one.length)).problem).toBeUndefined();
    expect(walkZstd(body).problem).toMatchObject({ status: 413, offset: LIMITS.zstdFrames * one.length });
  });
});

describe('the scanner', () => {
  it('finds the same in every split, byte by byte too', () => {
    const bodies = [fixture('mixed.zst'), fixture('checksum.zst'), fixture('junk.zst'), fixture('cut.zst')];
    for (const body of bodies) {
      const whole = scan([body]);
      expect(scan(Array.from(body, (byte) => Uint8Array.of(byte)))).toEqual(whole);
      for (let at = 0; at <= body.length; at++) {
        const split = scan([body.subarray(0, at), body.subarray(at)]);
        // A problem can be found before the second piece is there, and then the frame is known less far.
        expect(split.problem).toEqual(whole.problem);
        if (whole.problem === undefined) expect(split).toEqual(whole);
      }
    }
  });

  it('never throws, whatever the bytes', () => {
    const header = fc.record({
      window: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
      checksum: fc.boolean(),
      reservedBit: fc.boolean(),
    });
    const start = fc.oneof(
      header.map((shape) => frameHeader({ ...shape, contentSize: { value: 400n, bytes: 2 } })),
      fc.constant(new Uint8Array(0)),
    );
    const bytes = fc.tuple(start, fc.uint8Array({ maxLength: 200 })).map(concatBytes);
    assertProperty(
      fc.property(fc.array(bytes, { maxLength: 3 }), (parts) => {
        const walk = walkZstd(concatBytes(parts));
        if (walk.problem !== undefined) expect([400, 413]).toContain(walk.problem.status);
        expect(walk.least).toBeLessThanOrEqual(walk.most);
      }),
      { numRuns: 500 },
    );
  });
});

function scan(pieces: readonly Uint8Array[]) {
  const scanner = new ZstdScanner();
  for (const piece of pieces) scanner.push(piece);
  scanner.end();
  const { frames, least, most, problem } = scanner;
  return { frames, least, most, problem };
}

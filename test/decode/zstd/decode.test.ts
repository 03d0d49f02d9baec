import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { compress } from '@mongodb-js/zstd';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/decode/limits.ts';
import { decodeZstd } from '../../../src/decode/zstd/decode.ts';
import { createZstdStep } from '../../../src/decode/zstd/step.ts';
import { concatBytes, toUtf8 } from '../../../src/util/bytes.ts';
import { sha256Hex } from '../../../src/util/sha256.ts';
import { assertProperty } from '../../helpers/properties.ts';
import { block, CODEX_FRAME, compressedBlock, frame, rawBlock, rleBlock, skippable } from './frames.ts';

const MIB = 1024 * 1024;
/** Room for every fixture, and less than the bound of one compressed block. */
const MEASURED = 25_000;
const FOLDER = new URL('../../../fixtures/zstd/', import.meta.url);
const fixture = (name: string) => new Uint8Array(readFileSync(new URL(name, FOLDER)));
const expected = new Map(
  readFileSync(new URL('expected.txt', FOLDER), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').reverse() as [string, string]),
);

/** All ways to decode: by the headers alone, measured first, and as a stream in pieces of one byte. */
async function decodeAllWays(bytes: Uint8Array) {
  const whole = await decodeZstd(bytes, 64 * MIB);
  const measured = await decodeZstd(bytes, MEASURED);
  const step = createZstdStep(64 * MIB);
  const parts: Uint8Array[] = [];
  for (const byte of bytes) parts.push(...(await step.push(Uint8Array.of(byte))));
  parts.push(...(await step.end()));
  return { whole, measured, streamed: { bytes: concatBytes(parts), problem: step.problem } };
}

describe('against the reference program', () => {
  it('knows every fixture', () => {
    expect([...expected.keys()].sort()).toEqual(
      readdirSync(FOLDER)
        .filter((name) => name.endsWith('.zst'))
        .sort(),
    );
  });

  it.each([...expected])('%s gives %s', async (name, sha256) => {
    const { whole, measured, streamed } = await decodeAllWays(fixture(name));
    if (sha256 === 'refused' || name === 'window-128mib.zst') {
      const status = name === 'window-128mib.zst' ? 413 : 400;
      expect(whole).toMatchObject({ ok: false, problem: { status } });
      expect(measured).toMatchObject({ ok: false, problem: { status } });
      expect(streamed.problem).toMatchObject({ status });
      return;
    }
    expect(streamed.problem).toBeUndefined();
    for (const result of [whole, measured]) expect(result.ok && sha256Hex(result.bytes)).toBe(sha256);
    expect(sha256Hex(streamed.bytes)).toBe(sha256);
  });

  it('refuses every cut of a frame with a checksum', async () => {
    const bytes = fixture('content-size-checksum.zst');
    for (let cut = 1; cut < bytes.length; cut += 7) {
      const { whole, streamed } = await decodeAllWays(bytes.subarray(0, cut));
      expect(whole).toMatchObject({ ok: false, problem: { code: 'coding-corrupt', status: 400 } });
      expect(streamed.problem).toMatchObject({ code: 'coding-corrupt', status: 400 });
    }
  });
});

describe('the output limit', () => {
  it('holds by the headers before anything is decompressed', async () => {
    const raw = frame(CODEX_FRAME, [rawBlock(toUtf8('x'.repeat(100))), rleBlock(65, 901, true)]);
    expect(await decodeZstd(raw, 1001)).toMatchObject({ ok: true });
    expect(await decodeZstd(raw, 1000)).toMatchObject({ ok: false, problem: { status: 413, code: 'body-too-large' } });
    const promise = frame({ window: 0x58, contentSize: { value: 1001n, bytes: 4 } }, [compressedBlock(65, 31, true)]);
    expect(await decodeZstd(promise, 1000)).toMatchObject({ ok: false, problem: { status: 413 } });
  });

  it('adds up over frames', async () => {
    const one = frame(CODEX_FRAME, [rleBlock(65, 600, true)]);
    const result = await decodeZstd(concatBytes([one, skippable(1, one), one]), 1000);
    expect(result).toMatchObject({ ok: false, problem: { status: 413 } });
    expect(result.frames).toHaveLength(3);
  });

  it('refuses a bomb of RLE blocks and one of compressed blocks', async () => {
    const rle = Array.from({ length: 800 }, (_, i) => rleBlock(65, 128 * 1024, i === 799));
    const rleBomb = await decodeZstd(frame(CODEX_FRAME, rle), 64 * MIB);
    expect(rleBomb).toMatchObject({ ok: false, problem: { status: 413 } });
    const zeros = await compress(Buffer.alloc(8 * MIB), 3);
    expect(zeros.length).toBeLessThan(2000);
    const bomb = await decodeZstd(zeros, 4 * MIB);
    expect(bomb).toMatchObject({
      ok: false,
      problem: { status: 413, message: 'zstd: the body decodes to more than 4 MiB' },
    });
    expect(await decodeZstd(zeros, 8 * MIB)).toMatchObject({ ok: true });
  });

  it('lets a stream of many small blocks through whose bound alone is over the limit', async () => {
    const blocks = Array.from({ length: 600 }, (_, i) => compressedBlock(97 + (i % 26), 1 + (i % 31), i === 599));
    const result = await decodeZstd(frame(CODEX_FRAME, blocks), 64 * MIB);
    expect(result).toMatchObject({ ok: true, frames: [{ blocks: 600, bound: 600 * 128 * 1024 }] });
    const length = blocks.reduce((sum, _block, i) => sum + 1 + (i % 31), 0);
    expect(result.ok && result.bytes.length).toBe(length);
  });

  it('holds for a content size that lies low', async () => {
    const blocks = Array.from({ length: 40 }, (_, i) => compressedBlock(65, 31, i === 39));
    const lie = frame({ window: 0x58, contentSize: { value: 5n, bytes: 4 } }, blocks);
    expect(await decodeZstd(lie, 1000)).toMatchObject({ ok: false, problem: { status: 413 } });
    expect(await decodeZstd(lie, 2000)).toMatchObject({ ok: false, problem: { status: 400 } });
  });

  it('bounds the number of blocks, empty ones too', async () => {
    const body = (count: number) => {
      const blocks = new Uint8Array(3 * count);
      blocks[3 * (count - 1)] = 1;
      return frame(CODEX_FRAME, [blocks]);
    };
    expect(await decodeZstd(body(LIMITS.zstdBlocks), 1000)).toMatchObject({ ok: true });
    const problem = { status: 413, offset: 6 + 3 * LIMITS.zstdBlocks };
    expect(await decodeZstd(body(LIMITS.zstdBlocks + 1), 1000)).toMatchObject({ ok: false, problem });
  });

  it('stops a stream at the block that is over it', async () => {
    const step = createZstdStep(1000);
    const output: number[] = [];
    for (const part of [frame(CODEX_FRAME, [rleBlock(65, 600)]), rleBlock(66, 400), rleBlock(67, 1, true)]) {
      output.push(concatBytes(await step.push(part)).length);
    }
    expect(output).toEqual([600, 400, 0]);
    expect(step.problem).toMatchObject({ status: 413 });
    expect(await step.end()).toEqual([]);
  });
});

describe('a stream', () => {
  it('gives each block out with the bytes that complete it, the first one too, however short', async () => {
    const step = createZstdStep(MIB);
    const push = async (bytes: Uint8Array) => new TextDecoder().decode(concatBytes(await step.push(bytes)));
    expect(await push(frame(CODEX_FRAME, [rawBlock(toUtf8(': \n'))]))).toBe(': \n');
    const next = rawBlock(toUtf8('data: 1\n\n'));
    expect(await push(next.subarray(0, 5))).toBe('');
    expect(await push(next.subarray(5))).toBe('data: 1\n\n');
    expect(await push(compressedBlock(0x61, 2))).toBe('aa');
    expect(await push(rawBlock(new Uint8Array(0), true))).toBe('');
    expect(await step.end()).toEqual([]);
    expect(step.problem).toBeUndefined();
  });

  it('compares content size and checksum at the end of each frame', async () => {
    // The size fits what the blocks may come to, so only decoding shows that it is wrong.
    const size = { value: 7n, bytes: 4 } as const;
    const { whole, streamed } = await decodeAllWays(
      frame({ window: 0, contentSize: size }, [compressedBlock(65, 6, true)]),
    );
    expect(whole).toMatchObject({ ok: false, problem: { status: 400 } });
    expect(streamed.problem?.message).toBe('zstd: the frame decodes to 6 bytes, and its header says 7');
    const wrong = createZstdStep(MIB);
    await wrong.push(fixture('wrong-checksum.zst'));
    expect(wrong.problem?.message).toBe('zstd: the content does not fit its checksum');
  });
});

describe('any bytes', () => {
  it('never make a decoder throw or go over its limit', async () => {
    const good = fixture('codex-shape.zst');
    const damaged = fc
      .tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 0, max: 255 }), fc.nat({ max: good.length }))
      .map(([at, byte, length]) => Uint8Array.from(good.with(at, byte).subarray(0, length)));
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      damaged,
      fc
        .uint8Array({ minLength: 2, maxLength: 60 })
        .map((bytes) => frame(CODEX_FRAME, [block('compressed', bytes.length, [...bytes], true)])),
    );
    await assertProperty(
      fc.asyncProperty(bodies, async (bytes) => {
        const { whole, measured, streamed } = await decodeAllWays(bytes);
        expect(streamed.bytes.length).toBeLessThanOrEqual(64 * MIB);
        if (measured.ok) expect(measured.bytes.length).toBeLessThanOrEqual(MEASURED);
        if (whole.ok && streamed.problem === undefined) expect(streamed.bytes).toEqual(whole.bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('come back from libzstd in each way of decoding', async () => {
    await assertProperty(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 4 }), async (parts) => {
        const frames = await Promise.all(parts.map((part) => compress(Buffer.from(part), 3)));
        const { whole, streamed } = await decodeAllWays(concatBytes(frames));
        expect(whole.ok && whole.bytes).toEqual(concatBytes(parts));
        expect(streamed).toEqual({ bytes: concatBytes(parts), problem: undefined });
      }),
      { numRuns: 40 },
    );
  });
});

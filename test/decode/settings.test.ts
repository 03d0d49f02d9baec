import { createRequire } from 'node:module';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBodyDecoder, decodeBody } from '../../src/decode/body.ts';
import { concatBytes, toUtf8 } from '../../src/util/bytes.ts';
import { checkInput } from '../fuzz/check.ts';
import { inventBody, mutate } from '../fuzz/mutate.ts';
import { randomOf } from '../fuzz/random.ts';
import { assertProperty } from '../helpers/properties.ts';
import { BATTERY } from './battery/cases.ts';
import { frame, rawBlock, rleBlock, skippable } from './zstd/frames.ts';

type Encoder = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

const LIMITS = { coded: 1_000_000, decoded: 1_000_000 };
const MIDDLE = Math.trunc(constants.BROTLI_MAX_QUALITY / 2);

// The package's index drops the level, its binding takes it.
const require = createRequire(import.meta.resolve('@mongodb-js/zstd'));
const { compress } = require('./bindings.js') as { compress(bytes: Buffer, level: number): Promise<Buffer> };
const zstd =
  (level: number): Encoder =>
  (bytes) =>
    compress(Buffer.from(bytes), level);

const ZLIB_STRATEGIES = [constants.Z_DEFAULT_STRATEGY, constants.Z_HUFFMAN_ONLY, constants.Z_RLE, constants.Z_FIXED];
const ZLIB_SETTINGS = [0, 1, 6, 9].flatMap((level) =>
  ZLIB_STRATEGIES.map((strategy) => ({
    level,
    strategy,
    windowBits: level === 1 ? 9 : 15,
    memLevel: Math.max(1, level),
  })),
);

/** Name, coding, encoder: every setting that changes what stands in the bytes. */
const SETTINGS: [name: string, coding: string, encode: Encoder][] = [
  ...[-100, -7, -1, 1, 2, 3, 5, 7, 10, 13, 16, 18, 19].map((level): [string, string, Encoder] => [
    `zstd level ${level}`,
    'zstd',
    zstd(level),
  ]),
  ['zstd frames of 100 bytes, skippable frames between', 'zstd', inFrames],
  ['zstd raw and RLE blocks', 'zstd', inPlainBlocks],
  ...ZLIB_SETTINGS.flatMap((options): [string, string, Encoder][] => {
    const name = `level ${options.level}, strategy ${options.strategy}`;
    return [
      [`gzip ${name}`, 'gzip', (bytes) => gzipSync(bytes, options)],
      [`deflate ${name}`, 'deflate', (bytes) => deflateSync(bytes, options)],
      [`raw deflate ${name}`, 'deflate', (bytes) => deflateRawSync(bytes, options)],
    ];
  }),
  ...[constants.BROTLI_MIN_QUALITY, MIDDLE, constants.BROTLI_MAX_QUALITY].flatMap((quality) =>
    [10, 22, 24].map((window): [string, string, Encoder] => {
      const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: window };
      return [`br quality ${quality}, window ${window}`, 'br', (bytes) => brotliCompressSync(bytes, { params })];
    }),
  ),
];

/** JSON of all shapes, and of a size at which an encoder has something to refer back to. */
const json = fc
  .tuple(fc.jsonValue(), fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 }), fc.integer({ min: 1, max: 60 }))
  .map(([value, words, times]) => toUtf8(JSON.stringify(Array(times).fill({ value, words }))));

describe('every encoder setting', () => {
  it.each(SETTINGS)('%s', async (_name, coding, encode) => {
    await assertProperty(
      fc.asyncProperty(json, fc.integer({ min: 1, max: 3000 }), async (plain, size) => {
        const coded = await encode(plain);
        const whole = await decodeBody(coded, coding, LIMITS);
        expect(whole.ok && Buffer.compare(whole.bytes, plain)).toBe(0);
        // Pieces, and a limit that the bound of a compressed block is over.
        const exact = await decodeBody(coded, coding, { ...LIMITS, decoded: plain.length });
        expect(exact.ok && Buffer.compare(exact.bytes, plain)).toBe(0);
        const streamed = await decodePieces(coded, coding, size);
        expect(Buffer.compare(streamed, plain)).toBe(0);
      }),
      { numRuns: 8, seed: 20 },
    );
  });
});

describe('any bytes', () => {
  it('are decoded or refused, in every way alike', async () => {
    const seeds = await Promise.all(BATTERY.slice(0, 20).map(async ({ bodies }) => (await bodies())[0]!));
    await assertProperty(
      fc.asyncProperty(fc.nat(), fc.constantFrom('zstd', 'gzip', 'deflate', 'br'), async (index, coding) => {
        const random = randomOf(1, index);
        const other = seeds[random(seeds.length)]!;
        const bytes = index % 2 === 0 ? inventBody(random) : mutate(seeds[random(seeds.length)]!, random, other);
        expect(await checkInput(bytes, coding, 1 + random(500))).toMatch(/^(400|413|decoded)/);
      }),
      { numRuns: 1000, seed: 21 },
    );
  });
});

async function decodePieces(coded: Uint8Array, coding: string, size: number): Promise<Uint8Array> {
  const decoder = createBodyDecoder(coding, LIMITS);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < coded.length; at += size) parts.push(await decoder.push(coded.subarray(at, at + size)));
  const { tail, problem } = await decoder.end();
  expect(problem).toBeUndefined();
  return concatBytes([...parts, tail]);
}

async function inFrames(bytes: Uint8Array): Promise<Uint8Array> {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 100) {
    frames.push(await zstd(1)(bytes.subarray(at, at + 100)), skippable(at & 15, bytes.subarray(at, at + 5)));
  }
  return concatBytes(frames);
}

function inPlainBlocks(bytes: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 1000) {
    const part = bytes.subarray(at, at + 1000);
    blocks.push(rawBlock(part.subarray(0, -1)), rleBlock(part.at(-1)!, 1, at + 1000 >= bytes.length));
  }
  return frame({ window: 0 }, blocks);
}

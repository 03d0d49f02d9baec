import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { encodeBody } from '../../../src/decode/body.ts';
import { LIMITS } from '../../../src/decode/limits.ts';
import { concatBytes, toUtf8 } from '../../../src/util/bytes.ts';
import { sha256Hex } from '../../../src/util/sha256.ts';
import { block, CODEX_FRAME, compressedBlock, frame, rawBlock, rleBlock, skippable } from '../zstd/frames.ts';
import {
  brotli,
  cutsOf,
  EXPECTED,
  emptyBlocks,
  fixture,
  flipBit,
  gzipWithFields,
  MIB,
  noise,
  rleFrame,
  SHORT,
  sequenceBomb,
  TEXT,
  zeros,
} from './bodies.ts';

/** What the bodies of a case come to: the SHA-256 of the decoded bytes, or the status of the refusal. */
export type Answer = { sha256: string } | { status: 400 | 413 | 415 };

type Made = Uint8Array | Uint8Array[];

/** One case: bodies that are all answered in the same way, mostly one. */
export interface BatteryCase {
  /** `group/name`, unique. */
  id: string;
  /** For the table. */
  what: string;
  /** Value of `content-encoding`; undefined: no such header. */
  coding: string | undefined;
  bodies(): Promise<Uint8Array[]>;
  answer: Answer;
}

const decodesTo = (bytes: Uint8Array): Answer => ({ sha256: sha256Hex(bytes) });
const ZEROS_64 = decodesTo(zeros(64));
const SPACES_64 = decodesTo(zeros(64).fill(0x20));
const NOISE_8 = decodesTo(noise(8 * MIB));
const BAD: Answer = { status: 400 };
const TOO_LARGE: Answer = { status: 413 };
const JUNK = [[0x41], [0, 0, 0, 0], [0x28, 0xb5], [0x1f, 0x8b], [...SHORT]].map((bytes) => Uint8Array.from(bytes));

function row(
  id: string,
  coding: string | undefined,
  what: string,
  make: () => Made | Promise<Made>,
  answer: Answer,
): BatteryCase {
  const bodies = async () => {
    const made = await make();
    return Array.isArray(made) ? made : [made];
  };
  return { id, coding, what, bodies, answer };
}

/** A case of a file in fixtures/zstd; without an answer it decodes to what the reference program says. */
function file(name: string, what: string, answer?: Answer): BatteryCase {
  const sha256 = EXPECTED.get(`${name}.zst`);
  if (sha256 === undefined) throw new Error(`${name}.zst is not in expected.txt`);
  return row(`zstd/${name}`, 'zstd', what, () => fixture(`${name}.zst`), answer ?? { sha256 });
}

const ZSTD_FILES: BatteryCase[] = [
  file('codex-shape', 'level 3, no content size, window 2 MiB: what Codex sends'),
  file('level-1', 'level 1'),
  file('level-1-content-size', 'level 1 with content size'),
  file('content-size', 'level 3 with content size, single segment'),
  file('content-size-checksum', 'level 3 with content size and checksum'),
  file('checksum', 'level 3 with checksum'),
  file('window-8mib', 'level 19: a window of 8 MiB, the largest that HTTP allows'),
  file('level-19-content-size', 'level 19 with content size'),
  file('window-128mib', 'level 22: a window of 128 MiB', TOO_LARGE),
  file('two-frames', 'two frames'),
  file('skippable', 'a skippable frame alone'),
  file('skippable-before', 'a skippable frame before the frame'),
  file('skippable-between', 'a skippable frame between two'),
  file('skippable-after', 'a skippable frame after the frame'),
  file('mixed', 'frames, skippable frames and an empty one'),
  file('empty', 'a frame of nothing'),
  file('empty-checksum', 'a frame of nothing with checksum'),
  file('looks-like-text', 'a small frame whose literals are readable JSON'),
  file('flushed-blocks', '600 items, flushed after each: small blocks, bound 75 MiB'),
  file('flushed-frames', '600 items, a frame for each'),
  file('wrong-checksum', 'one bit of the checksum changed', BAD),
  file('damaged-checksum', 'one bit of the content changed, with checksum', BAD),
  file('damaged', 'one bit of the content changed, without checksum: wrong bytes that no decoder can find'),
  file('dictionary', 'needs dictionary 77', BAD),
  file('dictionary-without-id', 'needs a dictionary that the header does not name', BAD),
  file('cut', 'the first 100 bytes of a frame', BAD),
  file('junk', 'one byte after the frame', BAD),
  file('zeros', 'four zero bytes after the frame', BAD),
  file('json-after', 'JSON after the frame', BAD),
];

const ZSTD_CUTS: BatteryCase[] = [
  row('zstd/cut-anywhere', 'zstd', 'cut after each byte', () => cutsOf(fixture('codex-shape.zst')), BAD),
  row(
    'zstd/cut-anywhere-checksum',
    'zstd',
    'with content size and checksum, cut after each byte',
    () => cutsOf(fixture('content-size-checksum.zst')),
    BAD,
  ),
  row(
    'zstd/cut-anywhere-mixed',
    'zstd',
    'several frames, cut after each byte but between frames',
    () => cutsOf(fixture('mixed.zst'), [11, 450, 461, 474, 905]),
    BAD,
  ),
];

const ZSTD_BUILT: BatteryCase[] = [
  row('zstd/plain-json', 'zstd', 'plain JSON', () => SHORT, BAD),
  row('zstd/no-body', 'zstd', 'no bytes at all', () => new Uint8Array(0), BAD),
  row('zstd/gzip-inside', 'zstd', 'a gzip body', () => gzipSync(TEXT), BAD),
  row(
    'zstd/raw-blocks',
    'zstd',
    'raw blocks alone',
    () => frame(CODEX_FRAME, [rawBlock(SHORT, true)]),
    decodesTo(SHORT),
  ),
  row(
    'zstd/reserved-bit',
    'zstd',
    'the reserved bit of the frame header is set',
    () => frame({ window: 0, reservedBit: true }, [rawBlock(SHORT, true)]),
    BAD,
  ),
  row(
    'zstd/reserved-block',
    'zstd',
    'a block of the reserved type',
    () => frame(CODEX_FRAME, [block('reserved', 1, [0], true)]),
    BAD,
  ),
  row(
    'zstd/block-over-maximum',
    'zstd',
    'an RLE block of 128 KiB and a byte',
    () => frame(CODEX_FRAME, [rleBlock(1, 131_073, true)]),
    BAD,
  ),
  row(
    'zstd/content-size-lies-low',
    'zstd',
    'the content size says less than the blocks hold',
    () => frame({ window: 0x58, contentSize: { value: 5n, bytes: 4 } }, [compressedBlock(65, 31, true)]),
    BAD,
  ),
  row(
    'zstd/content-size-lies-high',
    'zstd',
    'the content size says more',
    () => frame({ window: 0x58, contentSize: { value: 32n, bytes: 4 } }, [compressedBlock(65, 31, true)]),
    BAD,
  ),
  row(
    'zstd/window-over-limit',
    'zstd',
    'a window of 9 MiB',
    () => frame({ window: 0x69 }, [rawBlock(SHORT, true)]),
    TOO_LARGE,
  ),
  row(
    'zstd/promises-8-gib',
    'zstd',
    'a content size of 8 GiB, single segment',
    () => frame({ contentSize: { value: 2n ** 33n, bytes: 8 } }, [rawBlock(SHORT, true)]),
    TOO_LARGE,
  ),
];

const ZSTD_BOMBS: BatteryCase[] = [
  row('zstd/at-limit', 'zstd', '64 MiB in RLE blocks: exactly the limit', () => rleFrame(512), SPACES_64),
  row('zstd/at-limit-window-8mib', 'zstd', 'the same with a window of 8 MiB', () => rleFrame(512, 0x68), SPACES_64),
  row('zstd/noise', 'zstd', '8 MiB that do not get smaller', () => encodeBody(noise(8 * MIB), ['zstd']), NOISE_8),
  row('zstd/bomb-rle', 'zstd', 'bomb: 1 GiB in RLE blocks', () => rleFrame(8192), TOO_LARGE),
  row(
    'zstd/bomb-zeros',
    'zstd',
    'bomb: 128 MiB of zeros at level 3',
    () => encodeBody(zeros(128), ['zstd']),
    TOO_LARGE,
  ),
  row(
    'zstd/bomb-frames',
    'zstd',
    'bomb: 40 frames of 2 MiB',
    () => concatBytes(Array.from({ length: 40 }, () => rleFrame(16))),
    TOO_LARGE,
  ),
  row('zstd/bomb-sequences', 'zstd', 'bomb: one block of 24 bytes that claims 6 GB', sequenceBomb, BAD),
  row(
    'zstd/too-many-frames',
    'zstd',
    '4097 skippable frames',
    () => concatBytes(Array.from({ length: LIMITS.zstdFrames + 1 }, () => skippable(0, new Uint8Array(0)))),
    TOO_LARGE,
  ),
  row('zstd/too-many-blocks', 'zstd', '262,145 empty blocks', () => emptyBlocks(LIMITS.zstdBlocks + 1), TOO_LARGE),
  row(
    'zstd/bomb-nested',
    'zstd, zstd',
    'bomb: 128 MiB of zeros, coded twice',
    () => encodeBody(zeros(128), ['zstd', 'zstd']),
    TOO_LARGE,
  ),
];

const GZIP = gzipSync(TEXT);
const ZLIB_BODIES: BatteryCase[] = [
  row('gzip/plain', 'gzip', 'one member', () => GZIP, decodesTo(TEXT)),
  row('gzip/x-gzip', 'x-gzip', 'the old name', () => GZIP, decodesTo(TEXT)),
  row('gzip/members', 'gzip', 'two members', () => concatBytes([GZIP, GZIP]), decodesTo(concatBytes([TEXT, TEXT]))),
  row('gzip/fields', 'gzip', 'extra field, name and comment', () => gzipWithFields(TEXT), decodesTo(TEXT)),
  row('gzip/empty', 'gzip', 'a member of nothing', () => gzipSync(''), decodesTo(new Uint8Array(0))),
  row('gzip/wrong-crc', 'gzip', 'one bit of the CRC changed', () => flipBit(GZIP, -8), BAD),
  row('gzip/wrong-length', 'gzip', 'one bit of the length changed', () => flipBit(GZIP, -4), BAD),
  row('deflate/zlib', 'deflate', 'with the zlib wrapper, as RFC 9110 says', () => deflateSync(TEXT), decodesTo(TEXT)),
  row('deflate/raw', 'deflate', 'without it, as many send', () => deflateRawSync(TEXT), decodesTo(TEXT)),
  row('deflate/wrong-adler', 'deflate', 'one bit of the checksum changed', () => flipBit(deflateSync(TEXT), -1), BAD),
  row('deflate/dictionary', 'deflate', 'needs a dictionary', () => deflateSync(TEXT, { dictionary: SHORT }), BAD),
  row('br/plain', 'br', 'one stream', () => brotli(TEXT), decodesTo(TEXT)),
];

const CODERS: [coding: string, code: (bytes: Uint8Array) => Uint8Array][] = [
  ['gzip', (bytes) => gzipSync(bytes)],
  ['deflate', (bytes) => deflateSync(bytes)],
  ['br', brotli],
];
const ZLIB_EACH: BatteryCase[] = CODERS.flatMap(([coding, code]) => [
  row(`${coding}/cut-anywhere`, coding, 'cut after each byte', () => cutsOf(code(TEXT)), BAD),
  row(`${coding}/junk`, coding, 'bytes after the end', () => JUNK.map((junk) => concatBytes([code(TEXT), junk])), BAD),
  row(`${coding}/plain-json`, coding, 'plain JSON', () => SHORT, BAD),
  row(`${coding}/zstd-inside`, coding, 'a zstd body', () => fixture('codex-shape.zst'), BAD),
  row(`${coding}/no-body`, coding, 'no bytes at all', () => new Uint8Array(0), BAD),
  row(`${coding}/at-limit`, coding, '64 MiB of zeros: exactly the limit', () => code(zeros(64)), ZEROS_64),
  row(`${coding}/bomb-zeros`, coding, 'bomb: 128 MiB of zeros', () => code(zeros(128)), TOO_LARGE),
]);

const STACKED: BatteryCase[] = [
  ['gzip, zstd'],
  ['zstd, gzip'],
  ['br, zstd'],
  ['deflate, gzip'],
  ['zstd, zstd'],
  ['gzip, br, deflate, gzip, zstd'],
].map(([coding = '']) =>
  row(
    `stacked/${coding.replaceAll(', ', '-')}`,
    coding,
    'each undone, the last first',
    () => encodeBody(TEXT, coding.split(', ')),
    decodesTo(TEXT),
  ),
);

const OTHERS: BatteryCase[] = [
  row(
    'stacked/wrong-order',
    'zstd, gzip',
    'the codings stand in the wrong order',
    () => encodeBody(TEXT, ['gzip', 'zstd']),
    BAD,
  ),
  row(
    'stacked/one-too-few',
    'gzip',
    'coded twice, named once: the inner coding stays',
    () => gzipSync(GZIP),
    decodesTo(GZIP),
  ),
  row(
    'stacked/cut-inside',
    'gzip, zstd',
    'the inner body is cut off',
    () => encodeBody(GZIP.subarray(0, 100), ['zstd']),
    BAD,
  ),
  row(
    'stacked/between-limit',
    'gzip, zstd',
    'more than 7 MiB between the codings',
    () => encodeBody(noise(8 * MIB), ['gzip', 'zstd']),
    TOO_LARGE,
  ),
  row(
    'stacked/bomb-gzip',
    'gzip, gzip',
    'bomb: 128 MiB of zeros, coded twice',
    () => encodeBody(zeros(128), ['gzip', 'gzip']),
    TOO_LARGE,
  ),
  row('stacked/six', 'gzip, gzip, gzip, gzip, gzip, gzip', 'more than five codings', () => GZIP, { status: 415 }),
  row('none/unknown', 'compress', 'a coding that is not known', () => SHORT, { status: 415 }),
  row('none/aws-chunked', 'aws-chunked, zstd', 'one of two that is not known', () => SHORT, { status: 415 }),
  row('none/identity', 'identity', 'the name of no coding', () => SHORT, decodesTo(SHORT)),
  row(
    'none/zstd-without-header',
    undefined,
    'zstd without a header: stays as it is',
    () => fixture('codex-shape.zst'),
    decodesTo(fixture('codex-shape.zst')),
  ),
  row('none/gzip-without-header', undefined, 'gzip without a header: stays as it is', () => GZIP, decodesTo(GZIP)),
  row(
    'none/spelling',
    ' , ZSTD ,identity',
    'case, spaces and empty members do not count',
    () => fixture('codex-shape.zst'),
    decodesTo(TEXT),
  ),
  row('none/not-utf8', undefined, 'bytes that are no text', () => noise(1000), decodesTo(noise(1000))),
  row(
    'none/text',
    undefined,
    'JSON',
    () => toUtf8('{"model":"stub","input":"höher 日本"}'),
    decodesTo(toUtf8('{"model":"stub","input":"höher 日本"}')),
  ),
];

/** The whole battery, in the order of the table. */
export const BATTERY: readonly BatteryCase[] = [
  ...ZSTD_FILES,
  ...ZSTD_CUTS,
  ...ZSTD_BUILT,
  ...ZSTD_BOMBS,
  ...ZLIB_BODIES,
  ...ZLIB_EACH,
  ...STACKED,
  ...OTHERS,
];

import { describe, expect, it } from 'vitest';
import { bodyFacts } from '../../src/report/body-facts.ts';
import { type MadeBody, makeBody } from '../helpers/made-legs.ts';

const frame = {
  kind: 'frame' as const,
  offset: 0,
  bytes: 12_300,
  descriptor: 0,
  windowSize: 2 ** 21,
  contentSize: null,
  checksum: false,
};
const zstd = (...frames: object[]): MadeBody => ({
  decoded: new Uint8Array(31_900),
  text: 'x'.repeat(31_900),
  wire: new Uint8Array(12_300),
  facts: { encodings: ['zstd'], bytes: 12_300, zstd: frames as (typeof frame)[] },
});

describe('bodyFacts', () => {
  it.each<[what: string, body: MadeBody, expected: string]>([
    ['a plain body', { text: 'x'.repeat(39_600) }, '39.6 KB'],
    ['what Codex sends', zstd(frame), 'zstd, 1 frame, window 2 MiB, no content size, no checksum, 12.3 KB -> 31.9 KB'],
    [
      'frames with everything',
      zstd(
        { ...frame, contentSize: 1000, checksum: true, dictionaryId: 7 },
        { ...frame, contentSize: 500, checksum: true },
        { kind: 'skippable', offset: 9, bytes: 9 },
      ),
      'zstd, 2 frames, 1 skippable, window 2 MiB, content size 1.5 KB, dictionary, checksum, 12.3 KB -> 31.9 KB',
    ],
    [
      'frames of two kinds',
      zstd(frame, { ...frame, contentSize: 5 }),
      'zstd, 2 frames, window 2 MiB, content size in some frames, no checksum, 12.3 KB -> 31.9 KB',
    ],
    [
      'only a skippable frame',
      zstd({ kind: 'skippable', offset: 0, bytes: 9 }),
      'zstd, 0 frames, 1 skippable, 12.3 KB -> 31.9 KB',
    ],
    [
      'stacked codings',
      { text: 'abc', wire: new Uint8Array(40), facts: { encodings: ['gzip', 'br'], bytes: 40 } },
      'gzip then br, 40 B -> 3 B',
    ],
    ['a binary body', { decoded: new Uint8Array([255]), facts: { encodings: [], bytes: 1 } }, '1 B, binary'],
    ['a redacted one', { text: 'abc', wire: null, redacted: 2 }, '3 B, 2 values redacted'],
    [
      'an undecodable one',
      { wire: new Uint8Array(9), facts: { encodings: ['zstd'], bytes: 9, undecodable: 'cut off' } },
      'zstd, 9 B, cannot be decoded: cut off',
    ],
  ])('%s', (_what, body, expected) => {
    expect(bodyFacts(makeBody(body))).toBe(expected);
  });
});

import { describe, expect, it } from 'vitest';
import { createBodyDecoder, decodeBody, encodeBody } from '../../../src/decode/body.ts';
import { LIMITS } from '../../../src/decode/limits.ts';
import { shapesOf } from '../../../src/replay/suite/frames.ts';
import { concatBytes, toUtf8 } from '../../../src/util/bytes.ts';

const BODIES: [string, Uint8Array][] = [
  ['nothing', new Uint8Array(0)],
  ['a byte', Uint8Array.of(0x7b)],
  ['JSON', toUtf8(JSON.stringify({ input: 'höher 日本 '.repeat(3000), stream: true }))],
  ['more than one block', toUtf8('0123456789abcdef'.repeat(20_000))],
];

describe.each([['zstd'], ['gzip'], ['deflate'], ['br'], ['gzip, zstd'], ['zstd, gzip']])('shapes of %s', (coding) => {
  it.each(BODIES)('all decode to %s, whole and piece by piece', async (_, body) => {
    const shapes = shapesOf(coding.split(', '));
    expect(shapes.length).toBeGreaterThan(0);
    for (const { name, make } of shapes) {
      const coded = await make(body);
      const result = await decodeBody(coded, coding, LIMITS.response);
      expect(result.ok && Buffer.compare(result.bytes, body), name).toBe(0);
      const decoder = createBodyDecoder(coding, LIMITS.response);
      const parts: Uint8Array[] = [];
      for (let at = 0; at < coded.length; at += 97) parts.push(await decoder.push(coded.subarray(at, at + 97)));
      const { tail, problem } = await decoder.end();
      expect(problem, name).toBeUndefined();
      expect(Buffer.compare(concatBytes([...parts, tail]), body), name).toBe(0);
    }
  });
});

describe('shapes of zstd', () => {
  it('are really different frames', async () => {
    const body = BODIES[2]![1];
    const facts = new Map<string, unknown>();
    for (const { name, make } of shapesOf(['zstd'])) {
      const result = await decodeBody(await make(body), 'zstd', LIMITS.response);
      facts.set(
        name,
        result.zstd?.map(({ kind, contentSize, checksum, singleSegment }) => [
          kind,
          contentSize,
          checksum,
          singleSegment,
        ]),
      );
    }
    expect(facts.get('zstd, level 3, no content size')).toEqual([['frame', null, false, false]]);
    expect(facts.get('zstd, level 3, content size and checksum')).toEqual([['frame', body.length, true, false]]);
    expect(facts.get('zstd, single segment')).toEqual([['frame', body.length, false, true]]);
    expect(facts.get('zstd, two frames')).toHaveLength(2);
    expect(facts.get('zstd, skippable frames around')).toEqual([
      ['skippable', undefined, undefined, undefined],
      ['frame', null, false, false],
      ['skippable', undefined, undefined, undefined],
    ]);
  });

  it('are of different levels', async () => {
    // Long enough a way back that level 1 does not look for it.
    const body = toUtf8(Array.from({ length: 20_000 }, (_, i) => ((i * i) % 10_007).toString(36)).join(' '));
    const shapes = new Map(shapesOf(['zstd']).map(({ name, make }) => [name, make]));
    const [low, usual] = [
      shapes.get('zstd, level 1, content size')!,
      shapes.get('zstd, level 3, content size and checksum')!,
    ];
    // The checksum is four bytes.
    expect((await low(body)).length + 4).not.toBe((await usual(body)).length);
  });

  it('rest on the header that libzstd writes here', async () => {
    const coded = await encodeBody(toUtf8('{"a":1}'), ['zstd']);
    expect([...coded.subarray(0, 5)]).toEqual([0x28, 0xb5, 0x2f, 0xfd, 0]);
  });

  it('there are none of a coding that is not known', () => {
    expect(shapesOf(['compress'])).toEqual([]);
    expect(shapesOf([])).toEqual([]);
  });
});

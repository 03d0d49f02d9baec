import { Buffer } from 'node:buffer';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBodyDecoder, decodeBody, encodeBody } from '../../src/decode/body.ts';
import type { DecodeLimits, DecodeProblem } from '../../src/decode/types.ts';
import { TapedeckError } from '../../src/errors.ts';
import { concatBytes, fromUtf8, toUtf8 } from '../../src/util/bytes.ts';
import { assertProperty } from '../helpers/properties.ts';

const LIMITS: DecodeLimits = { coded: 1_000_000, decoded: 1_000_000 };
const CODINGS = ['gzip', 'deflate', 'br', 'zstd'] as const;
const text = toUtf8(JSON.stringify({ model: 'stub', input: 'höher 日本 🎞 '.repeat(50) }));

interface Streamed {
  bytes: Uint8Array;
  pieces: number[];
  problem?: DecodeProblem;
}

async function decodePieces(pieces: readonly Uint8Array[], coding: string, limits = LIMITS): Promise<Streamed> {
  const decoder = createBodyDecoder(coding, limits);
  const parts: Uint8Array[] = [];
  for (const piece of pieces) parts.push(await decoder.push(piece));
  const { tail, problem } = await decoder.end();
  const bytes = concatBytes([...parts, tail]);
  return { bytes, pieces: parts.map(({ length }) => length), ...(problem === undefined ? {} : { problem }) };
}

const bytewise = (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte));

describe('decodeBody', () => {
  it('returns a body without coding as it is', async () => {
    for (const header of [undefined, '', 'identity']) {
      const result = await decodeBody(text, header, LIMITS);
      expect(result).toEqual({ ok: true, bytes: text, encodings: [] });
      expect(result.ok && result.bytes).toBe(text);
    }
    expect(await decodeBody(new Uint8Array(0), undefined, LIMITS)).toMatchObject({ ok: true });
  });

  it.each<[string, Uint8Array]>([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', concatBytes([gzipSync(text.subarray(0, 9)), gzipSync(text.subarray(9))])],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
    ['deflate , identity, x-gzip', gzipSync(deflateSync(text))],
  ])('%s: %#', async (header, coded) => {
    const result = await decodeBody(coded, header, LIMITS);
    expect(result.ok && fromUtf8(result.bytes)).toBe(fromUtf8(text));
    expect(await decodePieces([coded], header)).toMatchObject({ bytes: text });
  });

  it('gives the frame facts of the zstd layer on the wire', async () => {
    const inner = await encodeBody(text, ['zstd']);
    const outer = await encodeBody(text, ['zstd', 'gzip', 'zstd']);
    expect(await decodeBody(inner, 'zstd', LIMITS)).toMatchObject({
      ok: true,
      encodings: ['zstd'],
      zstd: [
        { kind: 'frame', descriptor: 0, windowSize: 2 ** 21, contentSize: null, checksum: false, bytes: inner.length },
      ],
    });
    const result = await decodeBody(outer, 'zstd,gzip,zstd', LIMITS);
    expect(result).toMatchObject({ ok: true, encodings: ['zstd', 'gzip', 'zstd'], zstd: [{ bytes: outer.length }] });
    expect((await decodeBody(gzipSync(text), 'gzip', LIMITS)).zstd).toBeUndefined();
  });

  it('gives them for a damaged body too', async () => {
    const coded = await encodeBody(text, ['zstd']);
    const result = await decodeBody(coded.subarray(0, 30), 'zstd', LIMITS);
    expect(result).toMatchObject({ ok: false, zstd: [{ descriptor: 0, bytes: 30, blocks: 0 }] });
  });

  it('gives bytes whose slice is a copy', async () => {
    for (const coding of CODINGS) {
      const result = await decodeBody(await encodeBody(text, [coding]), coding, LIMITS);
      expect(result.ok && Buffer.isBuffer(result.bytes)).toBe(false);
    }
  });

  it('refuses an unknown coding with 415 and does not look at the body', async () => {
    const result = await decodeBody(text, 'zstd, compress', LIMITS);
    expect(result).toMatchObject({
      ok: false,
      encodings: ['zstd', 'compress'],
      problem: { status: 415, coding: 'compress' },
    });
  });
});

describe('a damaged body', () => {
  it.each(CODINGS)('%s: none at all is a problem (400)', async (coding) => {
    const problem = {
      code: 'coding-corrupt',
      status: 400,
      coding,
      offset: 0,
      message: `${coding}: the header names the coding, but there is no coded body at byte 0 of the coded body`,
    };
    expect(await decodeBody(new Uint8Array(0), coding, LIMITS)).toMatchObject({ ok: false, problem });
    expect((await decodePieces([], coding)).problem).toEqual(problem);
    expect((await decodePieces([new Uint8Array(0)], coding)).problem).toEqual(problem);
  });

  it.each(CODINGS)('%s: a cut at every byte is a problem, and what came before it is still given', async (coding) => {
    const coded = await encodeBody(text, [coding]);
    for (let cut = 1; cut < coded.length; cut++) {
      const part = coded.subarray(0, cut);
      const problem = { code: 'coding-corrupt', status: 400, coding, offset: cut };
      expect(await decodeBody(part, coding, LIMITS), `cut at ${cut}`).toMatchObject({ ok: false, problem });
      const streamed = await decodePieces([part], coding);
      expect(streamed.problem).toMatchObject(problem);
      expect(fromUtf8(text).startsWith(fromUtf8(streamed.bytes).replace(/\uFFFD+$/, ''))).toBe(true);
    }
  });

  const junk = [
    [0],
    [0x41],
    [0x1f],
    [0x1f, 0x8b],
    [0x1f, 0x8b, 8],
    [0, 0, 0, 0],
    [...toUtf8('some junk that is long enough')],
  ];
  it.each([...CODINGS, 'raw deflate'])('%s: bytes after the end are a problem', async (kind) => {
    const coding = kind === 'raw deflate' ? 'deflate' : kind;
    const coded = kind === 'raw deflate' ? deflateRawSync(text) : await encodeBody(text, [coding]);
    for (const extra of junk) {
      const body = concatBytes([coded, Uint8Array.from(extra)]);
      const problem = { code: 'coding-corrupt', status: 400, coding };
      expect(await decodeBody(body, coding, LIMITS), `${extra}`).toMatchObject({ ok: false, problem });
      expect((await decodePieces([coded, Uint8Array.from(extra)], coding)).problem).toMatchObject(problem);
      expect((await decodePieces(bytewise(body), coding)).problem).toMatchObject(problem);
    }
  });

  it('plain JSON with a coding header is a problem that names the coding', async () => {
    for (const coding of CODINGS) {
      const result = await decodeBody(text, coding, LIMITS);
      expect(result).toMatchObject({ ok: false, problem: { status: 400, coding } });
    }
  });

  it('names the piece that a wrong gzip checksum is in', async () => {
    const coded = gzipSync(text);
    const damaged = Uint8Array.from(coded.with(coded.length - 8, coded[coded.length - 8]! ^ 1));
    const result = await decodeBody(damaged, 'gzip', LIMITS);
    expect(result.ok ? '' : result.problem.message).toBe(`gzip: incorrect data check, in bytes 0 to ${coded.length}`);
  });
});

describe('limits', () => {
  const zeros = new Uint8Array(100_000);

  it.each(CODINGS)('%s: the decoded size holds exactly', async (coding) => {
    const coded = await encodeBody(zeros, [coding]);
    const over = { code: 'body-too-large', status: 413, coding };
    expect(await decodeBody(coded, coding, { coded: 1e6, decoded: 100_000 })).toMatchObject({ ok: true });
    expect(await decodeBody(coded, coding, { coded: 1e6, decoded: 99_999 })).toMatchObject({
      ok: false,
      problem: over,
    });
    expect((await decodePieces([coded], coding, { coded: 1e6, decoded: 100_000 })).bytes).toHaveLength(100_000);
    const streamed = await decodePieces(bytewise(coded), coding, { coded: 1e6, decoded: 99_999 });
    expect(streamed.problem).toMatchObject(over);
    expect(streamed.bytes.length).toBeLessThan(100_000);
  });

  it.each(CODINGS)('%s: may be missing, and a body of several MiB comes as one', async (coding) => {
    const none = { coded: Number.POSITIVE_INFINITY, decoded: Number.POSITIVE_INFINITY };
    const plain = new Uint8Array(3_000_000).fill(0x61);
    const result = await decodeBody(await encodeBody(plain, [coding]), coding, none);
    expect(result.ok && Buffer.compare(result.bytes, plain)).toBe(0);
  });

  it('the coded size holds before decoding', async () => {
    const coded = gzipSync(text);
    const limits = { coded: coded.length - 1, decoded: 1e6 };
    const problem = { code: 'body-too-large', status: 413, coding: 'gzip' };
    expect(await decodeBody(coded, 'gzip', limits)).toMatchObject({ ok: false, problem });
    expect((await decodePieces([coded.subarray(0, 9), coded.subarray(9)], 'gzip', limits)).problem).toMatchObject(
      problem,
    );
    expect(await decodeBody(coded, 'gzip', { ...limits, coded: coded.length })).toMatchObject({ ok: true });
  });

  it('a body without coding keeps both', async () => {
    const problem = {
      status: 413,
      coding: 'identity',
      message: 'identity: the body has more than 9 bytes on the wire',
    };
    expect(await decodeBody(new Uint8Array(10), undefined, { coded: 9, decoded: 99 })).toMatchObject({ problem });
    expect(await decodeBody(new Uint8Array(10), undefined, { coded: 99, decoded: 9 })).toMatchObject({ problem });
    expect(
      (await decodePieces([zeros.subarray(0, 9), zeros.subarray(0, 1)], '', { coded: 9, decoded: 9 })).problem,
    ).toMatchObject(problem);
  });

  it('the decoded size holds between stacked codings', async () => {
    const bomb = gzipSync(gzipSync(new Uint8Array(3_000_000)));
    const limits = { coded: 1e6, decoded: 1000 };
    expect(await decodeBody(bomb, 'gzip, gzip', limits)).toMatchObject({ ok: false, problem: { status: 413 } });
    expect((await decodePieces([bomb], 'gzip, gzip', limits)).problem).toMatchObject({ status: 413 });
  });
});

describe('createBodyDecoder', () => {
  it('passes a body without coding through, piece by piece', async () => {
    const decoder = createBodyDecoder('identity', LIMITS);
    expect(await decoder.push(text)).toBe(text);
    expect(await decoder.end()).toEqual({ tail: new Uint8Array(0) });
  });

  it('gives out with each read what it makes decodable', async () => {
    const events = ['event: a\ndata: 1\n\n', ': ping\n\n', 'data: höher\n\n', 'data: [DONE]\n\n'].map(toUtf8);
    const flushed = await flushEach(events);
    const decoder = createBodyDecoder('gzip', LIMITS);
    for (const [i, piece] of flushed.entries())
      expect(fromUtf8(await decoder.push(piece))).toBe(fromUtf8(events[i] ?? new Uint8Array(0)));
    expect(await decoder.end()).toEqual({ tail: new Uint8Array(0) });
  });

  it.each(['gzip', 'deflate', 'br', 'zstd', 'gzip, br', 'zstd, gzip', 'deflate, zstd'])(
    '%s in any split',
    async (header) => {
      const coded = await encodeBody(text, header.split(', '));
      expect(await decodePieces(bytewise(coded), header)).toMatchObject({ bytes: text });
      for (let at = 0; at <= coded.length; at += 5) {
        const streamed = await decodePieces([coded.subarray(0, at), coded.subarray(at)], header);
        expect(streamed.problem).toBeUndefined();
        expect(fromUtf8(streamed.bytes)).toBe(fromUtf8(text));
      }
    },
  );

  it('keeps a problem for the end, and gives nothing after it', async () => {
    const coded = gzipSync(text);
    const decoder = createBodyDecoder('gzip', LIMITS);
    expect(await decoder.push(Uint8Array.of(1, 2, 3))).toHaveLength(0);
    expect(await decoder.push(coded)).toHaveLength(0);
    expect(await decoder.end()).toMatchObject({
      tail: new Uint8Array(0),
      problem: { status: 400, coding: 'gzip', offset: 0 },
    });
    const unknown = createBodyDecoder('compress', LIMITS);
    expect(await unknown.push(coded)).toHaveLength(0);
    expect((await unknown.end()).problem).toMatchObject({ status: 415 });
  });

  it('names the coding that a stacked body breaks in', async () => {
    const outer = await decodePieces([gzipSync(text)], 'br, gzip');
    expect(outer.problem).toMatchObject({ coding: 'br' });
    const cut = gzipSync(deflateSync(text).subarray(0, 40));
    expect((await decodePieces([cut], 'deflate, gzip')).problem).toMatchObject({ coding: 'deflate', offset: 40 });
  });
});

describe('encodeBody', () => {
  it('applies codings in order', async () => {
    const coded = await encodeBody(text, ['identity', 'Gzip', 'x-gzip']);
    expect(fromUtf8(gunzipSync(gunzipSync(coded)))).toBe(fromUtf8(text));
    expect(await encodeBody(text, [])).toBe(text);
  });

  it('refuses what it does not know', async () => {
    await expect(encodeBody(text, ['compress'])).rejects.toThrow(TapedeckError);
    await expect(encodeBody(text, ['compress'])).rejects.toMatchObject({ code: 'coding-unknown' });
  });
});

describe('any body', () => {
  const codings = fc.array(fc.constantFrom(...CODINGS), { minLength: 1, maxLength: 3 });

  it('comes back through every stack of codings, whole and in pieces', async () => {
    await assertProperty(
      fc.asyncProperty(fc.jsonValue(), codings, fc.integer({ min: 1, max: 50 }), async (value, names, size) => {
        const plain = toUtf8(JSON.stringify(value));
        const coded = await encodeBody(plain, names);
        const header = names.join(',');
        const whole = await decodeBody(coded, header, LIMITS);
        expect(whole.ok && fromUtf8(whole.bytes)).toBe(fromUtf8(plain));
        const pieces = Array.from({ length: Math.ceil(coded.length / size) }, (_, i) =>
          coded.subarray(i * size, (i + 1) * size),
        );
        expect(fromUtf8((await decodePieces(pieces, header)).bytes)).toBe(fromUtf8(plain));
      }),
      { numRuns: 60 },
    );
  });

  it('is decoded or is a problem, the same whole and in pieces; nothing rejects', async () => {
    const body = fc.oneof(fc.uint8Array({ maxLength: 60 }), damagedBody());
    await assertProperty(
      fc.asyncProperty(body, codings, async (bytes, names) => {
        const header = names.join(',');
        const whole = await decodeBody(bytes, header, LIMITS);
        const streamed = await decodePieces(bytewise(bytes), header);
        if (!whole.ok) expect([400, 413]).toContain(whole.problem.status);
        // libzstd may take damage for data where a frame has no checksum: a whole is judged no more strictly than a stream.
        if (!whole.ok || !names.includes('zstd')) expect(streamed.problem === undefined).toBe(whole.ok);
        if (whole.ok && streamed.problem === undefined) expect(fromUtf8(streamed.bytes)).toBe(fromUtf8(whole.bytes));
      }),
      { numRuns: 200 },
    );
  });
});

/** Coded text with one byte changed. */
function damagedBody() {
  const bodies = [gzipSync(text), deflateSync(text), deflateRawSync(text), brotliCompressSync(text)];
  return fc
    .tuple(fc.constantFrom(...bodies), fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([body, at, byte]) => Uint8Array.from(body.with(at % body.length, byte)));
}

/** A gzip body as a server writes it that flushes after every event: one piece an event, and the end. */
async function flushEach(events: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const gzip = createGzip();
  let waiting: Uint8Array[] = [];
  gzip.on('data', (piece: Uint8Array) => waiting.push(piece));
  const pieces: Uint8Array[] = [];
  const take = () => {
    pieces.push(concatBytes(waiting));
    waiting = [];
  };
  for (const event of events) {
    gzip.write(event);
    await new Promise<void>((resolve) => gzip.flush(() => resolve()));
    take();
  }
  await new Promise<void>((resolve) => gzip.once('end', resolve).end());
  take();
  return pieces;
}

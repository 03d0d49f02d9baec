import type { DecodeResult } from '../../../src/decode/types.ts';
import type { Passing } from '../../../src/proxy/translated/relay.ts';
import type { Prepared } from '../../../src/proxy/translated/request.ts';
import type { Fault } from './kit.ts';

/** What is wrapped around the real translator and decoder. */
export interface Planted {
  passing?: (real: Passing) => Passing;
  request?: (real: Prepared) => Prepared;
  decode?: (real: DecodeResult) => DecodeResult;
  /** Around what the decoder that works piece by piece gives. */
  piece?: (real: Uint8Array) => Uint8Array;
}

export interface TranslatorFault extends Fault {
  plant(): Planted;
}

/** Bytes go wrong before the translator sees them. */
function onReads(change: (chunk: Buffer) => Buffer): () => Planted {
  return () => ({ passing: (real) => ({ ...real, push: (chunk) => real.push(change(chunk)) }) });
}

/** Events go wrong after the translator made them. */
function onEvents(change: (text: string) => string): () => Planted {
  return () => ({
    passing: (real) => ({
      ...real,
      push: (chunk) => change(String(real.push(chunk))),
      end: (how) => change(String(real.end(how))),
    }),
  });
}

function onRequest(change: (body: Record<string, unknown>) => unknown): () => Planted {
  return () => ({
    request: (real) => ({ ...real, body: Buffer.from(JSON.stringify(change(JSON.parse(real.body.toString())))) }),
  });
}

const SPLIT = /split (?:byte by byte|within characters, line ends and escapes): /;

let clock = 0;

export const TRANSLATOR_FAULTS: readonly TranslatorFault[] = [
  {
    name: 'every read is decoded on its own',
    plant: onReads((chunk) => Buffer.from(chunk.toString())),
    check: 'stream.translation',
    says: SPLIT,
  },
  {
    name: 'every read is parsed on its own',
    plant: onReads((chunk) => chunk.subarray(0, chunk.lastIndexOf('\n\n') + 2)),
    check: 'stream.translation',
    says: SPLIT,
  },
  {
    name: 'a read of blank lines alone is passed over',
    plant: onReads((chunk) => (chunk.toString().trim() === '' ? Buffer.alloc(0) : chunk)),
    check: 'stream.translation',
    says: SPLIT,
  },
  {
    name: 'an escape at the end of a read is lost',
    plant: onReads((chunk) => (chunk.at(-1) === 0x5c ? chunk.subarray(0, -1) : chunk)),
    check: 'stream.translation',
    says: SPLIT,
  },
  {
    name: 'reads are joined with a line feed',
    plant: onReads((chunk) => (chunk.at(-1) === 0x0a ? chunk : Buffer.concat([chunk, Buffer.from('\n')]))),
    check: 'stream.translation',
    says: SPLIT,
  },
  {
    name: 'a read holds one event at most',
    plant: onReads((chunk) => {
      const end = chunk.indexOf('\n\n');
      return end < 0 ? chunk : chunk.subarray(0, end + 2);
    }),
    check: 'stream.translation',
    says: /event \d+/,
  },
  {
    name: 'ids come from a clock',
    plant: onEvents((text) => text.replace(/"resp_[0-9a-f]+"/g, () => `"resp_${++clock}"`)),
    check: 'stream.translation',
    says: /event 1 \(response\.created\) differs at \/response\/id/,
  },
  {
    name: 'a dropped delta',
    plant: onEvents((text) => text.replace(/event: response\.output_text\.delta\n.*\n\n/, '')),
    check: 'stream.translation',
    says: /output_text\.d/,
  },
  {
    name: 'a delta twice',
    plant: onEvents((text) => text.replace(/(event: response\.output_text\.delta\n.*\n\n)/, '$1$1')),
    check: 'stream.translation',
    says: /output_text\.delta\) differs at/,
  },
  {
    name: 'swapped indexes',
    plant: onEvents((text) => text.replaceAll('"output_index":0', '"output_index":1')),
    check: 'stream.translation',
    says: /\/output_index/,
  },
  {
    name: 'wrong usage',
    plant: onEvents((text) => text.replace(/"output_tokens":\d+/, '"output_tokens":0')),
    check: 'stream.translation',
    says: /response\.completed\) differs at \/response\/usage\/output_tokens/,
  },
  {
    name: 'no terminal event',
    plant: onEvents((text) => text.replace(/event: response\.completed\n.*\n\n/, '')),
    check: 'stream.translation',
    says: /event \d+ \(response\.completed\) is missing/,
  },
  {
    name: 'merged events',
    plant: onEvents((text) => text.replace(/\n\nevent: response\.in_progress\n/, '\n')),
    check: 'stream.translation',
    says: /event 1 \(response\.created\) differs/,
  },
  {
    name: 'other line ends',
    plant: onEvents((text) => text.replaceAll('\n', '\r\n')),
    check: 'stream.translation',
    says: /framed in another way/,
  },
  {
    name: 'characters as escapes',
    plant: onEvents((text) => text.replaceAll('ö', '\\u00f6')),
    check: 'stream.translation',
    says: /event \d+ \(.*\) differs/,
  },
  {
    name: 'no end is told',
    plant: () => ({
      passing: (real) => ({
        ...real,
        end: () => '',
        push: (chunk) => String(real.push(chunk)).replace(/event: response\.completed\n.*\n\n/, ''),
      }),
    }),
    check: 'stream.translation',
    says: /is missing/,
  },
  {
    name: 'losses that nobody hears of',
    plant: () => ({ request: (real) => ({ ...real, losses: real.losses.slice(1) }) }),
    check: 'losses.equal',
    says: /differs at \/0/,
  },
  {
    name: 'a lost `stream`',
    plant: onRequest(({ stream: _, ...body }) => body),
    check: 'request.translation',
    says: /differs at \/stream/,
  },
  {
    name: 'a `store` that nobody asked for',
    plant: onRequest((body) => ({ ...body, store: true })),
    check: 'request.translation',
    says: /differs at \/store/,
  },
  {
    name: 'a prompt in another role',
    plant: onRequest((body) => JSON.parse(JSON.stringify(body).replace('"role":"user"', '"role":"assistant"'))),
    check: 'request.translation',
    says: /differs at \/messages\/\d+\/role/,
  },
  {
    name: 'a request with blanks',
    plant: () => ({
      request: (real) => ({ ...real, body: Buffer.from(JSON.stringify(JSON.parse(real.body.toString()), null, 1)) }),
    }),
    check: 'request.translation',
    says: /the same JSON, written in another way at byte 1/,
  },
  {
    name: 'a decoder that reads the first frame alone',
    plant: () => ({
      decode: (real) =>
        real.ok && (real.zstd?.length ?? 0) > 1 ? { ...real, bytes: real.bytes.subarray(0, 100) } : real,
    }),
    check: 'coding.reencode',
    says: /client-request as zstd, two frames, whole: decodes to other bytes from byte 100 on/,
  },
  {
    name: 'a decoder that trusts nothing but a content size',
    plant: () => ({
      decode: (real) =>
        real.ok && real.zstd?.some(({ contentSize }) => typeof contentSize === 'number')
          ? {
              ok: false,
              encodings: real.encodings,
              problem: { code: 'coding-corrupt', status: 400, message: 'no', coding: 'zstd' },
            }
          : real,
    }),
    check: 'coding.reencode',
    says: /level 1, content size, whole: no/,
  },
  {
    name: 'a decoder that loses the end of a piece',
    plant: () => ({ piece: (real) => (real.length > 1 ? real.subarray(0, -1) : real) }),
    check: 'coding.reencode',
    says: /piece by piece: decodes to other bytes/,
  },
];

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createBodyDecoder, decodeBody } from '../../src/decode/body.ts';
import { LIMITS } from '../../src/decode/limits.ts';
import type { DecodeResult } from '../../src/decode/types.ts';
import { concatBytes } from '../../src/util/bytes.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { type Answer, BATTERY } from './battery/cases.ts';
import { describeResults, type Measured } from './battery/table.ts';

const MEASURED: Readonly<Record<string, Measured>> = JSON.parse(
  readFileSync(new URL('../../fixtures/zstd/measured.json', import.meta.url), 'utf8'),
);
const CODES = { 400: 'coding-corrupt', 413: 'body-too-large', 415: 'coding-unknown' } as const;
const FOLDER = new URL('../../fixtures/zstd/', import.meta.url);
/** As sockets give them. */
const READ = 64 * 1024;

/** What is wanted of each way to decode: an answer, or why it differs for a stream. */
const STREAMED: Readonly<Record<string, Answer | 'content'>> = {
  // A stream gives out what it has, so the bound between codings is the limit itself.
  'stacked/between-limit': 'content',
};

describe('the battery', () => {
  it('has every fixture, and each id once', () => {
    const ids = BATTERY.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.zst'));
    expect(ids).toEqual(expect.arrayContaining(files.map((name) => `zstd/${name.slice(0, -4)}`)));
  });

  it.each(BATTERY.map((entry) => [entry.id, entry] as const))('%s', async (id, { coding, bodies, answer }) => {
    const results: DecodeResult[] = [];
    for (const [i, body] of (await bodies()).entries()) {
      const whole = await decodeBody(body, coding, LIMITS.request);
      results.push(whole);
      const told = whole.ok
        ? { sha256: sha256Hex(whole.bytes) }
        : { status: whole.problem.status, code: whole.problem.code };
      expect(told, `body ${i}`).toEqual('status' in answer ? { ...answer, code: CODES[answer.status] } : answer);
      const streamed = await decodeStream(body, coding);
      if (STREAMED[id] === 'content') expect(streamed).toHaveProperty('sha256');
      else expect(streamed, `body ${i} as a stream`).toEqual(answer);
    }
    expect(describeResults(results), 'docs/codings.md (npm run codings)').toBe(MEASURED[id]?.answer);
  });
});

async function decodeStream(body: Uint8Array, coding: string | undefined): Promise<object> {
  const decoder = createBodyDecoder(coding, LIMITS.request);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += READ) parts.push(await decoder.push(body.subarray(at, at + READ)));
  const { tail, problem } = await decoder.end();
  return problem === undefined ? { sha256: sha256Hex(concatBytes([...parts, tail])) } : { status: problem.status };
}

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeBody } from '../../src/decode/body.ts';
import { bytesOf, JSON_TYPE, recordAll, SSE_TYPE } from './support/scripted.ts';

/** It has no types of its own. */
const { har: validateHar } = createRequire(import.meta.url)('har-validator/lib/promise.js') as {
  har(document: unknown): Promise<unknown>;
};
const schema = JSON.parse(await readFile(new URL('../../schemas/cassette.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true }).compile(
  schema,
);

/** A cassette with everything in it that a recorder writes over HTTP. */
let document: { log: { _tapedeck: Record<string, unknown>; entries: object[] } };

beforeAll(async () => {
  const secret = ['sk', '-proj-', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'].join('');
  const zstd = [...JSON_TYPE, 'content-encoding', 'zstd', 'User-Agent', 'codex_exec/0.169.0'];
  const { path } = await recordAll([
    {
      request: { headers: zstd, body: [await encodeBody(bytesOf('{"a":1}'), ['zstd'])] },
      attempts: [
        {
          response: { status: 500, interim: [{ at: 3, status: 102, statusText: '', headers: [] }] },
          outcome: 'upstream-aborted',
        },
        { response: { headers: SSE_TYPE, body: ['data: 1\n\n'] } },
      ],
      response: { headers: SSE_TYPE, body: ['data: 1\n\n', Uint8Array.of(0xc3)], trailers: ['x', 'y'] },
    },
    { request: { headers: zstd, body: ['not coded'] }, response: { body: [Uint8Array.of(1, 2, 255)] } },
    { request: { headers: ['Authorization', `Bearer ${secret}`], body: [secret], how: 'reset' }, target: '/v1?q=1' },
  ]);
  document = JSON.parse(await readFile(path, 'utf8'));
});

describe('a recorded cassette', () => {
  it('fits schemas/cassette.schema.json', () => {
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('fits the schema of HAR 1.2', async () => {
    await expect(validateHar(document)).resolves.toBe(document);
  });
});

type BrokenEntry = Record<string, unknown> & { response: object };

describe('schemas/cassette.schema.json', () => {
  const broken: [string, (entry: BrokenEntry) => void][] = [
    ['an unknown outcome', (entry) => Object.assign(entry, { _outcome: 'fine' })],
    ['a seed of another form', (entry) => Object.assign(entry, { _seed: '12' })],
    ['an attempt on the client side', (entry) => Object.assign(entry, { _attempt: 1 })],
    ['an upstream side without an attempt', (entry) => Object.assign(entry, { _side: 'upstream' })],
    ['negative time', (entry) => Object.assign(entry, { time: -1 })],
    [
      'a chunk without time',
      (entry) => Object.assign(entry.response, { content: contentWith({ _chunks: [['text']] }) }),
    ],
    [
      'a chunk of neither text nor bytes',
      (entry) => Object.assign(entry.response, { content: contentWith({ _chunks: [[1, 2]] }) }),
    ],
    [
      'the same body twice',
      (entry) => Object.assign(entry.response, { content: contentWith({ _sameAs: 'client', text: 'x' }) }),
    ],
    [
      'wire bytes of a redacted body',
      (entry) =>
        Object.assign(entry.response, {
          content: contentWith({ _redacted: 1, _wire: { encodings: [], bytes: 1, base64: 'QQ==' } }),
        }),
    ],
    [
      'an unknown wire fact',
      (entry) => Object.assign(entry.response, { content: contentWith({ _wire: { encodings: [], bytes: 1, x: 1 } }) }),
    ],
  ];

  function contentWith(fields: object): object {
    return { size: 0, mimeType: '', ...fields };
  }

  it.each(broken)('refuses %s', (_, breakEntry) => {
    const copy = structuredClone(document);
    breakEntry(copy.log.entries[0] as BrokenEntry);
    expect(validate(copy)).toBe(false);
  });

  it('refuses another format, and lets other tools add what they like', () => {
    const newer = structuredClone(document);
    newer.log._tapedeck.format = 2;
    expect(validate(newer)).toBe(false);
    const annotated = structuredClone(document);
    Object.assign(annotated.log, { pages: [], comment: 'mine' });
    Object.assign(annotated.log.entries[0]!, { comment: 'mine', _priority: 'High', serverIPAddress: '127.0.0.1' });
    expect(validate(annotated)).toBe(true);
  });
});

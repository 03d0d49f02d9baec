import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembleExchange } from '../../src/cassette/assemble.ts';
import type { RecordingExchange } from '../../src/cassette/exchange-state.ts';
import { TapedExchange } from '../../src/cassette/exchange-tap.ts';
import { takeLines } from '../../src/cassette/exchange-writer.ts';
import type { Entry } from '../../src/cassette/format.ts';
import { HeadCache } from '../../src/cassette/head-cache.ts';
import { type JournalPart, parseRecord, rawBytesAfter } from '../../src/cassette/raw-records.ts';
import type { ExchangeRecord } from '../../src/cassette/records.ts';
import { createRedactor } from '../../src/cassette/redact.ts';
import { TapeWriter } from '../../src/cassette/tape.ts';
import { playTape, type TapePlace } from '../../src/cassette/tape-player.ts';
import { decodeBody, encodeBody } from '../../src/decode/body.ts';
import { LIMITS } from '../../src/decode/limits.ts';
import type { RawHeaders } from '../../src/util/types.ts';
import { assertProperty } from '../helpers/properties.ts';
import { complete } from './support/scripted.ts';

const SECRET = ['sk', '-proj-', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'].join('');
const GATEWAY = { name: 'tapedeck' };

/** Bodies of all sorts: text, what is no text, events, and a secret. */
const body: fc.Arbitrary<string> = fc.constantFrom(
  '{"input":"h\u00e9llo"}',
  'data: {"a":1}\n\nevent: x\ndata: \u00e9\u4e2d\n\n',
  `{"api_key":"${SECRET}","n":1}`,
  `data: ${SECRET}\n\ndata: 2\n\n`,
  // Long enough for its coded form to hide the secret.
  `{"input":"${'lorem ipsum dolor sit amet '.repeat(20)}${SECRET}"}`,
  '\u0000\u0001',
  'x',
);
const type = fc.constantFrom('application/json', 'text/event-stream', 'text/plain', 'application/octet-stream');
const coding = fc.constantFrom(undefined, undefined, 'zstd', 'gzip', 'deflate', 'br', 'nonsense');
const message = fc.record({
  body,
  type,
  coding,
  named: fc.boolean(),
  raw: fc.boolean(),
  cuts: fc.array(fc.nat(60), { maxLength: 5 }),
});
const session = fc.record({
  request: message,
  upstream: fc.option(message, { nil: undefined }),
  answer: message,
  client: fc.option(message, { nil: undefined }),
  incomplete: fc.boolean(),
});

type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;
type Session = typeof session extends fc.Arbitrary<infer T> ? T : never;

async function partsOf({ body, coding, raw, cuts }: Message): Promise<Uint8Array[]> {
  const plain = raw ? Buffer.from([0xff, ...Buffer.from(body)]) : Buffer.from(body);
  const bytes = coding && coding !== 'nonsense' ? await encodeBody(plain, [coding]) : plain;
  const edges = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((to, i) => bytes.subarray(edges[i], to));
}

function headersOf({ type, coding, named }: Message): RawHeaders {
  const headers = ['Host', 'h:1', 'Content-Type', type, 'Authorization', `Bearer ${SECRET}`];
  return coding && named ? [...headers, 'Content-Encoding', coding] : headers;
}

/** Reads what would be in a journal. */
function recordsOf(parts: readonly JournalPart[]): ExchangeRecord[] {
  const records: ExchangeRecord[] = [];
  let bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
  while (bytes.length > 0) {
    const line = bytes.indexOf('\n') + 1;
    const end = line + rawBytesAfter([bytes.subarray(0, line)]);
    expect(bytes[end - 1]).toBe(10);
    const record = parseRecord(bytes.subarray(0, end - 1));
    expect(record).toBeDefined();
    records.push(record!);
    bytes = bytes.subarray(end);
  }
  return records;
}

/** Records one exchange by way of a tape, and takes its records when asked to. */
function desk() {
  const heads = new HeadCache(createRedactor());
  let exchange: RecordingExchange | undefined;
  const nothing = () => undefined;
  const place: TapePlace = {
    head: (status, list) => heads.find(status, list),
    find: () => (exchange?.closing ? undefined : exchange),
    began: (one) => {
      exchange = one;
    },
    touched: nothing,
    closed: nothing,
    socketClosed: nothing,
  };
  const tape = new TapeWriter((full) => playTape(full, place));
  const take = async (): Promise<ExchangeRecord[]> => {
    const written = tape.take();
    if (written) playTape(written, place);
    return recordsOf(await takeLines(exchange!, heads));
  };
  return { host: { tape, stopped: false, touched: nothing, closed: nothing }, take };
}

/** Plays a session into a tap, and takes records wherever `takeAt` says so (by the number of the call). */
async function record(script: Session, takeAt: ReadonlySet<number>): Promise<ExchangeRecord[]> {
  const { host, take } = desk();
  const seed = '1-0123456789abcdef';
  const head = { method: 'POST', url: '/v1/responses', httpVersion: '1.1' };
  const request = { ...head, headers: headersOf(script.request) };
  const tap = new TapedExchange(1, { startedAt: 5, seed, protocol: 'responses', request }, host);
  const records: ExchangeRecord[] = [];
  let calls = 0;
  const may = async () => {
    if (takeAt.has(calls++)) records.push(...(await take()));
  };
  const parts = await partsOf(script.request);
  for (const part of parts) {
    tap.clientRequest.data(1, part);
    await may();
  }
  tap.clientRequest.end(complete(2));
  await may();
  const attempt = tap.attempt();
  const sent = script.upstream ?? script.request;
  const upstream = attempt.request(3, { ...head, headers: headersOf(sent) }, 'responses', GATEWAY);
  for (const part of script.upstream ? await partsOf(sent) : parts) upstream.data(3, part);
  upstream.end(complete(4));
  await may();
  const status = { status: 200, statusText: `OK ${SECRET}`, httpVersion: '1.1' };
  const answer = attempt.response(5, { ...status, headers: headersOf(script.answer) });
  const back = tap.clientResponse(5, { ...status, headers: headersOf(script.client ?? script.answer) }, GATEWAY);
  const answerParts = await partsOf(script.answer);
  const ownParts = script.client && (await partsOf(script.client));
  for (const part of answerParts) {
    answer.data(6, part);
    await may();
    if (!ownParts) back.data(6, part);
    await may();
  }
  for (const part of ownParts ?? []) {
    back.data(6, part);
    await may();
  }
  if (!script.incomplete) {
    answer.end(complete(7));
    await may();
    back.end(complete(7));
    await may();
  }
  attempt.close('complete', complete(8));
  await may();
  tap.close('complete', complete(9));
  records.push(...(await take()));
  return records;
}

describe('an exchange', () => {
  it('becomes the same entries whenever it was written', async () => {
    await assertProperty(
      fc.asyncProperty(session, fc.uniqueArray(fc.nat(40), { maxLength: 12 }), async (script, takeAt) => {
        const atOnce = assembleExchange(await record(script, new Set()), GATEWAY);
        const inPieces = assembleExchange(await record(script, new Set(takeAt)), GATEWAY);
        expect(inPieces).toEqual(atOnce);
      }),
      { numRuns: 150 },
    );
  });

  it('that goes through unchanged is written once, while it runs as well', async () => {
    const events = Array.from({ length: 40 }, (_, i) => `data: {"n":"event-${i}"}\n\n`).join('');
    const cuts = Array.from({ length: 20 }, (_, i) => i * 7);
    const answer: Message = {
      body: events,
      type: 'text/event-stream',
      coding: undefined,
      named: false,
      raw: false,
      cuts,
    };
    const request: Message = { ...answer, body: '{"input":"once"}', type: 'application/json', cuts: [3] };
    const script: Session = { request, upstream: undefined, answer, client: undefined, incomplete: false };
    // Every second call, which is when both sides have got the same reads.
    const records = await record(script, new Set(Array.from({ length: 60 }, (_, i) => i * 2 + 1)));
    expect(records.length).toBeGreaterThan(10);
    const legs = records.flatMap((one) => one.legs ?? []).filter(({ leg }) => leg === 'upstream-response');
    expect(legs.flatMap(({ chunks }) => chunks ?? [])).toEqual([]);
    expect(legs.some(({ same }) => same === false)).toBe(false);
    expect(assembleExchange(records, GATEWAY)?.[1]?.response.content).toMatchObject({ _sameAs: 'client' });
  });

  it('never has the secret in a record, decoded or not', async () => {
    await assertProperty(
      fc.asyncProperty(session, fc.uniqueArray(fc.nat(40), { maxLength: 12 }), async (script, takeAt) => {
        const text = JSON.stringify(await record(script, new Set(takeAt)));
        expect(text).not.toContain(SECRET);
        for (const [, base64] of text.matchAll(/"base64":"([^"]*)"/g)) {
          const bytes = Buffer.from(base64!, 'base64');
          expect(bytes.toString('latin1')).not.toContain(SECRET);
          for (const name of ['zstd', 'gzip', 'deflate']) {
            const decoded = await decodeBody(bytes, name, LIMITS.request);
            if (decoded.ok) expect(Buffer.from(decoded.bytes).toString('latin1')).not.toContain(SECRET);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('can be put together from any beginning of its records', async () => {
    await assertProperty(
      fc.asyncProperty(session, fc.uniqueArray(fc.nat(40), { maxLength: 12 }), async (script, takeAt) => {
        const records = await record(script, new Set(takeAt));
        for (let count = 1; count <= records.length; count++) {
          const entries = assembleExchange(records.slice(0, count), GATEWAY) as Entry[];
          const outcome = count === records.length ? 'complete' : 'recorder-killed';
          expect(entries[0]).toMatchObject({ _side: 'client', _outcome: outcome });
          expect(entries.every(({ time }) => time >= 0 && time <= 9)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is nothing without its first record', () => {
    expect(assembleExchange([{ x: 1, t: 'close', outcome: 'complete' }], GATEWAY)).toBeUndefined();
  });
});

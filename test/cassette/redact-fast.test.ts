import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvent } from '../../src/cassette/redact/deltas.ts';
import type { FinderOptions } from '../../src/cassette/redact/finder.ts';
import { StreamWork } from '../../src/cassette/redact/stream.ts';
import { Vault } from '../../src/cassette/redact/vault.ts';
import { assertProperty } from '../helpers/properties.ts';
import { KEYS, OPAQUE, toText } from './redact-kit.ts';

const RUNS = Number(process.env.REDACT_RUNS ?? 300);

/** What a stream gives out, push by push. */
type Outputs = { released: string[][]; counts: Record<string, number> };

/** `exact`: every text is searched by the patterns and every event is read. */
function redact(pushes: readonly (readonly Uint8Array[])[], mimeType: string, exact: boolean): Outputs {
  const vault = new Vault();
  vault.learn('authorization', OPAQUE);
  const finder: FinderOptions = { users: [], literals: () => vault.literals(), ...(exact && { exact }) };
  const work = new StreamWork(mimeType, vault, finder);
  const released = [...pushes.map((chunks) => work.pushAll(chunks)), work.end()];
  return { released: released.map((chunks) => chunks.map(toText)), counts: vault.counts() };
}

/** Cut at the given places, and several chunks pushed at once. */
function cutUp(bytes: Uint8Array, cuts: readonly number[], batch: number): Uint8Array[][] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
  const pushes: Uint8Array[][] = [];
  for (let at = 0; at < chunks.length; at += batch) pushes.push(chunks.slice(at, at + batch));
  return pushes;
}

const part = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('reads ', 'the ', 'é漢😀', ' s', 'sk-', '"', '\\', '\n', '://', '%4', ': ', 'n', ''),
  },
  fc.constantFrom<string>(...Object.values(KEYS).map((key) => key.slice(0, 120))),
  fc.constantFrom(
    OPAQUE,
    `Bearer ${OPAQUE}12`,
    `"password": "${OPAQUE}"`,
    `https://u:${OPAQUE}@h/`,
    `{"api_key":"x1"}`,
  ),
);
/** A text in the pieces that its deltas have. */
const pieces = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 12 }), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }))
  .map(([parts, sizes]) => {
    const whole = [...parts.join('')];
    const out: string[] = [];
    for (let at = 0; at < whole.length; at += sizes[(out.length - 1) % sizes.length]!) {
      out.push(whole.slice(at, at + sizes[out.length % sizes.length]!).join(''));
    }
    return out;
  });

type Shape = (delta: string, n: number) => object;
const SHAPES: Shape[] = [
  (delta, n) => ({
    type: 'response.output_text.delta',
    sequence_number: 95 + n,
    item_id: 'm1',
    output_index: 0,
    delta,
  }),
  (delta, n) => ({
    type: 'response.output_text.delta',
    item_id: `m${n % 2}`,
    delta,
    logprobs: [],
    obfuscation: 'x'.repeat(n % 5),
  }),
  (delta, n) => ({
    choices: [{ index: n % 2, delta: { content: delta }, finish_reason: n % 7 === 6 ? 'stop' : null }],
  }),
  (text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  (delta, n) => ({
    type: 'x.delta',
    pad: n % 3 === 0 ? '"\\' : 'a',
    delta,
    n: n % 4 === 0 ? -1 : n,
    api_key: n % 9 === 8 ? 'v1' : '',
  }),
];
const ENDS = [
  { type: 'response.output_text.done', output_index: 0, text: 'a s' },
  { type: 'content_block_stop', index: 0 },
  { type: 'ping' },
];

const stream = fc
  .array(fc.tuple(fc.constantFrom(...SHAPES), pieces, fc.option(fc.constantFrom(...ENDS))), {
    minLength: 1,
    maxLength: 4,
  })
  .map((texts) => {
    let n = 0;
    const lines = texts.flatMap(([shape, deltas, end]) => [
      ...deltas.map((delta) => shape(delta, n++)),
      ...(end === null ? [] : [end]),
    ]);
    return lines.map((event) => `data: ${JSON.stringify(event)}`);
  });

describe('the short cuts', () => {
  it('change nothing in event streams, however they are cut into chunks and pushes', () => {
    assertProperty(
      fc.property(
        stream,
        fc.constantFrom('\n\n', '\r\n\r\n', '\r'),
        fc.array(fc.nat(100_000), { maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        (events, end, cuts, batch) => {
          const bytes = Buffer.from(events.map((event) => event + end).join(''));
          const pushes = cutUp(bytes, cuts, batch);
          expect(redact(pushes, 'text/event-stream', false)).toEqual(redact(pushes, 'text/event-stream', true));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('close a text where reading the event would', () => {
    const event = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'a s' }, finish_reason: 'stop' }] })}\n\n`;
    const pushes = Array.from({ length: 5 }, () => [Buffer.from(event)]);
    const { released } = redact(pushes, 'text/event-stream', true);
    expect(released.map((chunks) => chunks.length)).toEqual([0, 2, 0, 2, 0, 1]);
    expect(redact(pushes, 'text/event-stream', false).released).toEqual(released);
  });

  it('change nothing in other bodies', () => {
    const text = fc.array(part, { maxLength: 20 }).map((parts) => parts.join(''));
    const body = fc.oneof(
      text,
      text.map((value) => JSON.stringify({ a: value, n: [1, { arguments: JSON.stringify({ value }) }] })),
    );
    assertProperty(
      fc.property(
        body,
        fc.constantFrom('application/json', 'text/plain', ''),
        fc.array(fc.nat(2000), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        (whole, mimeType, cuts, batch) => {
          const pushes = cutUp(Buffer.from(whole), cuts, batch);
          expect(redact(pushes, mimeType, false)).toEqual(redact(pushes, mimeType, true));
        },
      ),
      { numRuns: RUNS },
    );
  });
});

describe('the shape of an event', () => {
  const data = (delta: string, n: number | string) =>
    `{"type":"a.delta","n":${n},"delta":"${delta}","pad":"x","end":null}`;
  const shape = readEvent(data('the "first'.replace('"', '\\"'), 9), false, true).kind!.shape;

  it.each([
    ['more digits', data('b', 1000), ['b']],
    ['escapes and quotes', data('c\\"d\\\\', 7), ['c\\"d\\\\']],
    ['no text', data('', 0), ['']],
    ['another pad', data('b', 1).replace('"x"', '"yy\\""'), ['b']],
    ['a number with a sign', data('b', -1), undefined],
    ['a number with a fraction', data('b', '1.5'), undefined],
    ['no number', data('b', 'null'), undefined],
    ['another type', data('b', 1).replace('a.delta', 'b.delta'), undefined],
    ['another field', data('b', 1).replace('null', 'null,"x":1'), undefined],
    ['an open string', data('b', 1).slice(0, -20), undefined],
    ['more behind it', `${data('b', 1)} `, undefined],
  ])('%s', (_, event, deltas) => {
    const places: number[] = [];
    const line = `: x\ndata: ${event}\n\n`;
    const fits = shape.fits(line, 10, 10 + event.length, places);
    expect(fits).toBe(deltas !== undefined);
    if (deltas !== undefined) expect([line.slice(...(places as [number, number]))]).toEqual(deltas);
  });

  it('is not made of an event without deltas, of damaged JSON, or of very many values', () => {
    expect(readEvent('{"type":"ping","delta":1}', true, true).kind).toBeUndefined();
    expect(readEvent('{"delta":"a","b"', true, true).kind).toBeUndefined();
    const many = JSON.stringify({
      delta: 'a',
      ...Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, n])),
    });
    expect(readEvent(many, true, true).kind?.shape).toBeUndefined();
    expect(readEvent(many, true, true).deltas).toHaveLength(1);
  });
});

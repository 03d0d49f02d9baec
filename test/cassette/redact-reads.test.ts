import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Reads, type ReadsRedactor, readsRedactor } from '../../src/cassette/redact/reads.ts';
import { createRedactor } from '../../src/cassette/redact.ts';
import { assertProperty } from '../helpers/properties.ts';
import { KEYS, toText } from './redact-kit.ts';

const [KEY] = Object.values(KEYS) as [string];

const part = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('event: x\ndata: {"type":"d","delta":"', 'word ', '"}\n\n', 'é', '\n') },
  { weight: 2, arbitrary: fc.constantFrom(KEY, KEY.slice(0, 9), KEY.slice(9)) },
);
const type = fc.constantFrom('text/event-stream', 'application/json', 'text/plain', 'application/x-ndjson');
/** A body, the places where reads end, and of how many reads each run is made. */
const script = fc.record({
  text: fc.array(part, { minLength: 1, maxLength: 30 }).map((parts) => parts.join('')),
  cuts: fc.array(fc.nat(400), { maxLength: 30 }),
  runs: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }),
});
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

function readsOf({ text, cuts }: Script): Uint8Array[] {
  const bytes = Buffer.from(text);
  const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

/** The same reads, several joined each time. */
function joined(all: readonly Uint8Array[], runs: readonly number[]): Reads[] {
  const out: Reads[] = [];
  for (let at = 0, n = 0; at < all.length; n++) {
    const some = all.slice(at, at + runs[n % runs.length]!);
    const lengths = some.map((read) => read.length);
    out.push({ ms: at, bytes: Buffer.concat(some), lengths });
    at += some.length;
  }
  return out;
}

/** What comes out, read by read, and the time of each. */
function redact(redactor: ReadsRedactor, pushes: readonly Reads[]): { texts: string[]; times: number[] } {
  const out = [...pushes.flatMap((reads) => redactor.pushReads([reads])), ...redactor.endReads()];
  const texts: string[] = [];
  const times: number[] = [];
  for (const { ms, bytes, lengths } of out) {
    let at = 0;
    for (const length of lengths ?? [bytes.length]) {
      texts.push(toText(bytes.subarray(at, at + length)));
      times.push(ms);
      at += length;
    }
    expect(at).toBe(bytes.length);
  }
  return { texts, times };
}

describe('reads that came at once', () => {
  it('are redacted as they are one by one, and keep their times', () => {
    assertProperty(
      fc.property(script, type, (one, mimeType) => {
        const reads = readsOf(one);
        const alone = createRedactor().stream(mimeType);
        const expected = [...reads.flatMap((bytes) => alone.push(bytes)), ...alone.end()].map(toText);
        const runs = joined(reads, one.runs);
        const times = runs.flatMap(({ ms, lengths }) => lengths!.map(() => ms));
        const together = redact(readsRedactor(createRedactor().stream(mimeType)), runs);
        expect(together.texts.join('')).toBe(expected.join(''));
        expect(together.texts.length).toBe(expected.length);
        expect(together.times).toEqual(times);
        // A redactor that knows nothing of joined reads gets them one by one.
        const inner = createRedactor().stream(mimeType);
        const { pushAll, end, count } = {
          pushAll: inner.pushAll.bind(inner),
          end: inner.end.bind(inner),
          count: () => 0,
        };
        expect(redact(readsRedactor({ pushAll, end, count }), runs)).toEqual(together);
      }),
      { numRuns: 100 },
    );
  });

  it('are given out as far as they are decided', () => {
    const redactor = readsRedactor(createRedactor().stream('text/event-stream'));
    const [first, second] = ['data: 1\n\n', 'data: 2'].map((text) => Buffer.from(text)) as [Buffer, Buffer];
    const lengths = [first.length, second.length];
    const out = redactor.pushReads([{ ms: 7, bytes: Buffer.concat([first, second]), lengths }]);
    expect(out.map(({ ms, bytes }) => [ms, toText(bytes)])).toEqual([[7, 'data: 1\n\n']]);
    const rest = redactor.endReads();
    expect(rest.map(({ ms, bytes }) => [ms, toText(bytes)])).toEqual([[7, 'data: 2']]);
  });
});

import { describe, expect, it } from 'vitest';
import { isTooShort, timingFindings } from '../../src/around/timing.ts';
import type { Chunk } from '../../src/cassette/format.ts';
import { legOf } from '../../src/cassette/legs.ts';
import { recorded } from '../helpers/recorded.ts';

const DELTA = 'data: {"type":"response.output_text.delta","delta":"word"}\n\n';
const SSE = ['content-type', 'text/event-stream'];

/** @param source times of the deltas upstream @param target of those that the client got */
function findings(source: number[], target: number[]) {
  const chunks = (times: number[]) => times.map((ms): Chunk => [ms, DELTA]);
  const exchange = recorded({ headers: SSE, chunks: chunks(target) }, [{ headers: SSE, chunks: chunks(source) }]);
  const found = timingFindings(legOf(exchange, 'upstream-response')!, legOf(exchange, 'client-response')!);
  return found.map(({ kind, note }) => [kind, note]);
}

describe('timingFindings', () => {
  it.each<[what: string, source: number[], target: number[], expected: unknown[]]>([
    ['given on as it came', [10, 200, 400], [12, 203, 401], []],
    ['later, but one by one', [10, 200, 400], [110, 300, 500], []],
    [
      'held back to the end',
      [10, 200, 400],
      [402, 402, 403],
      [
        [
          'buffered',
          'Held back to the end: the provider gave it out from 0 to 390 ms, the gateway from 392 to 393 ms.',
        ],
      ],
    ],
    [
      'much later',
      [10, 200, 400],
      [1010, 1200, 1400],
      [
        [
          'delayed',
          'Up to 1000 ms later: the provider gave it out from 0 to 390 ms, the gateway from 1000 to 1390 ms.',
        ],
      ],
    ],
    ['too quick to be told apart', [10, 20, 30], [40, 40, 40], []],
    ['nothing at the client', [10, 200, 400], [], []],
  ])('%s', (_what, source, target, expected) => {
    expect(findings(source, target)).toEqual(expected);
  });
});

describe('isTooShort', () => {
  it.each<[source: number[], expected: boolean]>([
    [[10, 20, 30], true],
    [[10, 400], true],
    [[10, 50, 110], false],
    [[], false],
  ])('of deltas at %j ms is %s', (source, expected) => {
    const exchange = recorded({ headers: SSE, chunks: [] }, [
      { headers: SSE, chunks: source.map((ms): Chunk => [ms, DELTA]) },
    ]);
    expect(isTooShort(legOf(exchange, 'upstream-response')!)).toBe(expected);
  });
});

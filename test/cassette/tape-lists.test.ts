import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Head } from '../../src/cassette/head-cache.ts';
import { TapeWriter } from '../../src/cassette/tape.ts';
import { playTape, type TapePlace, textsOf } from '../../src/cassette/tape-player.ts';
import { assertProperty } from '../helpers/properties.ts';

/** Heads that are like each other, of which some come again. */
const text = fc.constantFrom('', 'a', 'host', 'content-length', '7', '70', 'é', '中', 'x'.repeat(300));
const heads = fc.array(
  fc.record({
    leg: fc.integer({ min: 0, max: 3 }),
    first: fc.array(text, { maxLength: 3 }),
    rest: fc.array(text, { maxLength: 5 }),
  }),
  { maxLength: 60 },
);

it('gives every head back, whatever stands on the tape already and wherever it is taken', () => {
  assertProperty(
    fc.property(heads, fc.integer({ min: 1, max: 20 }), (list, takeEvery) => {
      const seen: string[][] = [];
      const nothing = () => undefined;
      const place: TapePlace = {
        head: (_status, bytes) => {
          seen.push(textsOf(bytes));
          return undefined as unknown as Head;
        },
        find: nothing,
        began: nothing,
        touched: nothing,
        closed: nothing,
        socketClosed: nothing,
      };
      const tape = new TapeWriter((full) => playTape(full, place));
      list.forEach(({ leg, first, rest }, i) => {
        tape.head(1, leg, 0, 0, null, 200, '', first, rest);
        // Nobody minds what becomes of a list later.
        rest.push('later');
        const written = i % takeEvery === 0 && tape.take();
        if (written) playTape(written, place);
        rest.pop();
      });
      const left = tape.take();
      if (left) playTape(left, place);
      expect(seen).toEqual(list.map(({ first, rest }) => [...first, ...rest]));
    }),
    { numRuns: 200 },
  );
});

it('writes a head that comes again as a few bytes', () => {
  const tape = new TapeWriter(() => {});
  const headers = ['Host', 'h', 'User-Agent', 'x'.repeat(100)];
  tape.head(1, 1, 0, 0, null, 200, '', ['OK', '1.1'], headers);
  const once = tape.length;
  tape.head(2, 1, 0, 0, null, 200, '', ['OK', '1.1'], [...headers]);
  expect(tape.length - once).toBeLessThan(40);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StopCutter } from '../../../src/translate/shared/stop-cutter.ts';
import { assertProperty } from '../../helpers/properties.ts';

function cut(sequences: string[], deltas: string[]): { text: string; stop: string | undefined } {
  const cutter = new StopCutter(sequences);
  const text = deltas.map((delta) => cutter.push(delta)).join('') + cutter.flush();
  return { text, stop: cutter.stop };
}

describe('stop sequences', () => {
  it.each<[string[], string, string, string | undefined]>([
    [['END'], 'one END two', 'one ', 'END'],
    [['END'], 'one EN', 'one EN', undefined],
    [['END', 'one'], 'one END', '', 'one'],
    [['abc', 'b'], 'abc', 'a', 'b'],
    [['b', 'ab'], 'ab', '', 'ab'],
    [['ab', 'b'], 'ab', '', 'ab'],
    [['b', 'abc'], 'abc', 'a', 'b'],
    [['aab'], 'aaaab', 'aa', 'aab'],
    [['', 'x'], 'axb', 'a', 'x'],
    [[], 'all of it', 'all of it', undefined],
  ])('%j cut %j', (sequences, text, expected, stop) => {
    expect(cut(sequences, [text])).toEqual({ text: expected, stop });
  });

  it('hold back all that may be the beginning of one', () => {
    expect(cut(['abx', 'bcc'], ['ab', 'x'])).toEqual({ text: '', stop: 'abx' });
    expect(cut(['abx', 'bcc'], ['ab', 'cc'])).toEqual({ text: 'a', stop: 'bcc' });
  });

  it('cut the same however the text is split', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
    const sequences = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }));
    assertProperty(
      fc.property(sequences, fc.array(letters), (list, deltas) => {
        const text = deltas.join('');
        expect(cut(list, deltas)).toEqual(cut(list, [text]));
        expect(list.some((sequence) => cut(list, deltas).text.includes(sequence))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

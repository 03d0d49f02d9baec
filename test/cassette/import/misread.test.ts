import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { undoMisreading } from '../../../src/cassette/import/misread.ts';
import { assertProperty } from '../../helpers/properties.ts';

describe('undoMisreading', () => {
  it.each(['latin1', 'windows-1252'])('gives back the UTF-8 that was read as %s', (encoding) => {
    assertProperty(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const bytes = Buffer.from(text);
        const misread = encoding === 'latin1' ? bytes.toString('latin1') : new TextDecoder(encoding).decode(bytes);
        expect(Buffer.from(undoMisreading(misread, [bytes.length]) ?? '')).toEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, string, number[]]>([
    ['of another length', 'GrÃ¼n', [6]],
    ['that is no UTF-8 afterwards', 'Grün', [4]],
    ['with characters that neither encoding has', '数', [1]],
  ])('leaves a text alone %s', (_, text, lengths) => {
    expect(undoMisreading(text, lengths)).toBeUndefined();
  });
});

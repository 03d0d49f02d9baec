import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteForShell } from '../../src/util/shell.ts';
import { assertProperty } from '../helpers/properties.ts';

describe('quoteForShell', () => {
  it.each([
    ['http://127.0.0.1:4000/v1', 'http://127.0.0.1:4000/v1'],
    ['gpt-5.5', 'gpt-5.5'],
    ['', "''"],
    ['x y', "'x y'"],
    ["it's", `'it'\\''s'`],
    ['{port}', "'{port}'"],
  ])('writes %j as %s', (word, quoted) => {
    expect(quoteForShell(word)).toBe(quoted);
  });

  it('is understood by a shell, whatever the words are', () => {
    assertProperty(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 20 }), (texts) => {
        const words = texts.map((text) => text.replaceAll('\0', ''));
        const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${words.map(quoteForShell).join(' ')}`]);
        expect(stdout.toString().split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 20 },
    );
  });
});

import { describe, expect, it } from 'vitest';
import { differing, startOf, startOfJson, tellEnding } from '../../../src/conformance/checks/shared/words.ts';

describe('startOf', () => {
  it.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['', 5, ''],
    ['abc🙂d', 5, 'abc…'],
  ])('%s in %i characters', (text, characters, due) => {
    expect(startOf(text, characters)).toBe(due);
  });

  it('says that there is no JSON', () => {
    expect(startOfJson(undefined, 20)).toBe('no JSON');
    expect(startOfJson({ a: [1, 2] }, 6)).toBe('{"a":…');
  });
});

describe('differing', () => {
  it('shows the place, however far from the beginning', () => {
    const same = 'x'.repeat(500);
    const found = differing(`${same}one${same}`, `${same}two`);
    expect(found?.at).toBe(500);
    expect(found?.expected).toMatch(/^…x{40}onex+…$/);
    expect(found?.actual).toBe(`…${'x'.repeat(40)}two`);
  });

  it.each([
    ['', 'a', 0],
    ['a', '', 0],
    ['ab', 'abc', 2],
    ['🙂a', '🙂b', 2],
  ])('%j and %j', (expected, actual, at) => {
    expect(differing(expected, actual)).toEqual({ at, expected, actual });
  });

  it('is nothing where two texts are the same', () => {
    expect(differing('a', 'a')).toBeUndefined();
  });
});

it('has words for an answer that does not end', () => {
  expect(tellEnding('none')).toBe('does not say how it ends');
  expect(tellEnding('calls')).toBe('ends as calls');
});

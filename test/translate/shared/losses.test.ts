import { describe, expect, it } from 'vitest';
import { createLosses, pointerStep } from '../../../src/translate/shared/losses.ts';

describe('createLosses', () => {
  it('keeps losses in order and tells the same one once', () => {
    const losses = createLosses('responses->chat');
    losses.add('/store', 'parameter', 'no such parameter');
    losses.add('/input/0', 'item', 'no such item');
    losses.add('/store', 'parameter', 'no such parameter');
    expect(losses.list).toEqual([
      { hop: 'responses->chat', path: '/store', kind: 'parameter', reason: 'no such parameter' },
      { hop: 'responses->chat', path: '/input/0', kind: 'item', reason: 'no such item' },
    ]);
  });

  it('tells what is lost in another way, and each of many once', () => {
    const losses = createLosses('h');
    losses.add('/a', 'field', 'r');
    losses.add('/a', 'value', 'r');
    losses.add('/a', 'value', 's');
    expect(losses.list).toHaveLength(3);
    const paths = Array.from({ length: 20 }, (_, n) => `/${n}`);
    for (const path of [...paths, ...paths]) losses.add(path, 'field', 'r');
    expect(losses.list.slice(3).map(({ path }) => path)).toEqual(paths);
  });

  it('takes each loss once', () => {
    const losses = createLosses('h');
    losses.add('/a', 'field', 'r');
    expect(losses.take()).toHaveLength(1);
    losses.add('/a', 'field', 'r');
    expect(losses.take()).toEqual([]);
    losses.add('/b', 'field', 'r');
    expect(losses.take().map(({ path }) => path)).toEqual(['/b']);
  });
});

describe('pointerStep', () => {
  it.each([
    ['name', '/name'],
    ['a/b', '/a~1b'],
    ['a~b', '/a~0b'],
    [3, '/3'],
  ])('%s', (name, step) => expect(pointerStep(name)).toBe(step));
});

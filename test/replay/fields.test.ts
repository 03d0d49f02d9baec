import { describe, expect, test } from 'vitest';
import { applyRules, compileRules, isNestedDeeper, ruleAt, stringsOf } from '../../src/replay/fields.ts';

const upper = (text: string, kind: string) => (kind === 'scrub' ? text.toUpperCase() : text);

describe('applyRules', () => {
  test.each([
    ['no rule scrubs', [], { a: 'x', b: [{ c: 'y' }], n: 1, z: null }, { a: 'X', b: [{ c: 'Y' }], n: 1, z: null }],
    ['static', [{ path: '/a', rule: 'static' }], { a: { b: 'x' }, c: 'x' }, { a: { b: 'x' }, c: 'X' }],
    [
      'a deeper rule overrides',
      [
        { path: '/a', rule: 'static' },
        { path: '/a/b', rule: 'scrub' },
      ],
      { a: { b: 'x', c: 'x' } },
      { a: { b: 'X', c: 'x' } },
    ],
    ['ignore a field', [{ path: '/a', rule: 'ignore' }], { a: 1, b: 2 }, { b: 2 }],
    ['ignore elements', [{ path: '/*', rule: 'ignore' }], [1, 2], []],
    [
      'live',
      [{ path: '/*', rule: 'live' }],
      { a: 'x', b: 1, c: null, d: [1], e: {} },
      { a: '[live:string]', b: '[live:number]', c: '[live:null]', d: '[live:array]', e: '[live:object]' },
    ],
    [
      'call ids by order',
      [{ path: '/*/id', rule: 'call-id' }],
      [{ id: 'p' }, { id: 'q' }, { id: 'p' }, { id: 3 }],
      [{ id: '[call:1]' }, { id: '[call:2]' }, { id: '[call:1]' }, { id: 3 }],
    ],
    [
      'a literal name beats the star',
      [
        { path: '/*', rule: 'live' },
        { path: '/a', rule: 'scrub' },
      ],
      { a: 'x', b: 'x' },
      { a: 'X', b: '[live:string]' },
    ],
    [
      'what the star says below holds for a literal name, where nothing else is said',
      [
        { path: '/*/id', rule: 'live' },
        { path: '/*/b', rule: 'ignore' },
        { path: '/0/a', rule: 'static' },
        { path: '/0/b', rule: 'static' },
      ],
      [
        { id: 'x', a: 'x', b: 'x' },
        { id: 'x', a: 'x', b: 'x' },
      ],
      [
        { id: '[live:string]', a: 'x', b: 'x' },
        { id: '[live:string]', a: 'X' },
      ],
    ],
    [
      'the last rule for a path counts',
      [
        { path: '/a', rule: 'ignore' },
        { path: '/a', rule: 'static' },
      ],
      { a: 'x' },
      { a: 'x' },
    ],
    [
      'names with slashes and tildes',
      [{ path: '/a~1b/~0c', rule: 'ignore' }],
      { 'a/b': { '~c': 1, d: 2 } },
      { 'a/b': { d: 2 } },
    ],
  ] as const)('%s', (_, rules, body, expected) => {
    expect(applyRules(body, compileRules(rules), upper).value).toEqual(expected);
  });

  test('collects call ids and the session', () => {
    const rules = compileRules([
      { path: '/key', rule: 'live', session: true },
      { path: '/input/*/call_id', rule: 'call-id' },
    ]);
    const body = { key: 's1', input: [{ call_id: 'b' }, { call_id: 'a' }, { call_id: 'b' }] };
    expect(applyRules(body, rules, upper)).toMatchObject({ callIds: ['b', 'a'], session: 's1' });
    expect(applyRules({ key: 7 }, rules, upper)).toMatchObject({ callIds: [], session: undefined });
  });

  test('still knows the session by a field that another rule is given', () => {
    const rules = compileRules([
      { path: '/key', rule: 'live', session: true },
      { path: '/key', rule: 'ignore' },
    ]);
    expect(applyRules({ key: 's1' }, rules, upper)).toMatchObject({ value: {}, session: 's1' });
  });

  test('keeps a field named __proto__', () => {
    const body = JSON.parse('{"__proto__":{"a":"x"}}');
    expect(JSON.stringify(applyRules(body, compileRules([]), upper).value)).toBe('{"__proto__":{"a":"X"}}');
  });
});

test('strings of a body of any depth', () => {
  let body: unknown = 'deep';
  for (let i = 0; i < 100_000; i++) body = [body, 'x'];
  const strings = [...stringsOf(body)];
  expect(strings).toHaveLength(100_001);
  expect(strings).toContain('deep');
});

test.each([
  [1, 0, false],
  [[], 0, false],
  [[[]], 0, true],
  [{ a: [{}] }, 2, false],
  [{ a: [{}] }, 1, true],
])('%j is nested deeper than %d: %s', (body, levels, expected) => {
  expect(isNestedDeeper(body, levels)).toBe(expected);
});

describe('ruleAt', () => {
  const tree = compileRules([
    { path: '/a', rule: 'static' },
    { path: '/a/*/b', rule: 'scrub' },
    { path: '/a/*/id', rule: 'call-id' },
    { path: '/c', rule: 'ignore' },
    { path: '/c/d', rule: 'static' },
  ]);
  test.each([
    ['', 'scrub'],
    ['/x/y', 'scrub'],
    ['/a', 'static'],
    ['/a/0/x', 'static'],
    ['/a/0/b', 'scrub'],
    ['/a/0/b/c', 'scrub'],
    ['/a/12/id', 'call-id'],
    ['/c', 'ignore'],
    ['/c/d', 'ignore'],
  ])('%j: %s', (pointer, rule) => {
    expect(ruleAt(tree, pointer)).toBe(rule);
  });
});

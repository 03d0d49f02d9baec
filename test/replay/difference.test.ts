import { expect, test } from 'vitest';
import { compareValues, showPair } from '../../src/replay/difference.ts';

test.each([
  ['equal', { a: [1, { b: null }] }, { a: [1, { b: null }] }, 0, undefined],
  ['a leaf', { a: 1, b: 2 }, { a: 1, b: 3 }, 1, { pointer: '/b', recorded: 2, live: 3 }],
  ['first in the order of the live one', { a: 1, b: 2 }, { b: 3, a: 9 }, 2, { pointer: '/b', recorded: 2, live: 3 }],
  [
    'absent in the live one',
    { a: 1, b: { c: 1, d: [2, 3] } },
    { a: 1 },
    3,
    { pointer: '/b', recorded: { c: 1, d: [2, 3] }, live: undefined },
  ],
  ['absent in the recorded one', [1], [1, { a: 1 }], 1, { pointer: '/1', recorded: undefined, live: { a: 1 } }],
  ['another type', { a: [1, 2] }, { a: { 0: 1 } }, 2, { pointer: '/a', recorded: [1, 2], live: { 0: 1 } }],
  ['null is a value', { a: null }, { a: {} }, 1, { pointer: '/a', recorded: null, live: {} }],
  ['names that need escapes', { 'a/b~': 1 }, { 'a/b~': 2 }, 1, { pointer: '/a~1b~0', recorded: 1, live: 2 }],
  [
    'names of the prototype',
    JSON.parse('{"__proto__":1}'),
    {},
    1,
    { pointer: '/__proto__', recorded: 1, live: undefined },
  ],
  ['roots', 1, 2, 1, { pointer: '', recorded: 1, live: 2 }],
])('%s', (_, recorded, live, leaves, first) => {
  expect(compareValues(recorded, live)).toEqual({ leaves, first });
});

test('stops counting', () => {
  const many = Array.from({ length: 1000 }, (_, i) => i);
  expect(compareValues(many, [], 5).leaves).toBe(5);
});

test.each([
  ['run echo hi', 'run ls', '"run echo hi"', '"run ls"'],
  [undefined, { a: 1 }, '(absent)', '{"a":1}'],
  [null, 'x', 'null', '"x"'],
  [
    `${'a'.repeat(100)}b${'c'.repeat(100)}`,
    `${'a'.repeat(100)}x`,
    `…"${'a'.repeat(24)}b${'c'.repeat(55)}"…`,
    `…"${'a'.repeat(24)}x"`,
  ],
])('shows %j and %j', (recorded, live, left, right) => {
  expect(showPair(recorded, live)).toEqual({ recorded: left, live: right });
});

import { expect, test } from 'vitest';
import { SketchList, sketchOf } from '../../src/replay/sketch.ts';

const list = (values: readonly string[]) => ({ input: values.map((text) => ({ type: 'message', text })) });
const texts = Array.from({ length: 40 }, (_, i) => `text ${i}`);

test('a value is most like itself, and the less alike the fewer leaves it shares', () => {
  const sketches = new SketchList();
  const asked = list(texts);
  const others = [
    asked,
    list(texts.with(7, 'another')),
    list(texts.map((text, i) => (i % 2 ? text : `x${i}`))),
    list([]),
  ];
  others.forEach((value, i) => {
    sketches.set(i, sketchOf(value));
  });
  const found = others.map((_, i) => sketches.likeness(i, sketchOf(asked)));
  expect(found[0]).toBe(16);
  expect(found).toEqual([...found].sort((a, b) => b - a));
  expect(found[3]).toBeLessThan(found[1]!);
});

test('the order of members does not count, that of elements does', () => {
  expect(sketchOf({ a: 1, b: 'x' })).toEqual(sketchOf({ b: 'x', a: 1 }));
  expect(sketchOf(['a', 'b'])).not.toEqual(sketchOf(['b', 'a']));
});

test('sketches of any number are kept apart', () => {
  const sketches = new SketchList();
  for (let i = 0; i < 1000; i++) sketches.set(i, sketchOf(`value ${i}`));
  expect(sketches.likeness(999, sketchOf('value 999'))).toBe(16);
  expect(sketches.likeness(0, sketchOf('value 999'))).toBeLessThan(16);
});

import { describe, expect, it } from 'vitest';
import { readArguments } from '../../../src/translate/responses-messages/arguments.ts';
import { createLosses } from '../../../src/translate/shared/losses.ts';

describe('readArguments', () => {
  it.each<[unknown, unknown, number]>([
    ['{"a":1}', { a: 1 }, 0],
    ['', {}, 0],
    ['  ', {}, 0],
    [undefined, {}, 0],
    [null, {}, 0],
    [{ a: 1 }, { a: 1 }, 0],
    ['{"a":', { arguments: '{"a":' }, 1],
    ['[1]', { arguments: '[1]' }, 1],
    ['null', { arguments: 'null' }, 1],
    [7, { arguments: 7 }, 1],
    ['{"__proto__":{"a":1}}', JSON.parse('{"__proto__":{"a":1}}'), 0],
    ['{"a":9007199254740993}', { a: 9007199254740992 }, 1],
    ['{"a":1e400}', { a: Infinity }, 1],
    ['{"a":"12345678901234567890 \\" 1e400"}', { a: '12345678901234567890 " 1e400' }, 0],
    ['{"a":1234567890123456}', { a: 1234567890123456 }, 0],
    ['{"a":0.1000000000000000055}', { a: 0.1 }, 0],
  ])('%j', (value, expected, count) => {
    const losses = createLosses('test');
    expect(readArguments(value, '/input/0/arguments', losses)).toEqual(expected);
    expect(losses.list).toHaveLength(count);
  });
});

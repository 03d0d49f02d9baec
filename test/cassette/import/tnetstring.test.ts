import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTnetstrings, type Tnetstring } from '../../../src/cassette/import/tnetstring.ts';
import { assertProperty } from '../../helpers/properties.ts';

/** The way back, for properties: written from the definition of the format. */
function write(value: Tnetstring): Buffer {
  if (Buffer.isBuffer(value)) return frame(value, ',');
  if (typeof value === 'string') return frame(Buffer.from(value), ';');
  if (typeof value === 'number') return frame(Buffer.from(String(value)), Number.isInteger(value) ? '#' : '^');
  if (typeof value === 'boolean') return frame(Buffer.from(String(value)), '!');
  if (value === null) return frame(Buffer.alloc(0), '~');
  if (Array.isArray(value)) return frame(Buffer.concat(value.map(write)), ']');
  const members = Object.entries(value).flatMap(([key, member]) => [write(key), write(member)]);
  return frame(Buffer.concat(members), '}');
}

function frame(data: Buffer, tag: string): Buffer {
  return Buffer.concat([Buffer.from(`${data.length}:`), data, Buffer.from(tag)]);
}

const values = fc.letrec<{ value: Tnetstring }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: 0.001, max: 1e6 }),
    fc.string(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
      { noNullPrototype: true },
    ),
  ),
})).value;

describe('readTnetstrings', () => {
  it('reads whatever can be written', () => {
    assertProperty(
      fc.property(fc.array(values, { maxLength: 3 }), (list) => {
        expect([...readTnetstrings(Buffer.concat(list.map(write)))]).toEqual(list);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['abc', 'there is no length at byte 0'],
    ['3:abc', 'it ends within the value at byte 0'],
    ['3:abc,9:x,', 'it ends within the value at byte 6'],
    ['3:abc?', 'the value at byte 0 has the unknown type "?"'],
    ['99999999999999:', 'there is no length at byte 0'],
    ['1:x#', 'a number is none'],
  ])('refuses %s', (text, message) => {
    expect(() => [...readTnetstrings(Buffer.from(text))]).toThrow(message);
  });

  it('refuses lists that nest without end', () => {
    let text = '0:]';
    for (let i = 0; i < 100; i++) text = `${text.length}:${text}]`;
    expect(() => [...readTnetstrings(Buffer.from(text))]).toThrow('64 levels');
  });
});

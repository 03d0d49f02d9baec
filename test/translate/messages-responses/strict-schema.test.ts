import { describe, expect, it } from 'vitest';
import { fitsStrictSchema } from '../../../src/translate/messages-responses/strict-schema.ts';

const TEXT = { type: 'string' };

function object(properties: object, required: string[] = Object.keys(properties)): Record<string, unknown> {
  return { type: 'object', properties, required, additionalProperties: false };
}

describe('a strict schema of OpenAI', () => {
  it.each([
    ['a closed object', object({ a: TEXT }), true],
    ['a nested one', object({ a: { type: 'array', items: object({ b: TEXT }) } }), true],
    ['one by reference', { ...object({ a: { $ref: '#/$defs/b' } }), $defs: { b: object({ c: TEXT }) } }, true],
    ['an optional property', object({ a: TEXT, b: TEXT }, ['a']), false],
    ['an open object', { type: 'object', properties: { a: TEXT }, required: ['a'] }, false],
    ['an open object within', object({ a: { type: 'object' } }), false],
    ['an open object in a choice', object({ a: { anyOf: [TEXT, { properties: { b: TEXT } }] } }), false],
    ['an open object in the definitions', { ...object({}), $defs: { b: { type: 'object' } } }, false],
    ['no object at all', TEXT, false],
  ])('%s', (_, schema, fits) => {
    expect(fitsStrictSchema(schema)).toBe(fits);
  });
});

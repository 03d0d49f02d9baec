import { describe, expect, it } from 'vitest';
import type { Definitions, Schema } from '../../schemas/generate/schema.ts';
import { sharpenUnions } from '../../schemas/generate/unions.ts';

function sharpen(schema: Schema, definitions: Definitions = {}): Schema {
  const all: Definitions = { ...structuredClone(definitions), Union: structuredClone(schema) };
  sharpenUnions(all);
  return all.Union!;
}

function tagged(tag: Schema, required = ['type']): Schema {
  return { type: 'object', properties: { type: tag }, required };
}

function when(type: string, schema: Schema): Schema {
  // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
  return { if: { type }, then: schema };
}

const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });

describe('sharpenUnions', () => {
  it('splits members of different JSON types into conditions', () => {
    const item: Schema = { type: 'array', items: { type: 'string' } };
    expect(sharpen({ anyOf: [{ type: 'string' }, item] })).toEqual({
      type: ['array', 'string'],
      allOf: [when('array', item)],
    });
  });

  it('makes a discriminator of a tag that all members require', () => {
    const a = tagged({ type: 'string', const: 'a' });
    const b = tagged({ type: 'string', enum: ['b', 'c'] });
    expect(sharpen({ anyOf: [ref('A'), ref('B')] }, { A: a, B: b })).toEqual({
      type: 'object',
      properties: { type: { type: 'string' } },
      required: ['type'],
      discriminator: { propertyName: 'type' },
      oneOf: [ref('A'), ref('B')],
    });
  });

  it('chooses by presence where a tag may be absent', () => {
    const a = tagged({ type: 'string', const: 'a' });
    const b = tagged({ type: 'string', const: 'b' }, []);
    const union = sharpen({ anyOf: [ref('A'), ref('B')] }, { A: a, B: b });
    expect(union.if).toEqual({ type: 'object', required: ['type'], properties: { type: { type: 'string' } } });
    expect(union.then?.discriminator).toEqual({ propertyName: 'type' });
    expect(union.else).toEqual(ref('B'));
  });

  it('looks for a second tag among members that share a value of the first', () => {
    const member = (role: string): Schema => ({
      type: 'object',
      properties: { type: { type: 'string', const: 'message' }, role: { type: 'string', const: role } },
      required: ['type', 'role'],
    });
    const other: Schema = tagged({ type: 'string', const: 'other' });
    const union = sharpen(
      { anyOf: [ref('User'), ref('Model'), ref('Other')] },
      { User: member('user'), Model: member('assistant'), Other: other },
    );
    expect(union.discriminator).toEqual({ propertyName: 'type' });
    expect(union.oneOf?.[0]?.allOf?.[0]?.discriminator).toEqual({ propertyName: 'role' });
  });

  it.each<[string, Schema, Schema]>([
    [
      'joins literal strings',
      {
        anyOf: [
          { type: 'string', const: 'a' },
          { type: 'string', enum: ['b'] },
        ],
      },
      { type: 'string', enum: ['a', 'b'] },
    ],
    [
      'leaves an open list of literals open',
      { anyOf: [{ type: 'string' }, { type: 'string', enum: ['b'] }] },
      { type: 'string' },
    ],
    [
      'splits literals with null by type',
      { anyOf: [{ type: ['string', 'null'], enum: ['a', null] }, { type: 'number' }] },
      {
        type: ['null', 'number', 'string'],
        allOf: [when('string', { type: 'string', enum: ['a'] }), when('null', { type: 'null', enum: [null] })],
      },
    ],
    ['takes a member that takes everything for all', { anyOf: [{}, { type: 'null' }] }, {}],
    [
      'keeps what it cannot tell apart',
      { anyOf: [{ type: 'object', required: ['a'] }, { type: 'object' }] },
      { type: 'object' },
    ],
    [
      'stands beside other keywords without overwriting them',
      {
        type: 'object',
        anyOf: [
          { type: 'object', required: ['a'] },
          { type: 'object', required: ['b'] },
        ],
      },
      {
        type: 'object',
        allOf: [
          {
            anyOf: [
              { type: 'object', required: ['a'] },
              { type: 'object', required: ['b'] },
            ],
          },
        ],
      },
    ],
  ])('%s', (_name, before, after) => {
    expect(sharpen(before)).toEqual(after);
  });

  it('flattens unions within unions, whatever order they are rewritten in', () => {
    const a = tagged({ type: 'string', const: 'a' });
    const b = tagged({ type: 'string', const: 'b' });
    const c = tagged({ type: 'string', const: 'c' });
    const definitions = { Inner: { anyOf: [ref('A'), ref('B')] }, A: a, B: b, C: c };
    expect(sharpen({ anyOf: [ref('Inner'), ref('C')] }, definitions).oneOf).toEqual([ref('A'), ref('B'), ref('C')]);
  });
});

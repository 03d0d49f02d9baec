import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactJson, rawMember } from '../../../src/cassette/import/raw-json.ts';
import { assertProperty } from '../../helpers/properties.ts';

describe('compactJson', () => {
  it.each([
    ['{ "a" : [ 1 ,\n\t2 ] }', '{"a":[1,2]}'],
    ['{"a b": " c  d "}', '{"a b":" c  d "}'],
    ['{"a": "\\" : ,  }", "n": 12.0}', '{"a":"\\" : ,  }","n":12.0}'],
    ['', ''],
  ])('%j becomes %j', (text, compact) => {
    expect(compactJson(text)).toBe(compact);
  });

  it('is what JSON.stringify gives, however the text was laid out', () => {
    assertProperty(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 4 }), (value, indent) => {
        expect(compactJson(JSON.stringify(value, null, indent))).toBe(JSON.stringify(value));
      }),
      { numRuns: 200 },
    );
  });
});

describe('rawMember', () => {
  it.each([
    ['{"body": {"n": 12.0, "body": 1}, "x": 2}', 'body', '{"n":12.0,"body":1}'],
    ['{"x": {"body": 1}}', 'body', undefined],
    ['{"x": "body", "body": "x"}', 'body', '"x"'],
    ['{"a": [{"body": 2}, "}"], "body": null}', 'body', 'null'],
    ['{"body": 1, "body": 2}', 'body', '2'],
    ['{}', 'body', undefined],
  ])('of %s, %s is %j', (text, name, raw) => {
    expect(rawMember(text, name)).toBe(raw);
  });

  it('gives every member of any object', () => {
    assertProperty(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const text = JSON.stringify(object, null, 1);
        for (const [name, value] of Object.entries(JSON.parse(text))) {
          expect(rawMember(text, name)).toBe(JSON.stringify(value));
        }
      }),
      { numRuns: 100 },
    );
  });
});

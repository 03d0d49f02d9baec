import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openOpaque, sealOpaque } from '../../../src/translate/shared/opaque.ts';
import { assertProperty } from '../../helpers/properties.ts';

describe('sealOpaque and openOpaque', () => {
  it.each([
    ['thinking', { type: 'thinking', thinking: 'a\u2028 “b” \ud83d\ude42', signature: 'Eq+/=' }],
    ['a lone surrogate', { type: 'thinking', thinking: '\ud83d', signature: 'x' }],
    ['what is no object', 7],
  ])('carry %s', (_name, block) => {
    const sealed = sealOpaque({ protocol: 'messages', blocks: [block] });
    expect(sealed).toMatch(/^td1\.[A-Za-z0-9_-]+$/);
    expect(openOpaque(sealed)).toEqual({ protocol: 'messages', blocks: [block] });
  });

  it('carry any JSON', () => {
    assertProperty(
      fc.property(fc.array(fc.jsonValue()), (blocks) => {
        // What JSON has no word for, like -0, is not the matter here.
        const plain = JSON.parse(JSON.stringify(blocks)) as unknown[];
        expect(openOpaque(sealOpaque({ protocol: 'chat', blocks: plain }))?.blocks).toEqual(plain);
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    '',
    'gAAAAABn',
    'td1.',
    'td1.!!!',
    'td1.e30',
    `td1.${btoa('{"protocol":"chat"}')}`,
    `td1.${btoa('{"blocks":[]}')}`,
    `td2.${btoa('{"protocol":"chat","blocks":[]}')}`,
  ])('do not open %j', (text) => expect(openOpaque(text)).toBeUndefined());
});

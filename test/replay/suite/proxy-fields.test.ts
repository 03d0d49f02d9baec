import { describe, expect, it } from 'vitest';
import { compareFields } from '../../../src/replay/suite/proxy/fields.ts';

const NONE = new Set<string>();

describe('compareFields', () => {
  it.each([
    ['hint=8, semantic=0', 'hint=8, semantic=0'],
    ['hint=8, semantic=0', 'semantic=0,hint=8'],
    ['hint=8, semantic=0', 'hint=8'],
  ])('takes %s and %s for the same losses', (recorded, made) => {
    expect(compareFields(['x-tapedeck-losses', recorded], ['x-tapedeck-losses', made], NONE)).toBeUndefined();
  });

  it.each([
    ['hint=8, semantic=1', 'hint=9, semantic=0'],
    ['hint=8, semantic=0', 'hint=7, semantic=0'],
    ['semantic=1', 'hint=1'],
    ['hint=1', '2'],
  ])('tells %s from %s, but where the losses are expected to be others', (recorded, made) => {
    const fields = [
      ['x-tapedeck-losses', recorded],
      ['X-Tapedeck-Losses', made],
    ] as const;
    expect(compareFields(fields[0], ['x-tapedeck-losses', made], NONE)).toMatchObject({
      message: 'header x-tapedeck-losses has another value',
    });
    const vague = new Set(['x-tapedeck-losses']);
    expect(compareFields(fields[0], ['x-tapedeck-losses', made], NONE, vague)).toBeUndefined();
    expect(compareFields(fields[0], fields[1], NONE, vague)?.message).toContain('is written');
    expect(compareFields(fields[0], [], NONE, vague)?.message).toBe('header x-tapedeck-losses is missing');
  });

  it('does not compare what other fields of its own say', () => {
    expect(compareFields(['x-tapedeck-estimate', 'a'], ['x-tapedeck-estimate', 'b'], NONE)).toBeUndefined();
    expect(compareFields(['x-other', 'a'], ['x-other', 'b'], NONE)?.message).toBe('header x-other has another value');
  });
});

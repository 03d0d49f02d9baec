import { describe, expect, it } from 'vitest';
import type { RawFinding } from '../../src/validate/explain.ts';
import { collapseRepeats, mergeProfiles } from '../../src/validate/merge.ts';

const finding = (more: Partial<RawFinding>): RawFinding => ({
  profile: 'tolerant',
  severity: 'error',
  rule: 'schema.type',
  source: 's',
  message: 'm',
  pointer: '',
  ...more,
});

const missing = (name: string, more: Partial<RawFinding> = {}): RawFinding =>
  finding({ rule: 'schema.required', message: `\`${name}\` is missing; so there`, missing: name, ...more });

describe('mergeProfiles', () => {
  it('keeps the weightiest profile of one fault', () => {
    const merged = mergeProfiles([finding({ profile: 'strict' }), finding({ profile: 'codex' }), finding({})]);
    expect(merged.map(({ profile }) => profile)).toEqual(['codex']);
  });

  it('lets an error beat a warning of a weightier profile', () => {
    const merged = mergeProfiles([finding({ profile: 'codex', severity: 'warning' }), finding({ profile: 'strict' })]);
    expect(merged.map(({ profile }) => profile)).toEqual(['strict']);
  });

  it('keeps faults at different places apart', () => {
    expect(mergeProfiles([finding({ pointer: '/a' }), finding({ pointer: '/b' })])).toHaveLength(2);
  });

  it('joins what is missing from one object, and keeps the hint', () => {
    const merged = mergeProfiles([missing('a'), finding({ pointer: '/x' }), missing('b'), missing('c')]);
    expect(merged).toEqual([
      finding({ rule: 'schema.required', message: '`a`, `b` and `c` are missing; so there' }),
      finding({ pointer: '/x' }),
    ]);
  });

  it('takes from a profile only the fields that a weightier one does not name', () => {
    const merged = mergeProfiles([
      missing('a', { profile: 'strict' }),
      missing('b', { profile: 'strict' }),
      missing('b', { profile: 'codex' }),
    ]);
    expect(merged.map(({ profile, message }) => `${profile} ${message}`)).toEqual([
      'strict `a` is missing; so there',
      'codex `b` is missing; so there',
    ]);
  });
});

describe('collapseRepeats', () => {
  it('counts the events that have the same fault', () => {
    const repeated = [1, 2, 3].map((event) => finding({ event }));
    expect(collapseRepeats(repeated)).toEqual([finding({ event: 1, message: 'm (and so in 2 more events)' })]);
  });

  it('keeps different messages apart', () => {
    expect(collapseRepeats([finding({ message: 'a' }), finding({ message: 'b' })])).toHaveLength(2);
  });
});

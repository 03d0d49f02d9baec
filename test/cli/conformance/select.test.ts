import { describe, expect, it } from 'vitest';
import { type Selection, selectChecks } from '../../../src/cli/conformance/select.ts';
import type { Check } from '../../../src/conformance/check.ts';

function check(id: string, changes: Partial<Check> = {}): Check {
  return {
    id,
    revision: 1,
    requirement: 'r',
    source: 's',
    level: 'must',
    profiles: ['codex'],
    needs: 'model',
    run: async () => {},
    ...changes,
  };
}

const CHECKS = [
  check('wire.stream.held'),
  check('wire.stream.held-back', { level: 'should' }),
  check('zstd.body.one', { level: 'info', profiles: ['openai'] }),
  check('codex.models.shape', { profiles: ['codex', 'openai'] }),
];

function ids(selection: Partial<Selection>): string[] {
  return selectChecks(CHECKS, { level: 'all', profiles: [], ...selection }).map(({ id }) => id);
}

describe('selectChecks', () => {
  it.each([
    ['everything', {}, ['wire.stream.held', 'wire.stream.held-back', 'zstd.body.one', 'codex.models.shape']],
    ['an area', { filter: 'wire' }, ['wire.stream.held', 'wire.stream.held-back']],
    ['an id, and no other that begins so', { filter: 'wire.stream.held' }, ['wire.stream.held']],
    ['the beginning of an id', { filter: 'wire.stream.held-' }, ['wire.stream.held-back']],
    ['an area before a profile of the same name', { filter: 'codex' }, ['codex.models.shape']],
    ['a profile', { filter: 'openai' }, ['zstd.body.one', 'codex.models.shape']],
    ['several', { filter: 'zstd., codex.' }, ['zstd.body.one', 'codex.models.shape']],
    ['a regular expression', { filter: '/^(zstd|codex),?/' }, ['zstd.body.one', 'codex.models.shape']],
    ['all but', { exclude: 'wire,zstd' }, ['codex.models.shape']],
    ['the musts', { level: 'must' as const }, ['wire.stream.held', 'codex.models.shape']],
    ['no info', { level: 'should' as const }, ['wire.stream.held', 'wire.stream.held-back', 'codex.models.shape']],
    ['profiles', { profiles: ['openai'] }, ['zstd.body.one', 'codex.models.shape']],
    ['nothing that is left', { filter: 'zstd', profiles: ['codex'] }, []],
  ])('takes %s', (_, selection, expected) => {
    expect(ids(selection)).toEqual(expected);
  });

  it('refuses what fits nothing at all, or is no regular expression', () => {
    expect(() => ids({ filter: 'wire.nothing' })).toThrow('--filter "wire.nothing" fits no check.');
    expect(() => ids({ filter: 'wire,' })).toThrow('fits no check');
    expect(() => ids({ exclude: '/(/' })).toThrow('--exclude /(/ is not a regular expression.');
  });
});

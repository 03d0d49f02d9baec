import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, EXIT, TapedeckError, worstExit } from '../../src/errors.ts';
import { errorCodesOf } from '../helpers/architecture.ts';

const document = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const codes = errorCodesOf(readFileSync(new URL('../../src/errors.ts', import.meta.url), 'utf8')) as ErrorCode[];

/** Code -> text of its section. */
const sections = new Map(
  document
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [, code = '', text = ''] = section.match(/^`([^`]+)`\n([\s\S]*)$/) ?? [];
      return [code, text] as const;
    }),
);

describe('docs/errors.md', () => {
  it('has a section for every error code and for no other', () => {
    expect([...sections.keys()].sort()).toEqual([...codes].sort());
  });

  it.each(codes)('says of %s its exit code, what happened and what to do', (code) => {
    const text = sections.get(code) ?? '';
    expect(text).toMatch(new RegExp(`^\\nExit code ${new TapedeckError(code, '').exitCode}\\. \\S`));
    expect(text).toMatch(/\n\nWhat to do: \S/);
  });

  it('has a row for every exit code and for no other', () => {
    const rows = [...document.matchAll(/^\| (\d+) \| `(\w+)` \| \S.* \|$/gm)].map((row) => [row[2], Number(row[1])]);
    expect(Object.fromEntries(rows)).toEqual(EXIT);
    expect(rows).toHaveLength(Object.keys(EXIT).length);
  });

  it('gives the order in which exit codes win as the program applies it', () => {
    const listed =
      document
        .match(/the first of ([\d, ]+) is the exit code/)?.[1]
        ?.split(', ')
        .map(Number) ?? [];
    expect(listed).toHaveLength(7);
    for (let first = 0; first < listed.length; first++) {
      expect(worstExit([EXIT.ok, ...listed.slice(first).reverse()])).toBe(listed[first]);
    }
  });
});

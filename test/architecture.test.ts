import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkFile, errorCodesOf, RULES, type RuleId } from './helpers/architecture.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Texts that a reader of the repository sees. */
const PUBLIC_PLACES = ['src', 'test', 'docs', 'schemas', 'fixtures/gateways'];
const PUBLIC_FILES = /\.(?:ts|md|json|ya?ml)$/;

function readTexts(): { path: string; text: string }[] {
  const below = PUBLIC_PLACES.flatMap((place) => filesBelow(join(ROOT, place)));
  const top = filesIn(ROOT);
  return [...top, ...below].map((file) => ({
    path: relative(ROOT, file).split(sep).join('/'),
    text: readFileSync(file, 'utf8'),
  }));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && PUBLIC_FILES.test(entry.name) && entry.name !== 'package-lock.json')
    .map((entry) => join(folder, entry.name));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && PUBLIC_FILES.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('the architecture', () => {
  const texts = readTexts();
  const errors = texts.find((file) => file.path === 'src/errors.ts');
  const errorCodes = errorCodesOf(errors?.text ?? '');
  const violations = texts.flatMap((file) => checkFile(file.path, file.text, { errorCodes }));

  it('is read from the whole source', () => {
    expect(texts.map((file) => file.path)).toEqual(expect.arrayContaining(['src/errors.ts', 'src/cli/index.ts']));
    expect(errorCodes).toContain('usage');
  });

  it.each(Object.entries(RULES) as [RuleId, string][])('keeps %s: %s', (rule) => {
    expect(violations.filter((violation) => violation.rule === rule).map((violation) => violation.message)).toEqual([]);
  });
});

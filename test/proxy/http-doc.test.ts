import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The rows of the tables of docs/http.md, without the head rows and the lines below them. */
const ROWS = read('../../docs/http.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/\| test \|$/.test(line));

test('docs/http.md has rows', () => {
  expect(ROWS.length).toBeGreaterThan(40);
});

test.each(ROWS.map((row) => [row.split('|')[1]!.trim(), row]))('held by a test: %s', (_what, row) => {
  const [, file, name] = /\| `(\w+)`: ([^|]+) \|$/.exec(row) ?? [];
  expect(file).toBeDefined();
  expect(read(`./${file}.test.ts`)).toContain(name);
});

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runVitest } from './run-vitest.ts';

const example = fileURLToPath(new URL('../../../docs/example', import.meta.url));
/** Beside the example, so that the packages are found from it too. */
const changed = fileURLToPath(new URL('../../../node_modules/.cache/changed-example', import.meta.url));

beforeAll(() => {
  rmSync(changed, { recursive: true, force: true });
  mkdirSync(changed, { recursive: true });
  cpSync(example, changed, { recursive: true });
});
afterAll(() => rmSync(changed, { recursive: true, force: true }));

test('the example project passes offline, in CI, without a key', async () => {
  const { code, tests, output } = await runVitest(example, { CI: 'true' });
  expect(
    Object.values(tests).map(({ state }) => state),
    output,
  ).toEqual(Array(4).fill('passed'));
  expect(code).toBe(0);
});

test('a changed prompt, a recording that is left over and a missing cassette fail their tests', async () => {
  const edit = (file: string, from: string, to: string) => {
    const path = join(changed, file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
  };
  edit('explain.ts', 'Explain in one sentence', 'Explain in two sentences');
  edit('explain.test.ts', "test('a limit is told', async () => {", "test('a limit is told', async () => {\n  return;");
  edit('translator.test.ts', 'explain/a-word-is-explained', 'nowhere');
  const { code, tests } = await runVitest(changed, { CI: 'true' });
  expect(code).toBe(1);
  expect(tests['a word is explained']?.messages).toMatch(
    /first at \/input: recorded "Explain in one sentence: tape deck", asked "Explain in two sentences: tape deck"/,
  );
  expect(tests['a limit is told']?.messages).toContain('left over, because the test did not ask for them: #1 POST');
  expect(tests['what a Chat client asks becomes a Responses request']?.messages).toContain('There is no cassette');
});

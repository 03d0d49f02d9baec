import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';

const GOOD = fileURLToPath(new URL('../../fixtures/cassettes/0.169.0/text.har', import.meta.url));
// Put together, so that nobody takes it for a real one.
const KEY = `sk-${'proj'}-${'Zq7Rk2Wm9Xt4Lp8Vb3Nc6Hd1Jf5Gs0Ty'}`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-cassettes-'));
  const good = await readFile(GOOD, 'utf8');
  await writeFile(join(folder, 'good.har'), good);
  await writeFile(join(folder, 'cut.har'), good.slice(0, good.length - 900));
  await writeFile(join(folder, 'cut-early.har'), good.slice(0, 400));
  await writeFile(join(folder, 'text.har'), 'this is no JSON\n');
  await writeFile(join(folder, 'empty.har'), '');
  await writeFile(join(folder, 'other.har'), '{"name":"a package"}');
  await writeFile(join(folder, 'newer.har'), good.replace('"format": 1', '"format": 999'));
  await writeFile(join(folder, 'edited.har'), good.replace('"_seq": 1,', '"_seq":  1,'));
  await writeFile(join(folder, 'secret.har'), good.replace('[redacted:authorization#1]', KEY));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function cli(argv: string[]) {
  const io = captureIo({ cwd: folder });
  const code = await run(argv, io);
  return { code, out: io.out(), err: io.err(), all: io.out() + io.err() };
}

const BAD: [name: string, message: RegExp][] = [
  ['missing.har', /missing\.har/],
  ['cut.har', /cut\.har[\s\S]*(byte|line) \d|cut off/],
  ['cut-early.har', /cut-early\.har/],
  ['text.har', /text\.har[\s\S]*(JSON|cassette)/],
  ['empty.har', /empty\.har/],
  ['other.har', /other\.har[\s\S]*(HAR|cassette)/],
  ['newer.har', /newer\.har[\s\S]*update/i],
];

describe.each(['show', 'explain', 'validate', 'play'])('%s', (command) => {
  test.each(BAD)('%s: exit 5, what is wrong and what to do', async (name, message) => {
    const { code, all } = await cli([command, name]);
    expect(code).toBe(5);
    expect(all).toMatch(message);
    expect(all).not.toMatch(/ at .*\.ts:\d+/);
  });
});

test('a cassette that was edited by hand is said to be, and refused only with --pristine', async () => {
  expect(await cli(['show', 'edited.har'])).toMatchObject({ code: 0, out: expect.stringContaining('edited') });
  expect((await cli(['validate', 'edited.har'])).code).toBe(0);
  expect((await cli(['validate', '--pristine', 'edited.har'])).code).toBe(5);
});

test('a cassette that holds a secret fails validation without telling it', async () => {
  const { code, all } = await cli(['validate', 'secret.har']);
  expect(code).toBe(5);
  expect(all).toMatch(/secret\.har[\s\S]*credential/);
  expect(all).not.toContain(KEY.slice(10));
});

test('a secret that somebody put into a cassette is the one thing that replay finds', async () => {
  const { code, out } = await cli(['replay', 'secret.har', '--json']);
  const [{ exchanges }] = JSON.parse(out).cassettes;
  const failed = exchanges.flatMap(({ results }: { results: { check: string; verdict: string }[] }) =>
    results.filter(({ verdict }) => verdict === 'failed').map(({ check }) => check),
  );
  expect(failed).toEqual(['redaction.complete']);
  expect(out).not.toContain(KEY.slice(10));
  expect(code).toBe(5);
});

test('show and play warn of a secret that somebody put into a cassette', async () => {
  const warning =
    /^warning {2}Exchange \S+ of this edited cassette .* `tapedeck edit secret\.har redact` removes it\.$/m;
  expect((await cli(['show', 'secret.har'])).err).toMatch(warning);
  expect((await cli(['show', 'secret.har', '1'])).err).toMatch(warning);
  expect((await cli(['play', 'secret.har', '--', process.execPath, '-e', '0'])).err).toMatch(warning);
  expect((await cli(['show', 'edited.har'])).err).toBe('');
  expect((await cli(['show', 'good.har', '1'])).err).toBe('');
});

test('a secret in the header of a cassette, or in a body that is no text, is found as well', async () => {
  const good = await readFile(GOOD, 'utf8');
  await writeFile(join(folder, 'header.har'), good.replace(/"url": "http:[^"]*"/, `"url": "http://127.0.0.1/${KEY}"`));
  expect(await cli(['validate', 'header.har'])).toMatchObject({ code: 5, out: expect.stringContaining('credential') });
  const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(KEY)]).toString('base64');
  const wire = `"mimeType": "image/png", "_wire": {"encodings": [], "bytes": 40, "base64": "${bytes}"}, "text": `;
  await writeFile(
    join(folder, 'bytes.har'),
    good.replace(/"mimeType": "application\/json",\s*"text": "(?:[^"\\]|\\.)*"/, `${wire}""`),
  );
  expect(await cli(['validate', 'bytes.har'])).toMatchObject({ code: 5, out: expect.stringContaining('credential') });
});

test('in a folder of 1,000 cassettes one bad one is told, and stops nothing', async () => {
  const many = join(folder, 'many');
  await mkdir(many);
  const good = await readFile(GOOD);
  const names = Array.from({ length: 1000 }, (_, i) => `${String(i).padStart(4, '0')}.har`);
  await Promise.all(names.map((name) => writeFile(join(many, name), name === '0500.har' ? '{"log":' : good)));
  const { code, out } = await cli(['validate', '--json', '--profile', 'tolerant', 'many']);
  expect(code).toBe(5);
  const { files } = JSON.parse(out) as { files: { file: string; failed?: unknown }[] };
  expect(files).toHaveLength(1000);
  expect(files.filter((file) => 'failed' in file).map((file) => file.file)).toEqual([join('many', '0500.har')]);
}, 60_000);

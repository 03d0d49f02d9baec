import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const exec = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('the packed package, installed in an empty project', () => {
  let folder: string;
  const bin = () => join(folder, 'node_modules', '.bin', 'tapedeck');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tapedeck-package-'));
    // `prepare` builds, so the tarball carries what a clone without `dist` has.
    const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', folder], { cwd: ROOT });
    const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
    await exec('npm', ['install', '--no-audit', '--no-fund', join(folder, filename)], { cwd: folder });
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('has a command that works: the whole demo passes', async () => {
    const { stdout } = await exec(bin(), ['demo', '--codex', 'built-in', '-o', 'demo.har'], { cwd: folder });
    expect(stdout).toContain('All of it passed');
    await exec(bin(), ['validate', 'demo.har'], { cwd: folder });
  }, 60_000);

  test('replays with several threads what one thread says of it', async () => {
    await copyFile(join(folder, 'demo.har'), join(folder, 'again.har'));
    const replay = (jobs: number) =>
      exec(bin(), ['replay', 'demo.har', 'again.har', '--jobs', String(jobs), '--reporter', 'json'], { cwd: folder });
    const [one, two] = [await replay(1), await replay(2)];
    expect(JSON.parse(one.stdout).counts).toMatchObject({ cassettes: 2, failed: 0 });
    expect(two.stdout).toBe(one.stdout);
  }, 60_000);

  test('exports the library with its types', async () => {
    const script = `import { parseSse } from 'codex-tapedeck';
      console.log(parseSse(Buffer.from('data: x\\n\\n')).events[0].data)`;
    const { stdout } = await exec(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
    expect(stdout.trim()).toBe('x');
    const files = await readdir(join(folder, 'node_modules', 'codex-tapedeck', 'dist'));
    expect(files).toContain('index.d.ts');
  });
});

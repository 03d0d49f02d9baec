import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codexBinary, codexCache, codexVariable, packageVersion } from '../../src/conformance/install-codex.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** An `npm` that packs a binary where the real package has it, and notes that it was called. */
async function fakeNpm(place: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const lines = [
    '#!/bin/sh',
    `echo "$2" >> ${folder}/calls`,
    'cd "$5" && mkdir -p tree/package/vendor/some-triple',
    ...(place === '' ? [] : [`mkdir -p tree/package/vendor/some-triple/${place}`]),
    ...(place === '' ? [] : [`printf '#!/bin/sh\\n' > tree/package/vendor/some-triple/${place}/codex`]),
    ...(place === '' ? [] : [`chmod +x tree/package/vendor/some-triple/${place}/codex`]),
    'tar -czf codex.tgz -C tree package && rm -r tree',
    '',
  ];
  await writeFile(join(bin, 'npm'), lines.join('\n'));
  await chmod(join(bin, 'npm'), 0o755);
  return { PATH: `${bin}:${process.env.PATH}`, TAPEDECK_CACHE: join(folder, 'cache') };
}

async function calls(): Promise<string[]> {
  return (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
}

describe('names', () => {
  it('has a variable for a version', () => expect(codexVariable('0.169.0')).toBe('TAPEDECK_CODEX_0_169_0'));

  it.each([
    [{ TAPEDECK_CACHE: '/c' }, '/c/codex'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/tapedeck/codex'],
  ])('keeps binaries in a cache: %j', (env, path) => expect(codexCache(env)).toBe(path));

  it('names the package of a platform', () => {
    expect(packageVersion('0.169.0', 'darwin', 'arm64')).toBe('0.169.0-darwin-arm64');
    expect(() => packageVersion('0.169.0', 'aix', 'ppc64')).toThrow('There is no package');
    expect(() => packageVersion('latest', 'linux', 'x64')).toThrow('There is no package');
  });
});

describe('codexBinary', () => {
  it('takes the binary that the environment names', async () => {
    const path = join(folder, 'codex');
    await writeFile(path, '');
    const env = { TAPEDECK_CODEX_0_1_0: path };
    await expect(codexBinary('0.1.0', env)).rejects.toMatchObject({ code: 'command-not-found' });
    await chmod(path, 0o755);
    expect(await codexBinary('0.1.0', env)).toBe(path);
  });

  it.each(['codex', 'bin'])('installs once, with the binary in %s', async (place) => {
    const env = await fakeNpm(place);
    const path = await codexBinary('0.1.0', env);
    expect(path).toBe(join(folder, 'cache/codex/0.1.0/package/vendor/some-triple', place, 'codex'));
    expect(await codexBinary('0.1.0', env)).toBe(path);
    expect(await calls()).toEqual([`@openai/codex@0.1.0-${process.platform}-${process.arch}`]);
  });

  it('may run twice at once', async () => {
    const env = await fakeNpm('bin');
    const [one, two] = await Promise.all([codexBinary('0.1.0', env), codexBinary('0.1.0', env)]);
    expect(one).toBe(two);
    expect(await readdir(join(folder, 'cache/codex'))).toEqual(['0.1.0']);
  });

  it('leaves nothing of a package without a binary, or of npm failing', async () => {
    const env = await fakeNpm('');
    await expect(codexBinary('0.1.0', env)).rejects.toMatchObject({ code: 'input-invalid' });
    await writeFile(join(folder, 'bin/npm'), '#!/bin/sh\necho no such version >&2\nexit 1\n');
    await expect(codexBinary('0.1.0', env)).rejects.toThrow('no such version');
    expect(await readdir(join(folder, 'cache/codex'))).toEqual([]);
  });
});

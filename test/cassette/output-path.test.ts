import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseCassettePath } from '../../src/cassette/output-path.ts';
import { temporaryFolder } from './support/scripted.ts';

const NOW = new Date(2025, 10, 3, 23, 59);

describe('chooseCassettePath', () => {
  it('counts the recordings of a day in cassettes/, running ones included', async () => {
    const cwd = temporaryFolder();
    const folder = join(cwd, 'cassettes');
    expect(await chooseCassettePath(undefined, cwd, NOW)).toBe(join(folder, '2025-11-03-1.har'));
    await mkdir(folder);
    for (const name of ['2025-11-03-9.har', '2025-11-03-10.har.part', '2025-11-04-77.har', 'other-2025-11-03-88.har']) {
      await writeFile(join(folder, name), '');
    }
    expect(await chooseCassettePath(undefined, cwd, NOW)).toBe(join(folder, '2025-11-03-11.har'));
  });

  it('takes a folder that exists, or a path that ends with a slash', async () => {
    const cwd = temporaryFolder();
    await mkdir(join(cwd, 'here'));
    expect(await chooseCassettePath('here', cwd, NOW)).toBe(join(cwd, 'here', '2025-11-03-1.har'));
    expect(await chooseCassettePath('new/', cwd, NOW)).toBe(join(cwd, 'new', '2025-11-03-1.har'));
  });

  it('takes a file as it is named, unless it exists', async () => {
    const cwd = temporaryFolder();
    expect(await chooseCassettePath('a/b.har', cwd, NOW)).toBe(join(cwd, 'a', 'b.har'));
    await writeFile(join(cwd, 'x.har'), '');
    await expect(chooseCassettePath('x.har', cwd, NOW)).rejects.toMatchObject({
      code: 'output-exists',
      hint: expect.stringContaining('--force'),
    });
    expect(await chooseCassettePath('x.har', cwd, NOW, true)).toBe(join(cwd, 'x.har'));
  });
});

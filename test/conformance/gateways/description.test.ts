import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import { gatewayNames, readDescription } from '../../../src/conformance/gateways/description.ts';

const KNOWN = [
  'version',
  'packages',
  'bin',
  'node',
  'home',
  'port',
  'port2',
  'upstream',
  'upstream_root',
  'proxy',
  'certificate',
];

describe('descriptions of gateways', async () => {
  const names = await gatewayNames();

  it('are there for at least ten', () => {
    expect(names.length).toBeGreaterThanOrEqual(10);
  });

  it.each(names)('%s says how it is installed, started and asked', async (name) => {
    const { install, command, models, files = {}, env = {}, ...rest } = await readDescription(name);
    expect(rest).toMatchObject({
      name,
      version: expect.stringMatching(/^[\w.]+$/),
      source: expect.stringMatching(/^https:/),
    });
    expect(['npm', 'npm-archive', 'pypi', 'codex', 'user']).toContain(install.by);
    expect(models.length).toBeGreaterThan(0);
    const said = JSON.stringify([command, files, env, rest.headers, rest.setup]);
    expect(said).toMatch(/\{port\}/);
    expect(said).toMatch(/\{(?:upstream(?:_root)?|proxy)\}/);
    for (const [, placeholder] of `${said}${JSON.stringify(install)}`.matchAll(/\{([a-z_]\w*)\}/g))
      expect(KNOWN).toContain(placeholder);
  });

  it.each(names)('%s names checks that there are', async (name) => {
    const { choices = [] } = await readDescription(name);
    const ids = CATALOGUE.map(({ id }) => id);
    for (const { checks, quote, place } of choices) {
      for (const check of checks) expect(ids).toContain(check);
      expect([quote, place]).not.toContain('');
    }
  });

  it('are not there for others', async () => {
    await expect(readDescription('../package')).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('opencodex'),
    });
  });
});

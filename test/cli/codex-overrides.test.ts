import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { overrideCodex } from '../../src/cli/codex-overrides.ts';
import { temporaryFolder } from '../helpers/cassette-files.ts';

const URL = 'http://127.0.0.1:4321/v1';

/** @param files of the home */
function home(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** The names of the providers whose base URL is overridden; the built-in one always is. */
async function overridden(config: string, args: readonly string[] = [], files: Record<string, string> = {}) {
  const { args: all, elsewhere } = await overrideCodex(args, URL, home({ 'config.toml': config, ...files }));
  const added = all.filter((arg, i) => all[i - 1] === '-c' && arg.endsWith(`base_url="${URL}"`));
  const names = added.map((arg) => /^model_providers\.(.*)\.base_url=/.exec(arg)?.[1] ?? 'openai');
  expect(names[0]).toBe('openai');
  return { names: names.slice(1), elsewhere };
}

const TWO = `
model_provider = "top"
[model_providers.top]
name = "top"
[model_providers.prof.http_headers]
a = "b"
`;

describe('the providers that are sent here', () => {
  it.each<[string, string, string[]]>([
    ['none', 'model = "m"', []],
    ['of a table each', TWO, ['top', 'prof']],
    ['of one table', '[model_providers]\nA = { name = "A" }\n"b c" = { name = "b" } # d\n', ['A', 'b c']],
    [
      'of a table within',
      'model_providers = { x = { name = "x", query_params = { q = "1" } }, y = { name = "y" } }',
      ['x', 'y'],
    ],
    ['of dotted keys', 'model_providers.x.name = "x"\nmodel_providers . "y" . name = "y"', ['x', 'y']],
    ['but for what is no table', '# [model_providers.x]\na = "[model_providers.y]"', []],
    ['but for what stands in a text', 'a = """\n[model_providers.x]\n"""\n[model_providers.y]\nname = "y"', ['y']],
    [
      'but for what stands in a list',
      'a = [\n  ["model_providers"],\n  ["x"]\n]\n[model_providers.y]\nb = ["1",\n"2" ]\nc = 1',
      ['y'],
    ],
    ['but for names with a dot', '[model_providers."a.b"]\nname = "x"', []],
  ])('%s', async (_, config, names) => {
    expect((await overridden(config)).names).toEqual(names);
  });

  it('are those of the profile that the command line names as well, where it is a file', async () => {
    const files = { 'x.config.toml': 'model_provider = "own"\n[model_providers.own]\nname = "own"\n' };
    for (const args of [
      ['-p', 'x'],
      ['-px'],
      ['--profile=x'],
      ['exec', '--profile', 'x', 'hi'],
      ['-p', 'y', 'exec', '-p', 'x'],
    ]) {
      expect(await overridden(TWO, args, files)).toEqual({ names: ['top', 'prof', 'own'], elsewhere: undefined });
    }
    for (const args of [[], ['-p', 'y'], ['exec', '--', '-p', 'x']]) {
      expect((await overridden(TWO, args, files)).names).toEqual(['top', 'prof']);
    }
    const table = `${TWO}[profiles.x]\nmodel = "m"\n`;
    expect((await overridden(table, ['-p', 'x'], files)).names).toEqual(['top', 'prof']);
  });

  it('are those that the command line defines', async () => {
    const args = ['exec', '-c', 'model_provider="new"', '-cmodel_providers.new={name="n"}', 'hi'];
    expect(await overridden(TWO, args)).toEqual({ names: ['top', 'prof', 'new'], elsewhere: undefined });
  });
});

describe('a provider that cannot be sent anywhere', () => {
  const PROFILES = `${TWO}[profiles.local]\nmodel_provider = "ollama"\n[profiles.fine]\nmodel_provider = "prof"\n`;

  it.each<[string, string, string[], string | undefined]>([
    ['none', TWO, [], undefined],
    ['the built-in one of OpenAI', 'model_provider = "openai"', [], undefined],
    ['the chosen one', "model_provider = 'ollama'", [], 'ollama'],
    ['that of the profile', `profile = "local"\n${PROFILES}`, [], 'ollama'],
    ['that of the profile of the command line', PROFILES, ['-p', 'local'], 'ollama'],
    ['none of another profile', `profile = "local"\n${PROFILES}`, ['-p', 'fine'], undefined],
    ['that of the command line', TWO, ['-c', 'model_provider=lmstudio'], 'lmstudio'],
    ['--oss', TWO, ['exec', '--oss'], '--oss'],
    ['one with a dot in its name', 'model_provider = "a.b"\n[model_providers."a.b"]\nname = "x"', [], 'a.b'],
  ])('%s', async (_, config, args, elsewhere) => {
    expect((await overridden(config, args)).elsewhere).toBe(elsewhere);
  });
});

describe('the overrides', () => {
  const OVERRIDE = ['-c', `openai_base_url="${URL}"`];

  it.each<[string, string[], number]>([
    ['in front', ['exec', 'hi'], 0],
    ['behind the last -c', ['-c', 'a=1', 'exec', '-c', 'b=2', 'hi'], 5],
    ['behind the last --config', ['exec', '--config=b=2', 'hi'], 2],
    ['before --', ['exec', '--', '-c', 'b=2'], 0],
    ['behind a -c without a value', ['exec', '-c'], 2],
  ])('stand %s', async (_, args, at) => {
    const { args: all } = await overrideCodex(args, URL, home({}));
    expect(all).toEqual([...args.slice(0, at), ...OVERRIDE, ...args.slice(at)]);
  });
});

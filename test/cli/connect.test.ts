import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { codexGuide } from '../../src/cli/connect/codex.ts';
import { isInRange, parseVersion } from '../../src/cli/connect/guide.ts';
import { connectCommand } from '../../src/cli/connect.ts';
import { textWidth } from '../../src/report/text.ts';
import { captureIo } from '../helpers/capture-io.ts';

const CLIENTS = ['codex', 'claude-code', 'openai', 'curl'];

async function connect(client: string, flags: Record<string, unknown> = {}, columns?: number): Promise<string> {
  const io = captureIo(columns === undefined ? {} : { columns });
  const args = { _: ['connect'], client, url: 'http://127.0.0.1:8787/v1', json: false, ...flags };
  expect(await connectCommand.run(args, io)).toBe(0);
  expect(io.err()).toBe('');
  return io.out();
}

async function connectJson(client: string, flags: Record<string, unknown> = {}) {
  const text = await connect(client, { json: true, ...flags });
  expect(text.trimEnd()).not.toContain('\n');
  return JSON.parse(text) as ReturnType<typeof codexGuide> & { event: string };
}

function titles(version?: string): string[] {
  return codexGuide('http://h/v1', version).recipes.map((recipe) => recipe.title);
}

describe('connect', () => {
  it.each(CLIENTS)('gives %s a recommended recipe, blocks with the URL, and warnings', async (client) => {
    const guide = await connectJson(client, { url: 'http://127.0.0.1:40123' });
    expect(guide.event).toBe('connect');
    expect(guide.recipes[0]?.when).toMatch(/^Recommended/);
    expect(guide.recipes.slice(1).filter((recipe) => recipe.when.startsWith('Recommended'))).toEqual([]);
    expect(JSON.stringify(guide.recipes)).toContain('http://127.0.0.1:40123');
    expect(JSON.stringify(guide)).not.toContain('{url}');
    expect(guide.warnings.length).toBeGreaterThan(0);
  });

  it.each(CLIENTS)('prints for %s every block at the left margin, as it is', async (client) => {
    const [text, guide] = [await connect(client), await connectJson(client)];
    for (const recipe of guide.recipes) {
      for (const block of recipe.blocks) expect(text).toContain(`── ${block.into}\n${block.text}\n\n`);
    }
  });

  it('wraps what is not a block to the terminal', async () => {
    const [text, guide] = [await connect('codex', {}, 60), await connectJson('codex')];
    const copied = new Set(guide.recipes.flatMap((recipe) => recipe.blocks.flatMap((block) => block.text.split('\n'))));
    const prose = text.split('\n').filter((line) => !copied.has(line) && !line.startsWith('──'));
    expect(prose.filter((line) => textWidth(line) > 60)).toEqual([]);
  });

  it.each(CLIENTS)('gives %s shell blocks that a shell can read', async (client) => {
    const guide = await connectJson(client);
    for (const block of guide.recipes.flatMap((recipe) => recipe.blocks)) {
      if (block.into.startsWith('shell')) execFileSync('/bin/sh', ['-n', '-c', block.text]);
    }
  });

  it.each([
    ['http://127.0.0.1:1', 'http://127.0.0.1:1/v1'],
    ['http://127.0.0.1:1/', 'http://127.0.0.1:1/v1'],
    ['http://127.0.0.1:1/v1/responses', 'http://127.0.0.1:1/v1'],
    ['http://127.0.0.1:1/api/v1/', 'http://127.0.0.1:1/api/v1'],
  ])('reads %s as %s', async (url, expected) => {
    expect((await connectJson('codex', { url })).url).toBe(expected);
  });

  it('cuts the /v1 for Claude Code, which appends it', async () => {
    const guide = await connectJson('claude-code', { url: 'http://127.0.0.1:1/v1' });
    expect(guide.url).toBe('http://127.0.0.1:1');
    expect(JSON.stringify(guide.recipes)).not.toContain('127.0.0.1:1/v1');
  });

  it.each<[what: string, client: string, flags: Record<string, unknown>, message: RegExp]>([
    ['a URL that is none', 'codex', { url: 'localhost' }, /Not an http/],
    ['a URL with a query', 'codex', { url: 'http://h/v1?a=b' }, /Not the URL of a tapedeck/],
    ['a URL that a shell would run', 'curl', { url: 'http://h/$(id)' }, /Not the URL of a tapedeck/],
    ['a version that is none', 'codex', { 'codex-version': 'latest' }, /Not a version: "latest"/],
    ['a Codex version for another client', 'curl', { 'codex-version': '0.169.0' }, /belongs to `connect codex`/],
    ['an unknown client', 'emacs', {}, /No such client: emacs/],
  ])('refuses %s', async (_what, client, flags, message) => {
    const args = { _: ['connect'], client, url: 'http://h/v1', ...flags };
    await expect(connectCommand.run(args, captureIo())).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
  });
});

describe('connect codex by version', () => {
  it('offers only what a version knows', () => {
    const everywhere = ['Custom provider in config.toml', 'Custom provider for one command'];
    const proxy = 'codex responses-api-proxy in between';
    const override = 'Built-in provider with openai_base_url';
    expect(titles('0.113.0')).toEqual([...everywhere, proxy, 'OPENAI_BASE_URL']);
    expect(titles('0.115.0')).toEqual([...everywhere, override, proxy, 'OPENAI_BASE_URL']);
    expect(titles('0.120.0')).toEqual([...everywhere, override, proxy]);
    expect(titles('0.169.0')).toEqual([...everywhere, override, proxy]);
    expect(titles()).toEqual([...everywhere, override, proxy, 'OPENAI_BASE_URL']);
  });

  it.each<[version: string, text: RegExp, said: boolean]>([
    ['0.118.0', /OPENAI_BASE_URL is ignored/, false],
    ['0.120.0', /OPENAI_BASE_URL is ignored/, true],
    ['0.115.0', /6\.4 s/, false],
    ['0.116.0', /6\.4 s/, true],
    ['0.113.0', /wire_api = "chat" is gone/, true],
    ['0.169.0', /wire_api = "chat" is gone/, true],
    ['0.169.0', /exec` ignores OPENAI_API_KEY/, true],
    ['0.169.0', /sends the ChatGPT token/, true],
    ['0.169.0', /whose \*name\* is "OpenAI".*zstd/, true],
    ['0.169.0', /exactly POST \/v1\/responses/, true],
    ['0.143.0', /responses-lite/, false],
    ['0.144.0', /responses-lite/, true],
  ])('to %s says %s: %s', (version, text, said) => {
    expect(text.test(JSON.stringify(codexGuide('http://h/v1', version)).replaceAll('\\"', '"'))).toBe(said);
  });
});

describe('versions', () => {
  it.each([
    ['0.169.0', [0, 169, 0]],
    ['v1.2.3', [1, 2, 3]],
    ['0.170.0-alpha.2', [0, 170, 0]],
    ['0.169', undefined],
    ['latest', undefined],
  ])('reads %s', (text, expected) => {
    expect(parseVersion(text)).toEqual(expected);
  });

  it.each([
    ['0.9.0', { from: '0.10.0' }, false],
    ['0.10.0', { from: '0.10.0' }, true],
    ['1.0.0', { from: '0.10.0' }, true],
    ['0.10.0', { before: '0.10.0' }, false],
    ['0.9.9', { before: '0.10.0' }, true],
    [undefined, { before: '0.10.0' }, true],
    ['0.1.0', undefined, true],
  ])('%s in %j: %s', (version, range, expected) => {
    expect(isInRange(version, range)).toBe(expected);
  });
});

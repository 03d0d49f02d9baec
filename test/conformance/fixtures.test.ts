import { readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scanForSecrets } from '../../src/cassette/redact.ts';
import { openCassette } from '../../src/cassette/store.ts';
import { SCENARIOS, type ScenarioName } from '../../src/conformance/scenarios.ts';
import { loadCassette } from '../../src/conformance/session.ts';
import { validateExchange } from '../../src/validate/exchange.ts';

const CASSETTES = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures/cassettes');
const VERSIONS = ['0.113.0', '0.122.0', '0.169.0'];
const NAMES = Object.keys(SCENARIOS) as ScenarioName[];
const ALL = VERSIONS.flatMap((version) => NAMES.map((name) => [version, name] as const));

/** Recorded with a provider that speaks another protocol: version, file below translated/ without its ending. */
const TRANSLATED = readdirSync(join(CASSETTES, 'translated')).map((file) => {
  const name = file.replace(/\.har$/, '');
  return [name.split('-')[0]!, `../translated/${name}`] as const;
});

function pathOf(version: string, name: string): string {
  return join(CASSETTES, version, `${name}.har`);
}

/** Method, path and status of every exchange. */
async function traffic(version: string, name: ScenarioName): Promise<string[]> {
  const { exchanges } = await loadCassette(pathOf(version, name));
  return exchanges.map(
    ({ client: { request, response } }) => `${request.method} ${new URL(request.url).pathname} ${response.status}`,
  );
}

const POST = 'POST /v1/responses 200';
const NEWER = '0.169.0';

describe('fixture cassettes', () => {
  it('has one of every scenario for every version, and no others', async () => {
    for (const version of VERSIONS)
      expect((await readdir(join(CASSETTES, version))).sort()).toEqual(NAMES.map((name) => `${name}.har`).sort());
  });

  it.each([...ALL, ...TRANSLATED])('%s %s is as it was recorded, by that client', async (version, name) => {
    const cassette = await openCassette(pathOf(version, name), { pristine: true });
    expect(cassette.edited).toBe(false);
    expect(cassette.header.client).toEqual({ name: 'codex_exec', version });
    await cassette.close();
  });

  it.each(ALL)('%s %s validates under tolerant and codex, but for its own fault', async (version, name) => {
    const { exchanges } = await loadCassette(pathOf(version, name));
    const errors = exchanges
      .flatMap((exchange) => validateExchange(exchange, { profiles: ['tolerant', 'codex'] }))
      .filter(({ severity }) => severity === 'error');
    const rules = [...new Set(errors.map(({ rule }) => rule))];
    expect(rules).toEqual(name === 'truncated' ? ['grammar.responses.no-terminal'] : []);
  });

  it.each(TRANSLATED)('%s %s was translated, and says how', async (version, name) => {
    const { exchanges } = await loadCassette(pathOf(version, name));
    const how = `responses->${name.split('-')[1]}`;
    for (const { attempts } of exchanges) {
      expect(attempts.map(({ _producer }) => _producer.how)).toEqual([how]);
      expect(attempts[0]!._producer.dialect).toMatch(/^(?:chat|anthropic|messages)$/);
    }
  });

  it.each([...ALL, ...TRANSLATED])('%s %s holds no secret and nothing of a machine', async (version, name) => {
    const text = await readFile(pathOf(version, name), 'utf8');
    expect(scanForSecrets(text)).toEqual([]);
    // Codex tells the model its working directory; that is the only path of the file system it may know.
    const folders = [...text.matchAll(/<cwd>([^<]*)</g)].map(([, folder]) => folder);
    expect(new Set(folders)).toEqual(new Set(['/tmp/tapedeck-fixture/workspace']));
    expect(text).not.toMatch(/\/(home|Users)\//);
  });

  it.each<[string, ScenarioName, string[]]>([
    ...VERSIONS.map((version): [string, ScenarioName, string[]] => [version, 'text', [POST]]),
    ...VERSIONS.map((version): [string, ScenarioName, string[]] => [version, 'tool', [POST, POST, POST]]),
    ['0.113.0', 'compact', [POST, 'POST /v1/responses/compact 200', POST]],
    ['0.122.0', 'compact', [POST, 'POST /v1/responses/compact 200', POST]],
    [NEWER, 'compact', [POST, POST, POST]],
    [NEWER, 'rate-limit', ['POST /v1/responses 429', POST]],
    [NEWER, 'truncated', [POST, POST]],
  ])('%s %s holds the exchanges it is about', async (version, name, expected) => {
    expect(await traffic(version, name)).toEqual(expected);
  });

  it.each(VERSIONS)('%s zstd is coded as Codex codes', async (version) => {
    const { exchanges } = await loadCassette(pathOf(version, 'zstd'));
    const wire = exchanges.map(({ client }) => client.request.postData?._wire).filter((facts) => facts !== undefined);
    expect(wire).toHaveLength(1);
    expect(wire[0]).toMatchObject({ encodings: ['zstd'], zstd: [{ windowSize: 2_097_152, contentSize: null }] });
    expect(wire[0]!.sha256).toMatch(/^[\da-f]{64}$/);
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How Codex is pointed at a gateway, and how it is logged in. */
export interface CodexSetup {
  /** `x.y.z`; some settings have other names in other versions. */
  version: string;
  baseUrl: string;
  /**
   * `custom`: a provider of our own in config.toml. `built-in`: the provider named openai with its base URL overridden, by
   * `openai_base_url` or, before 0.115, by the environment.
   */
  provider: 'custom' | 'built-in';
  /** `key`: an API key in the environment. `chatgpt`: a made-up ChatGPT login in auth.json, on which Codex codes its bodies with zstd. */
  login: 'key' | 'chatgpt';
  /** `name` of the custom provider. With "OpenAI" Codex compacts remotely and, with a ChatGPT login, sends zstd. */
  providerName?: string;
  /** Absent: a model that this version knows and that uses plain tools. */
  model?: string;
  /** Absolute path of a text that takes the place of Codex's own base instructions. */
  instructionsFile?: string;
  /** Leaves out the tools, skills and permission texts that a recording is not about. */
  slim?: boolean;
  /** Headers that the custom provider's requests have besides. */
  headers?: Readonly<Record<string, string>>;
  /** More top-level settings. */
  settings?: Record<string, string | number | boolean>;
}

/** A home of its own for one or several runs of Codex; nothing of the user's is read. */
export interface CodexHome {
  setup: CodexSetup;
  /** Working directory of the runs. */
  workspace: string;
  /** The environment that Codex is run with. */
  env: Record<string, string>;
  /** Removes everything, the workspace too. */
  remove(): Promise<void>;
}

/** Made up; joined so that it is not taken for a key. */
export const MADE_UP_KEY = ['sk', 'tapedeck', 'made', 'up'].join('-');

/** Compares two `x.y.z` versions by their numbers. */
export function isAtLeast(version: string, least: string): boolean {
  const numbers = (text: string) => text.split(/[.-]/).slice(0, 3).map(Number);
  const [a, b] = [numbers(version), numbers(least)];
  const different = a.findIndex((n, i) => n !== b[i]);
  return different < 0 || a[different]! > b[different]!;
}

/**
 * Creates the folders and writes config.toml and, for a ChatGPT login, auth.json. `root` is a folder that is created for it and
 * removed with it; absent: a temporary one. A fixed root makes recordings name no path of the machine.
 */
export async function createCodexHome(setup: CodexSetup, root?: string): Promise<CodexHome> {
  if (root !== undefined) await rm(root, { recursive: true, force: true });
  const base = root ?? (await mkdtemp(join(tmpdir(), 'tapedeck-codex-')));
  const folder = (name: string) => join(base, name);
  const [home, codexHome, temporary, workspace] = ['home', 'codex-home', 'tmp', 'workspace'].map(folder) as [
    string,
    string,
    string,
    string,
  ];
  // TMPDIR must not lie within CODEX_HOME: Codex refuses that.
  for (const path of [home, codexHome, temporary, workspace]) await mkdir(path, { recursive: true });
  await writeFile(join(codexHome, 'config.toml'), configToml(setup));
  if (setup.login === 'chatgpt')
    await writeFile(join(codexHome, 'auth.json'), madeUpLogin(new Date()), { mode: 0o600 });
  return {
    setup,
    workspace,
    env: { HOME: home, CODEX_HOME: codexHome, TMPDIR: temporary, ...environment(setup) },
    remove: () => rm(base, { recursive: true, force: true }),
  };
}

function environment(setup: CodexSetup): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    TERM: 'dumb',
    TZ: 'UTC',
    // Codex also talks to hosts of its own (updates, analytics). Port 9 refuses at once, so no run ever leaves the machine.
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1,localhost',
    ...(setup.login === 'key' ? { OPENAI_API_KEY: MADE_UP_KEY, CODEX_API_KEY: MADE_UP_KEY } : {}),
    ...(overridesByEnvironment(setup) ? { OPENAI_BASE_URL: setup.baseUrl } : {}),
  };
}

/** `openai_base_url` is honoured from 0.115 on; the environment variable only before 0.120. */
function overridesByEnvironment({ provider, version }: CodexSetup): boolean {
  return provider === 'built-in' && !isAtLeast(version, '0.115.0');
}

/**
 * A model that the version knows (so that apply_patch and reasoning are offered) and that is not "responses-lite", which
 * would put the tools into an input item.
 */
function defaultModel(version: string): string {
  return isAtLeast(version, '0.144.0') ? 'gpt-5.5' : 'gpt-5.1-codex';
}

/** The config.toml of a setup. */
export function configToml(setup: CodexSetup): string {
  const custom = setup.provider === 'custom';
  const top: Record<string, string | number | boolean> = {
    model: setup.model ?? defaultModel(setup.version),
    ...(custom ? { model_provider: 'tapedeck' } : {}),
    ...(!custom && !overridesByEnvironment(setup) ? { openai_base_url: setup.baseUrl } : {}),
    ...(setup.instructionsFile === undefined ? {} : { model_instructions_file: setup.instructionsFile }),
    ...(setup.slim ? { include_permissions_instructions: false, web_search: 'disabled' } : {}),
    ...setup.settings,
  };
  return [
    table(undefined, top),
    ...(custom ? [table('model_providers.tapedeck', providerTable(setup))] : []),
    ...(custom && Object.keys(setup.headers ?? {}).length > 0
      ? [table('model_providers.tapedeck.http_headers', quoteKeys(setup.headers!))]
      : []),
    ...(setup.slim ? slimTables(setup.version) : []),
  ].join('\n');
}

function providerTable(setup: CodexSetup): Record<string, string | boolean> {
  return {
    name: setup.providerName ?? 'Tapedeck',
    base_url: setup.baseUrl,
    wire_api: 'responses',
    ...(setup.login === 'key' ? { env_key: 'OPENAI_API_KEY' } : { requires_openai_auth: true }),
  };
}

function slimTables(version: string): string[] {
  const features = { goals: false, plugins: false, apps: false };
  // From about 0.160 `features.multi_agent` is deprecated and warned about; `agents.enabled` took its place.
  const newer = isAtLeast(version, '0.160.0');
  return [
    table('skills', { include_instructions: false }),
    table('skills.bundled', { enabled: false }),
    table('features', newer ? features : { ...features, multi_agent: false }),
    ...(newer ? [table('agents', { enabled: false })] : []),
  ];
}

function table(name: string | undefined, values: Readonly<Record<string, string | number | boolean>>): string {
  // A JSON string is a TOML basic string, as long as it holds no DEL; numbers and booleans are written alike.
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return `${name === undefined ? '' : `[${name}]\n`}${lines.join('\n')}\n`;
}

/** Names of headers may have what bare keys may not. */
function quoteKeys(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [JSON.stringify(name), value]));
}

/**
 * An auth.json with the shape of a ChatGPT login and nothing true in it. The tokens must look alive (`exp`, `last_refresh`),
 * or Codex tries to renew them before its first request.
 */
export function madeUpLogin(now: Date): string {
  const account = '00000000-0000-4000-8000-000000000001';
  const seconds = Math.floor(now.getTime() / 1000);
  const claims = {
    aud: ['https://api.openai.com/v1'],
    iss: 'https://auth.example.invalid',
    sub: 'auth0|tapedeck',
    iat: seconds,
    exp: seconds + 30 * 86_400,
    email: 'nobody@example.invalid',
    'https://api.openai.com/auth': {
      chatgpt_account_id: account,
      chatgpt_user_id: 'user-tapedeck',
      chatgpt_plan_type: 'pro',
      user_id: 'user-tapedeck',
      organizations: [],
    },
    'https://api.openai.com/profile': { email: 'nobody@example.invalid' },
  };
  const part = (value: object | string) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const token = [part({ alg: 'RS256', typ: 'JWT', kid: 'tapedeck' }), part(claims), part('made-up-signature')].join(
    '.',
  );
  return JSON.stringify({
    OPENAI_API_KEY: null,
    tokens: { id_token: token, access_token: token, refresh_token: 'made-up-refresh-token', account_id: account },
    last_refresh: now.toISOString(),
  });
}

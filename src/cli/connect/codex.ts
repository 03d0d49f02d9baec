import { type Guide, isInRange, type Ranged, type Recipe } from './guide.ts';

/*
 * Everything here was measured with the npm binaries of Codex driven by `codex exec` against a loopback server; the
 * version limits are the last release without and the first release with the behaviour.
 */

type Warning = Ranged<{ text: string }>;
type CodexRecipe = Ranged<Omit<Recipe, 'warnings'>> & { warnings: Warning[] };

const WEBSOCKET_FIRST: Warning = {
  versions: { from: '0.116.0' },
  text: 'The built-in provider tries WebSocket first. Where the upstream accepts it, Tapedeck hands it through; else it answers 426, and Codex goes on over HTTP at once. Any other refusal (404, 403, 500, …) costs 7 attempts, about 6.4 s, and an upgrade that hangs up to 111 s: remember it when another gateway stands here.',
};

/** Warnings that hold whichever recipe is taken. */
const WARNINGS: readonly Warning[] = [
  {
    versions: { from: '0.120.0' },
    text: 'OPENAI_BASE_URL is ignored without a word since 0.120.0: requests go to api.openai.com. Guides that still name it are stale.',
  },
  {
    text: '`codex exec` ignores OPENAI_API_KEY for the built-in provider and sends no Authorization header. Use CODEX_API_KEY there, or a provider with env_key.',
  },
  {
    text: 'wire_api = "chat" is gone: it is a configuration error. Codex speaks Responses only; leave the line out or write "responses".',
  },
  {
    text: 'requires_openai_auth = true with a ChatGPT login sends the ChatGPT token and the account id of the user to the base URL, whoever runs it.',
  },
  {
    text: 'With a ChatGPT login, a provider whose *name* is "OpenAI" (the built-in one, or a custom one called so) sends request bodies coded with zstd and without a content size. `--disable enable_request_compression` sends them plain.',
  },
  {
    versions: { from: '0.144.0' },
    text: 'Without `model`, Codex takes a model of the "responses-lite" kind: no `instructions`, no `tools`, everything inside `input`. Set a model to see the usual shape.',
  },
  { versions: { from: '0.122.0' }, text: '`codex exec` reads stdin as well: close it (`</dev/null`) in scripts.' },
];

/** How `codex` is pointed at `url` (a base URL with its `/v1`), for one version or for all. */
export function codexGuide(url: string, version?: string): Guide {
  const recipes = RECIPES.filter((recipe) => isInRange(version, recipe.versions)).map((recipe) => ({
    title: recipe.title,
    when: recipe.when,
    blocks: recipe.blocks.map((block) => ({ ...block, text: block.text.replaceAll('{url}', url) })),
    warnings: textsFor(recipe.warnings, version),
  }));
  return {
    client: 'Codex CLI',
    url,
    ...(version === undefined ? {} : { version }),
    recipes,
    warnings: textsFor(WARNINGS, version),
  };
}

function textsFor(warnings: readonly Warning[], version: string | undefined): string[] {
  return warnings.filter((warning) => isInRange(version, warning.versions)).map((warning) => warning.text);
}

const RECIPES: readonly CodexRecipe[] = [
  {
    title: 'Custom provider in config.toml',
    when: 'Recommended: works with every version, plain JSON over HTTP, and a ChatGPT login beside it stays unused.',
    blocks: [
      {
        into: '~/.codex/config.toml (the first line above every [table])',
        text: `model_provider = "tapedeck"

[model_providers.tapedeck]
name = "Tapedeck"
base_url = "{url}"
env_key = "OPENAI_API_KEY"
wire_api = "responses"`,
      },
      { into: 'shell', text: 'codex exec "Say hello" </dev/null' },
    ],
    warnings: [
      {
        text: 'env_key names a variable, not a key. If that variable is not set, Codex ends with exit code 1 and sends nothing.',
      },
      {
        text: 'Any name but "OpenAI" will do: that one switches on zstd bodies and other behaviour of the built-in provider.',
      },
    ],
  },
  {
    title: 'Custom provider for one command',
    when: 'The same without touching a file.',
    blocks: [
      {
        into: 'shell',
        text: `codex exec \\
  -c 'model_provider="tapedeck"' \\
  -c 'model_providers.tapedeck={name="Tapedeck",base_url="{url}",env_key="OPENAI_API_KEY",wire_api="responses"}' \\
  "Say hello" </dev/null`,
      },
    ],
    warnings: [],
  },
  {
    title: 'Built-in provider with openai_base_url',
    versions: { from: '0.115.0' },
    when: 'To see what the built-in provider does: its version header, its WebSocket attempt.',
    blocks: [
      {
        into: 'shell, with an API key',
        text: `CODEX_API_KEY="$OPENAI_API_KEY" codex exec \\
  -c 'openai_base_url="{url}"' -c 'forced_login_method="api"' \\
  "Say hello" </dev/null`,
      },
      {
        into: 'shell, with a ChatGPT login (start tapedeck with --upstream https://chatgpt.com/backend-api/codex)',
        text: `codex exec -c 'openai_base_url="{url}"' "Say hello" </dev/null`,
      },
    ],
    warnings: [
      WEBSOCKET_FIRST,
      { text: 'CODEX_API_KEY wins over a ChatGPT login; OPENAI_API_KEY does not.' },
      {
        text: 'With the ChatGPT login the token crosses this tapedeck and goes to its upstream. Cassettes hold a placeholder in its place.',
      },
      {
        versions: { from: '0.169.0' },
        text: 'Do not set chatgpt_base_url as well: with both, Codex asks for an HTTPS routing answer that a loopback address cannot give, and ends with exit code 1.',
      },
    ],
  },
  {
    title: 'codex responses-api-proxy in between',
    when: 'To keep the key out of the process that runs the agent.',
    blocks: [
      {
        into: 'shell, one terminal',
        text: `printf %s "$OPENAI_API_KEY" | codex responses-api-proxy \\
  --port 9322 --http-shutdown --upstream-url "{url}/responses"`,
      },
      {
        into: 'shell, another one',
        text: `OPENAI_API_KEY=unused codex exec \\
  -c 'model_provider="proxy"' \\
  -c 'model_providers.proxy={name="Proxy",base_url="http://127.0.0.1:9322/v1",env_key="OPENAI_API_KEY",wire_api="responses"}' \\
  "Say hello" </dev/null`,
      },
    ],
    warnings: [
      {
        text: 'It passes exactly POST /v1/responses and answers 403 to everything else: no /models, no /responses/compact, no query strings.',
      },
      {
        versions: { from: '0.116.0' },
        text: 'Use it from a custom provider as above. Through openai_base_url its 403 to the WebSocket attempt costs about 6.4 s a session.',
      },
    ],
  },
  {
    title: 'OPENAI_BASE_URL',
    versions: { before: '0.120.0' },
    when: 'Old versions only: the variable works up to 0.118 and is ignored from 0.120.0 on.',
    blocks: [
      {
        into: 'shell',
        text: `OPENAI_BASE_URL="{url}" CODEX_API_KEY="$OPENAI_API_KEY" codex exec "Say hello" </dev/null`,
      },
    ],
    warnings: [{ text: 'With a ChatGPT login instead of CODEX_API_KEY the bodies come coded with zstd.' }],
  },
];

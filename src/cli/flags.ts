import type { Options } from 'yargs';

/** Flags that several commands share, described once. */
export const FLAGS = {
  json: { type: 'boolean', default: false, describe: 'Write JSON on stdout instead of text' },
  host: { type: 'string', default: '127.0.0.1', describe: 'Address to listen on' },
  port: { type: 'number', default: 0, describe: 'Port to listen on; 0 takes a free one' },
  upstream: { type: 'string', describe: 'Base URL of the provider, e.g. https://api.openai.com/v1' },
  'upstream-key-env': {
    type: 'string',
    describe: "Environment variable whose key replaces the client's credentials upstream",
  },
  'api-key': {
    type: 'string',
    describe:
      'Key that clients have to show (Bearer or x-api-key); it does not go upstream, and nobody is refused without it',
  },
  ca: { type: 'string', describe: 'PEM file of certificate authorities to trust upstream' },
  websocket: {
    type: 'boolean',
    default: true,
    describe: 'Hand WebSockets through where the upstream accepts them; --no-websocket answers every upgrade with 426',
  },
  'request-coding': {
    type: 'string',
    choices: ['pass', 'decode'],
    describe: 'Send coded request bodies (zstd, gzip, …) up as they came, or decoded',
  },
  'upstream-protocol': {
    type: 'string',
    choices: ['responses', 'chat', 'messages', 'auto'],
    describe:
      "Translate for a provider that speaks this; auto tries the client's own, then the others (default: hand through)",
  },
  map: {
    type: 'string',
    array: true,
    describe: 'Rename models, FROM=TO; repeatable; * allowed, e.g. --map gpt=deepseek-chat',
  },
  dialect: {
    type: 'string',
    describe: "Name of the provider's table of peculiarities (default: guessed from the URL)",
  },
  'on-loss': {
    type: 'string',
    choices: ['ignore', 'warn', 'reject'],
    default: 'warn',
    describe: 'When a translation loses something: say nothing, count it in a header of the answer, or answer 400',
  },
  'codex-home': {
    type: 'string',
    default: 'isolated',
    describe: 'CODEX_HOME for the command: isolated (temporary), own (yours, with overrides) or a folder',
  },
  redact: { type: 'string', array: true, describe: 'Regular expression of a secret of your own; repeatable' },
  force: { type: 'boolean', default: false, describe: 'Overwrite an existing file' },
  profile: {
    type: 'string',
    array: true,
    choices: ['strict', 'tolerant', 'codex'],
    describe: 'Rules to judge by; repeatable',
  },
} as const satisfies Record<string, Options>;

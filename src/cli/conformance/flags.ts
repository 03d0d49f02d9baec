import type { Command } from '../command.ts';
import { FLAGS } from '../flags.ts';
import { REPORTER_FLAG } from '../replay/output.ts';

/** Folder for the evidence of failures, below the working directory. */
export const EVIDENCE_FOLDER = 'evidence';

/** The flags of `conformance`, in the order of its help: the way to run, what to try, what to do with the outcome. */
export const CONFORMANCE_FLAGS: Command['flags'] = {
  hermetic: {
    type: 'boolean',
    default: false,
    describe: "Play the gateway's provider, too: its base URL has to be http://127.0.0.1:PORT/v1 with --upstream-port",
  },
  'upstream-port': {
    type: 'number',
    describe: 'Port at which the provider is played; with --launch a free one by default',
  },
  'upstream-host': {
    type: 'string',
    describe: 'Address at which it is played; 0.0.0.0 for a gateway in a container',
    defaultDescription: '127.0.0.1',
  },
  'upstream-strictness': {
    type: 'string',
    choices: ['on', 'off'],
    default: 'on',
    describe: 'Refuse, as real providers do, what the protocol does not have',
  },
  launch: {
    type: 'string',
    describe:
      'Start the gateway by this command and run hermetic; {upstream}, {upstream_root} and {port} are filled in',
  },
  'launch-timeout': { type: 'number', describe: 'Seconds that it has to answer', defaultDescription: '60' },
  gateway: {
    type: 'string',
    describe: 'Install this gateway from its registry, start it and run hermetic; docs/gateways.md names them',
  },
  'gateway-version': { type: 'string', describe: 'Version of it', defaultDescription: 'the one that was last tried' },
  bin: { type: 'string', describe: 'Its program, where it is not in a registry' },
  codex: {
    type: 'string',
    array: true,
    describe: 'Run the real Codex of these versions through the gateway as well (with commas); hermetic runs alone',
  },
  'codex-bin': { type: 'string', array: true, describe: 'The same with a binary of yours; repeatable' },
  client: {
    type: 'string',
    array: true,
    describe: 'Run other real clients as well: claude-code, openai-sdk, anthropic-sdk, each with @VERSION or without',
  },
  live: { type: 'boolean', default: false, describe: 'Use the real provider behind the gateway; needs --model' },
  model: {
    type: 'string',
    alias: 'm',
    array: true,
    describe: 'Name of a model, one for each provider protocol where the gateway routes by model; repeatable',
    defaultDescription: 'gpt-5.5 in hermetic runs',
  },
  budget: {
    type: 'number',
    describe: 'Live: tokens after which nothing more is tried',
    defaultDescription: '200000',
  },
  'key-env': { type: 'string', describe: "Environment variable with the gateway's own key" },
  header: { type: 'string', array: true, describe: 'Header to send to the gateway, "NAME: VALUE"; repeatable' },
  filter: { type: 'string', describe: 'Try only these: ids, beginnings of ids, profiles (with commas), or /re/' },
  exclude: { type: 'string', describe: 'Leave these out; as --filter' },
  level: {
    type: 'string',
    choices: ['must', 'should', 'all'],
    default: 'all',
    describe: 'The weakest requirements that are tried',
  },
  profile: {
    type: 'string',
    array: true,
    choices: ['codex', 'open-responses', 'openai', 'anthropic'],
    describe: 'Try only what matters to these; repeatable',
  },
  list: { type: 'boolean', default: false, describe: 'Show the checks, and try nothing' },
  'dry-run': { type: 'boolean', default: false, describe: 'Show what this command line would try, and send nothing' },
  baseline: {
    type: 'string',
    describe:
      'JSON report of before: what fails there is known, and exit code 6 is worse; with --gateway also `shipped`, what was found of it when Tapedeck was released',
  },
  waivers: {
    type: 'string',
    describe: 'JSON list of failures that do not count: id, reason, link, expires; also route, model, client',
  },
  compare: {
    type: 'string',
    describe: 'JSON report to show this run beside, or a second one in place of the URL',
  },
  reporter: REPORTER_FLAG,
  json: FLAGS.json,
  out: {
    type: 'string',
    default: EVIDENCE_FOLDER,
    describe: 'Folder for cassettes of what failed; --no-out writes none',
  },
  bail: { type: 'boolean', default: false, describe: 'Stop at the first failure' },
  timeout: {
    type: 'number',
    describe: 'Seconds that the gateway has for each thing that is waited for',
    defaultDescription: '10, live 120',
  },
  concurrency: { type: 'number', describe: 'Checks at a time', defaultDescription: '8, live 2' },
  seed: { type: 'string', default: 'tapedeck', describe: 'Where ids and markers come from: same seed, same requests' },
};

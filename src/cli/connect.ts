import { EXIT, TapedeckError } from '../errors.ts';
import { parseBaseUrl } from '../route/base-url.ts';
import type { Arguments, Command } from './command.ts';
import { codexGuide } from './connect/codex.ts';
import { type Guide, parseVersion } from './connect/guide.ts';
import { claudeCodeGuide, curlGuide, openaiGuide } from './connect/other-clients.ts';
import { guideLines } from './connect/print.ts';
import { FLAGS } from './flags.ts';
import { type Io, say, sayJson } from './io.ts';

/** Port that the examples of the documentation use; `tapedeck record` takes a free one unless told. */
const DEFAULT_URL = 'http://127.0.0.1:8787/v1';

/** Width of text that goes to no terminal. */
const COLUMNS = 100;

const GUIDES: Record<string, (url: string, version: string | undefined) => Guide> = {
  codex: codexGuide,
  'claude-code': claudeCodeGuide,
  openai: openaiGuide,
  curl: curlGuide,
};

/** `tapedeck connect`: prints the configuration with which a client reaches a tapedeck. */
export const connectCommand: Command = {
  usage: 'connect <client>',
  summary: 'Print the configuration that points a client at a tapedeck',
  flags: {
    url: { type: 'string', default: DEFAULT_URL, describe: 'Base URL of the tapedeck, as its listening line says' },
    'codex-version': { type: 'string', describe: 'Show only what holds for this version of Codex, e.g. 0.169.0' },
    json: FLAGS.json,
  },
  examples: [
    ['tapedeck connect codex', 'Ways to point Codex at a tapedeck, the recommended one first'],
    ['tapedeck connect codex --codex-version 0.113.0', 'The ways that this version knows'],
    ['tapedeck connect openai --url http://127.0.0.1:40123/v1', 'With the URL of a running tapedeck'],
  ],
  extend: (yargs) =>
    yargs.positional('client', { type: 'string', choices: Object.keys(GUIDES), describe: 'Client to configure' }),
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const client = String(args.client);
  const guide = GUIDES[client]?.(readUrl(args.url), readVersion(args['codex-version'], client));
  if (!guide) throw new TapedeckError('usage', `No such client: ${client}`, { hint: knownClients() });
  if (args.json) sayJson(io, { event: 'connect', ...guide });
  else for (const line of guideLines(guide, io.colour, io.stdout.columns ?? COLUMNS)) say(io, line);
  return EXIT.ok;
}

function knownClients(): string {
  return `Known are ${Object.keys(GUIDES).join(', ')}.`;
}

/** The URL as a client has to be given it: with a path, without an endpoint or a slash at its end. */
function readUrl(value: unknown): string {
  const { origin, basePath, query } = parseBaseUrl(String(value));
  const url = origin + basePath;
  // The URL is pasted into shells and files: only what needs quoting in none of them.
  if (query || !/^[\w.~:/%[\]-]+$/.test(url)) {
    throw new TapedeckError('usage', `Not the URL of a tapedeck: ${JSON.stringify(value)}`, {
      hint: `Give it as its listening line says, e.g. ${DEFAULT_URL}`,
    });
  }
  return url;
}

function readVersion(value: unknown, client: string): string | undefined {
  if (value === undefined) return undefined;
  if (client !== 'codex') {
    throw new TapedeckError('usage', '--codex-version belongs to `connect codex`.', { hint: 'Leave it out.' });
  }
  if (!parseVersion(String(value))) {
    throw new TapedeckError('usage', `Not a version: ${JSON.stringify(value)}`, {
      hint: 'Write three numbers as `codex --version` prints them, e.g. 0.169.0.',
    });
  }
  return String(value).replace(/^v/, '');
}

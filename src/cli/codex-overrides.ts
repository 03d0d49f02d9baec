import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * `codex` and its arguments, with `-c` overrides that send it to `url` while it keeps its home: login, MCP servers and all else. Which
 * provider it takes is a matter of its config, of a profile and of the command line, so the base URL of each one that is
 * defined is overridden, and that of the built-in one.
 *
 * Measured with 0.113.0, 0.122.0 and 0.169.0: a name without a definition ends Codex; names are split at every dot; the later of two `-c`
 * counts, and up to 0.122.0 those before a subcommand do not count when it has some of its own.
 * @param args without the command
 * @param home its CODEX_HOME
 * @returns the arguments, and the name of the provider that it takes where that one cannot be sent anywhere
 */
export async function overrideCodex(
  args: readonly string[],
  url: string,
  home: string,
): Promise<{ args: string[]; elsewhere?: string }> {
  const options = readOptions(args);
  const main = readToml(await readText(join(home, 'config.toml')));
  const profile = options.profile ?? main.get('profile');
  const isTable = [...main.keys()].some((path) => path.startsWith(`profiles\0${profile}\0`));
  // With 0.169.0 a profile is a file that the command line names; before it was a table, and 0.169.0 takes none where there are such.
  const isFile = options.profile !== undefined && !isTable;
  const own = isFile ? readToml(await readText(join(home, `${profile}.config.toml`))) : NONE;
  const layers = [main, own, options.config];
  const names = [...new Set(layers.flatMap(providersIn))].filter((name) => !name.includes('.'));
  const overrides = ['openai_base_url', ...names.map((name) => `model_providers.${name}.base_url`)].flatMap((key) => [
    '-c',
    `${key}=${JSON.stringify(url)}`,
  ]);
  const chosen =
    options.config.get('model_provider') ??
    own.get('model_provider') ??
    main.get(`profiles\0${profile}\0model_provider`) ??
    main.get('model_provider') ??
    'openai';
  const isSent = chosen === 'openai' || names.includes(chosen);
  return {
    args: [...args.slice(0, options.end), ...overrides, ...args.slice(options.end)],
    ...(options.oss ? { elsewhere: '--oss' } : isSent ? {} : { elsewhere: chosen }),
  };
}

/** What TOML says, as far as it matters here: texts by their path, with NUL between its parts; other values are empty. */
type Toml = ReadonlyMap<string, string>;

const NONE: Toml = new Map();

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

interface CodexOptions {
  /** Of the last `--profile`. */
  profile: string | undefined;
  /** Of all `-c`. */
  config: Toml;
  oss: boolean;
  /** Where further `-c` go: behind the last one, else before everything. */
  end: number;
}

/** `-c X`, `-cX`, `-c=X`, `--config X`, `--config=X`, and the same of `--profile`. */
const OPTION = /^(?:(-[cp])(?:=?(.+))?|(--config|--profile)(?:=(.*))?)$/s;

function readOptions(args: readonly string[]): CodexOptions {
  const config = new Map<string, string>();
  const options: CodexOptions = { profile: undefined, config, oss: false, end: 0 };
  const last = args.indexOf('--');
  const own = last < 0 ? args : args.slice(0, last);
  for (let i = 0; i < own.length; i++) {
    if (own[i] === '--oss') options.oss = true;
    const [, short, glued, long, joined] = OPTION.exec(own[i]!) ?? [];
    const name = short ?? long?.slice(1, 3);
    if (name === undefined) continue;
    const value = glued ?? joined ?? own[++i] ?? '';
    if (name === '-p') options.profile = value;
    else {
      readAssignment(value, [], config);
      options.end = i + 1;
    }
  }
  return options;
}

/** A key of TOML, bare or quoted. */
const KEY = String.raw`(?:[\w-]+|"[^"]*"|'[^']*')`;
const KEYS = `${KEY}(?:\\s*\\.\\s*${KEY})*`;
const HEADER = new RegExp(`^\\s*\\[\\s*(${KEYS})\\s*\\]\\s*(?:#.*)?$`);
const ASSIGNMENT = new RegExp(`^\\s*(${KEYS})\\s*=\\s*(.*)$`, 's');
const BRACES = new RegExp(`(${KEY})\\s*=\\s*\\{|[{}]|"[^"]*"|'[^']*'`, 'g');

/** Line by line; what stands within a text or a list of several lines is passed over. */
function readToml(text: string): Toml {
  const found = new Map<string, string>();
  let table: string[] = [];
  let quotes: string | undefined;
  let depth = 0;
  for (const line of text.split(/\r?\n/)) {
    if (quotes !== undefined) {
      if (line.includes(quotes)) quotes = undefined;
      continue;
    }
    if (depth > 0) {
      depth += bracketsIn(line);
      continue;
    }
    const header = HEADER.exec(line)?.[1];
    if (header !== undefined) {
      table = partsOf(header);
      found.set(table.join('\0'), '');
      continue;
    }
    const value = readAssignment(line, table, found);
    quotes = /^("""|''')(?!.*\1)/.exec(value)?.[1];
    depth = quotes === undefined ? bracketsIn(value) : 0;
  }
  return found;
}

/** Keys of the tables within a table that is written in one line. */
function membersOf(value: string): string[] {
  const members: string[] = [];
  let depth = 0;
  for (const [token, key] of value.startsWith('{') ? value.matchAll(BRACES) : []) {
    if (key !== undefined && depth === 1) members.push(key);
    if (token.endsWith('{')) depth += 1;
    else if (token === '}') depth -= 1;
  }
  return members;
}

/** How many lists are open at the end of a line. */
function bracketsIn(line: string): number {
  const bare = line.replace(/"(?:[^"\\]|\\.)*"|'[^']*'|#.*/g, '');
  return bare.split('[').length - bare.split(']').length;
}

/** Takes note of `KEY = VALUE`. @returns the value */
function readAssignment(text: string, table: readonly string[], found: Map<string, string>): string {
  const [, keys, value = ''] = ASSIGNMENT.exec(text) ?? [];
  if (keys === undefined) return '';
  const path = [...table, ...partsOf(keys)];
  found.set(path.join('\0'), /^(["'])(.*?)\1/.exec(value)?.[2] ?? (/^[\w-]+$/.test(value) ? value : ''));
  for (const member of membersOf(value)) found.set([...path, ...partsOf(member)].join('\0'), '');
  return value;
}

function partsOf(keys: string): string[] {
  return [...keys.matchAll(new RegExp(KEY, 'g'))].map(([key]) => key.replace(/^(["'])(.*)\1$/, '$2'));
}

/** The names of the providers that are defined. */
function providersIn(config: Toml): string[] {
  return [...config.keys()].flatMap((path) => {
    const [first, name] = path.split('\0');
    return first === 'model_providers' && name !== undefined ? [name] : [];
  });
}

import { posix } from 'node:path';
import { blankLiterals, type ImportLine, importsOf, lineAt } from './source-text.ts';

/** The rules of the design that can be read off the text of a file, by id; the number is the design's. */
export const RULES = {
  layers: 'rule 1: protocols/ < translate/; validate/, oracle/, cassette/ and replay/ add protocols/ and decode/',
  'side-effects': 'rule 2: no files, sockets, process, clock, timers or randomness outside the places for them',
  'cross-step': 'rule 3: only proxy/, replay/suite.ts, conformance/, around/ and cli/ import across steps',
  size: 'rule 4: source files stay under 300 lines',
  exports: 'rule 4: named exports only',
  barrel: 'rule 4: no barrel files but src/index.ts',
  'error-codes': 'rule 5: one TapedeckError whose codes are those of src/errors.ts',
  'machine-paths': 'public texts hold no absolute path of a machine',
} as const;

export type RuleId = keyof typeof RULES;

export interface Violation {
  file: string;
  /** 1-based. */
  line: number;
  rule: RuleId;
  /** `file:line`, what was found, and the rule in words. */
  message: string;
}

export interface CheckContext {
  /** The codes that src/errors.ts lists. */
  errorCodes: readonly string[];
}

/** Lines from which on a file is too long. */
const TOO_LONG = 300;

/** What everything may import. */
const COMMON = ['errors.ts', 'util/'];

/** The pure half of cassette/: what a cassette is, not how it gets to the disk. */
const CASSETTE_SHAPES = [
  'cassette/format.ts',
  'cassette/legs.ts',
  'cassette/messages.ts',
  'cassette/redact.ts',
  'cassette/redact/',
  'cassette/volatile.ts',
];

interface LayerRule {
  rule: 'layers' | 'cross-step';
  /** Files (or folders, with a slash) of src/ that may be imported, besides `COMMON` and the layer itself. */
  values: readonly string[];
  /** As `values`, by `import type` alone. */
  types?: readonly string[];
}

/** First prefix that fits decides. `''` among `values`: everything but `cli/`. */
const LAYERS: readonly [prefix: string, rule: LayerRule][] = [
  ['errors.ts', { rule: 'layers', values: [] }],
  ['util/', { rule: 'layers', values: [] }],
  ['protocols/', { rule: 'layers', values: [] }],
  ['translate/', { rule: 'layers', values: ['protocols/'] }],
  ['decode/', { rule: 'layers', values: [] }],
  ['route/', { rule: 'layers', values: [] }],
  ['validate/', { rule: 'layers', values: ['protocols/', 'decode/', ...CASSETTE_SHAPES] }],
  ['oracle/', { rule: 'layers', values: ['protocols/', 'decode/', ...CASSETTE_SHAPES] }],
  ['cassette/', { rule: 'layers', values: ['protocols/', 'decode/'] }],
  ['replay/suite.ts', { rule: 'cross-step', values: [''] }],
  ['replay/suite/', { rule: 'cross-step', values: [''] }],
  ['replay/against.ts', { rule: 'cross-step', values: [''] }],
  ['replay/against/', { rule: 'cross-step', values: [''] }],
  // Where a cassette takes the place of the network: it is opened, served and recorded.
  [
    'replay/polly/',
    {
      rule: 'cross-step',
      values: [
        'protocols/',
        'decode/',
        'cassette/',
        'replay/',
        'route/endpoints.ts',
        'route/base-url.ts',
        'upstream/failure.ts',
        'upstream/sent-head.ts',
      ],
    },
  ],
  ['replay/vitest/', { rule: 'cross-step', values: ['protocols/', 'decode/', 'cassette/', 'replay/', 'validate/'] }],
  ['replay/', { rule: 'layers', values: ['protocols/', 'decode/', ...CASSETTE_SHAPES], types: ['cassette/'] }],
  ['respond/', { rule: 'cross-step', values: [] }],
  ['upstream/', { rule: 'cross-step', values: [] }],
  ['state/', { rule: 'cross-step', values: [], types: ['translate/'] }],
  ['report/', { rule: 'cross-step', values: ['protocols/', 'decode/', ...CASSETTE_SHAPES], types: [''] }],
  ['proxy/', { rule: 'cross-step', values: [''] }],
  ['around/', { rule: 'cross-step', values: [''] }],
  ['conformance/', { rule: 'cross-step', values: [''] }],
  ['index.ts', { rule: 'cross-step', values: [''] }],
  ['cli/', { rule: 'cross-step', values: ['', 'cli/'] }],
];

/** Where the world may be touched. */
const EFFECT_PLACES = [
  'cli/',
  'proxy/server.ts',
  'proxy/http-server.ts',
  'respond/',
  'upstream/',
  'state/',
  'cassette/store.ts',
  'cassette/journal.ts',
  'cassette/engine-host.ts',
  'cassette/engine-thread.ts',
  'cassette/ticker.ts',
  'cassette/import/',
  'replay/player.ts',
  'replay/socket-player.ts',
  'replay/suite.ts',
  'replay/against.ts',
  'replay/against/send.ts',
  'replay/against/sockets.ts',
  'replay/against/stage.ts',
  'replay/suite/worker.ts',
  'replay/suite/proxy/host.ts',
  'replay/polly/',
  'replay/vitest/',
  'validate/validators.ts',
  'conformance/',
];

/** Node modules that compute and nothing else, and the names that may be taken from those that do more. */
const PURE_NODE: Record<string, true | readonly string[]> = {
  buffer: true,
  crypto: ['createHash', 'Hash', 'hash'],
  events: true,
  stream: true,
  'stream/web': true,
  string_decoder: true,
  url: true,
  util: true,
  zlib: true,
};

/** Packages that compute and nothing else. */
const PURE_PACKAGES = ['@mongodb-js/zstd', 'ajv'];

/** Globals that touch the world. */
const EFFECTS: readonly [pattern: RegExp, what: string][] = [
  [/(?<![.\w])process\b(?!\s*(?::|from\b))/g, '`process`'],
  [/\bDate\s*\.\s*now\b/g, '`Date.now`'],
  [/\bnew\s+Date\s*(?:\(\s*\)|(?=[;,)\n]))/g, '`new Date()`'],
  [/(?<![.\w]|new\s+)Date\s*\(/g, '`Date()`'],
  [/(?<![.\w])performance\s*\.\s*(?:now|timeOrigin|mark|measure)\b/g, '`performance`'],
  [/(?<![.\w])(?:setTimeout|setInterval|setImmediate)\b(?!\s*:)/g, 'a timer'],
  [/\bAbortSignal\s*\.\s*timeout\b/g, 'a timer'],
  [/\bMath\s*\.\s*random\b/g, '`Math.random`'],
  [/(?<![.\w])crypto\s*\.\s*(?:randomUUID|getRandomValues)\b/g, 'randomness'],
  [/(?<![.\w])console\s*\./g, '`console`'],
  [/(?<![.\w])fetch\s*\(/g, '`fetch`'],
  [/\bnew\s+(?:WebSocket|EventSource|XMLHttpRequest)\b/g, 'a connection'],
  [/(?<![.\w])require\s*\(/g, '`require`'],
];

/** Placeholders for a person that examples may use. */
const EXAMPLE_USERS = ['user', 'me', 'you', 'alice', 'bob', 'ci', 'dev'];

// Put together so that this file does not find itself.
const MACHINE_PATH = new RegExp(
  `(?<![\\w.\\-/}])(?:/(?:${['work', 'root'].join('|')})/|/${'tmp'}/caps\\b|(?:/home|/${'Users'})/(?!(?:${EXAMPLE_USERS.join('|')})\\b)\\w+|[A-Z]:\\\\+Users\\b)`,
  'g',
);

interface SourceFile {
  /** Path below the repository, with slashes. */
  path: string;
  /** Path below src/. */
  inSource: string;
  text: string;
  /** The text without comments and literals. */
  code: string;
  imports: ImportLine[];
}

/**
 * What one file breaks, in the order of its lines. Files under src/ are held to all rules, every other text to the
 * rule about machine paths.
 * @param path path below the repository root, with slashes
 */
export function checkFile(path: string, text: string, context: CheckContext = { errorCodes: [] }): Violation[] {
  const found = checkMachinePaths(path, text);
  if (path.startsWith('src/')) {
    const file: SourceFile = {
      path,
      inSource: path.slice('src/'.length),
      text,
      code: blankLiterals(text),
      imports: importsOf(text),
    };
    found.push(...checkImports(file), ...checkEffects(file), ...checkSize(file), ...checkExports(file));
    found.push(...checkErrorCodes(file, context));
  }
  return found.sort((a, b) => a.line - b.line);
}

function violation(file: string, line: number, rule: RuleId, what: string): Violation {
  return { file, line, rule, message: `${file}:${line}: ${what} (${RULES[rule]})` };
}

function isUnder(file: string, places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));
}

function checkImports(file: SourceFile): Violation[] {
  const entry = LAYERS.find(([prefix]) => isUnder(file.inSource, [prefix]));
  if (!entry) return [violation(file.path, 1, 'layers', 'the folder has no place among the layers')];
  const [own, layer] = entry;
  const found: Violation[] = [];
  for (const line of file.imports) {
    if (!line.specifier.startsWith('.')) continue;
    const target = posix.join(posix.dirname(file.path), line.specifier);
    if (target === 'package.json' || mayImport(own, layer, target, line.typeOnly)) continue;
    found.push(violation(file.path, line.line, layer.rule, `imports ${target}`));
  }
  return found;
}

function mayImport(own: string, layer: LayerRule, target: string, typeOnly: boolean): boolean {
  if (!target.startsWith('src/')) return false;
  const inSource = target.slice('src/'.length);
  const allowed = [...layer.values, ...(typeOnly ? (layer.types ?? []) : [])];
  if (isUnder(inSource, [own, ...COMMON, ...allowed])) return true;
  return allowed.includes('') && !inSource.startsWith('cli/');
}

function checkEffects(file: SourceFile): Violation[] {
  if (isUnder(file.inSource, EFFECT_PLACES)) return [];
  const found: Violation[] = [];
  for (const line of file.imports) {
    const reason = impureModule(line);
    if (reason) found.push(violation(file.path, line.line, 'side-effects', reason));
  }
  for (const [pattern, what] of EFFECTS) {
    for (const match of file.code.matchAll(pattern)) {
      found.push(violation(file.path, lineAt(file.code, match.index), 'side-effects', `uses ${what}`));
    }
  }
  return found;
}

function impureModule({ specifier, names, typeOnly }: ImportLine): string | undefined {
  if (typeOnly || specifier.startsWith('.')) return undefined;
  if (!specifier.startsWith('node:')) {
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    return PURE_PACKAGES.includes(name) ? undefined : `imports the package ${name}`;
  }
  const pure = PURE_NODE[specifier.slice('node:'.length)];
  if (pure === true) return undefined;
  if (pure && names.length > 0 && names.every((name) => pure.includes(name))) return undefined;
  return `imports ${names.length > 0 ? `${names.join(', ')} of ` : ''}${specifier}`;
}

function checkSize(file: SourceFile): Violation[] {
  const lines = file.text.replace(/\n$/, '').split('\n').length;
  if (lines < TOO_LONG) return [];
  return [violation(file.path, lines, 'size', `has ${lines} lines`)];
}

function checkExports(file: SourceFile): Violation[] {
  const found: Violation[] = [];
  for (const match of file.code.matchAll(/\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b|\bexport\s*=/g)) {
    found.push(violation(file.path, lineAt(file.code, match.index), 'exports', 'has a default export'));
  }
  if (file.inSource === 'index.ts') return found;
  for (const line of file.imports) {
    if (line.reExport) found.push(violation(file.path, line.line, 'barrel', `re-exports from ${line.specifier}`));
  }
  return found;
}

function checkErrorCodes(file: SourceFile, context: CheckContext): Violation[] {
  if (file.inSource === 'errors.ts') return [];
  const found: Violation[] = [];
  const add = (offset: number, what: string): void => {
    found.push(violation(file.path, lineAt(file.code, offset), 'error-codes', what));
  };
  for (const match of file.code.matchAll(/\bnew\s+TapedeckError\s*\(\s*(['"])( *)\1/g)) {
    const end = match.index + match[0].length - 1;
    const code = file.text.slice(end - match[2]!.length, end);
    if (!context.errorCodes.includes(code)) add(match.index, `throws the unknown code '${code}'`);
  }
  for (const match of file.code.matchAll(/\bas\s+ErrorCode\b|\b(?:type|interface)\s+ErrorCode\s*[={]/g)) {
    add(match.index, `has \`${match[0].replace(/\s+/g, ' ')}\``);
  }
  for (const match of file.code.matchAll(/\bextends\s+(?:\w*Error)\b(?=\s*\{)/g)) {
    add(match.index, 'has an error class of its own');
  }
  return found;
}

function checkMachinePaths(path: string, text: string): Violation[] {
  return [...text.matchAll(MACHINE_PATH)].map((match) =>
    violation(path, lineAt(text, match.index), 'machine-paths', `names ${match[0]}`),
  );
}

/** The codes of the union in the text of src/errors.ts. */
export function errorCodesOf(errorsText: string): string[] {
  const union = errorsText.match(/export type ErrorCode =([\s\S]*?);/)?.[1] ?? '';
  return [...union.matchAll(/^\s*\|\s*'([^']+)'/gm)].map((match) => match[1]!);
}

import { ACCEPTED_CREDENTIALS, NUMERIC_KINDS, SCHEMES } from './credentials.ts';

/**
 * What a credential looks like in a text. `before` is matched and kept, `value` is replaced. Sources are written for latin1
 * texts and have no capturing groups.
 */
export interface SecretPattern {
  kind: string;
  before?: string;
  value: string;
  /** The kind is that of the field's name before the value. */
  named?: true;
  /** The value is the inside of a JSON string. */
  quoted?: true;
  /** The value is a bare JSON token: its placeholder needs quotes. */
  bare?: true;
}

/** Patterns that are looked for together. */
export interface PatternGroup {
  flags: '' | 'i';
  /** Where none of these matches, no pattern of the group does. They begin with a rare character, which is what makes them fast. */
  gates: readonly string[];
  /** What they match holds no character that is ever escaped: only the deepest view is searched. */
  plain: boolean;
  /** What they all begin with, as assertions: it makes the search for beginnings at a text's end fast. */
  lead?: string;
  patterns: readonly SecretPattern[];
}

/** Not within a word. */
const WORD = '(?<![A-Za-z0-9])';
/** Nor within base64url, where any short prefix turns up by chance. */
const CODED = '(?<![A-Za-z0-9_-])';
/** A digit follows soon: words of a language have none. */
const DIGIT = '(?=[A-Za-z_-]{0,40}[0-9])';
const WS = '[ \\t\\r\\n]{0,32}';
const PEM = '(?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----';

interface TokenShape {
  kind: string;
  heads: readonly string[];
  /** What must not stand before them. */
  border: string;
  rest: string;
  /** Characters of `[A-Za-z0-9_-]` that `rest` begins with at least. */
  least: number;
  /** One of them is a digit. */
  digit?: true;
}

/** Credentials that show what they are. */
export const TOKENS: readonly TokenShape[] = [
  {
    kind: 'api-key',
    heads: ['proj', 'svcacct', 'admin', 'None', 'service', 'ant', 'or', 'lf'].map((word) => `sk-${word}-`),
    border: WORD,
    rest: '[A-Za-z0-9_-]{8,}',
    least: 8,
  },
  { kind: 'api-key', heads: ['sk-'], border: CODED, rest: `${DIGIT}[A-Za-z0-9_-]{16,}`, least: 16, digit: true },
  {
    kind: 'api-key',
    heads: [
      'sess-',
      'csk-',
      'xai-',
      'pplx-',
      'nvapi-',
      'tvly-',
      'glpat-',
      'dop_v1_',
      'gsk_',
      'hf_',
      'npm_',
      'r8_',
      'fw_',
    ],
    border: CODED,
    rest: `${DIGIT}[A-Za-z0-9_-]{20,}`,
    least: 20,
    digit: true,
  },
  {
    kind: 'github-token',
    heads: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    border: WORD,
    rest: '[A-Za-z0-9]{20,}',
    least: 20,
  },
  { kind: 'github-token', heads: ['github_pat_'], border: WORD, rest: '[A-Za-z0-9_]{20,}', least: 20 },
  { kind: 'google-key', heads: ['AIza', 'GOCSPX-', 'ya29\\.'], border: CODED, rest: '[A-Za-z0-9_-]{20,}', least: 20 },
  { kind: 'aws-key', heads: ['AKIA', 'ASIA'], border: CODED, rest: '[A-Z0-9]{16}(?![A-Za-z0-9])', least: 16 },
  {
    kind: 'slack-token',
    heads: ['xoxa-', 'xoxb-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'],
    border: WORD,
    rest: '[A-Za-z0-9-]{10,}',
    least: 10,
  },
  {
    // RFC 7519 with three parts, RFC 7516 with five.
    kind: 'jwt',
    heads: ['eyJ'],
    border: CODED,
    rest: '[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]+){0,2}',
    least: 8,
  },
];

const SCHEME = `(?:(?:${SCHEMES.join('|')}) {1,8})?`;
/** Not replaced already; the scheme is in here because it is optional where it is kept. */
const UNREPLACED = `(?!${SCHEME}(?:\\[redacted:|%5Bredacted))`;
const JSON_VALUE = `(?!")${UNREPLACED}[^"\\\\]*(?:\\\\[\\s\\S][^"\\\\]*)*`;
const WORD_VALUE = `${UNREPLACED}(?=[A-Za-z._~+/%=-]{0,64}[0-9])[A-Za-z0-9._~+/%=-]{16,}`;

export const FIELDS = namesOf('fields');
const NUMERIC_FIELDS = ACCEPTED_CREDENTIALS.flatMap(({ kind, fields = [] }) => (NUMERIC_KINDS.has(kind) ? fields : []));
const HEADERS = namesOf('headers', ['cookie']);
export const PAIR_NAMES = namesOf('headers');
export const ASSIGNED = [...namesOf('headers', ['cookie', 'account']), ...namesOf('fields', ['account']), '_token'];
export const PARAMETERS = namesOf('query');
const LONG_PARAMETERS = PARAMETERS.filter((name) => name.length > 5);
const SHORT_PARAMETERS = PARAMETERS.filter((name) => name.length <= 5);

export const PATTERN_GROUPS: readonly PatternGroup[] = [
  tokenGroup(),
  keyBlockGroup(),
  nameGroup(),
  pairGroup(),
  bearerGroup(),
  addressGroup(),
];

function tokenGroup(): PatternGroup {
  const heads = TOKENS.flatMap((token) => token.heads);
  // Their last character is the rare one; an e is far too frequent to look for `eyJ` by itself.
  const joined = heads.filter((head) => /[-_]$|^eyJ$/.test(head)).map((head) => head.slice(0, -1));
  const others = heads.filter((head) => !/[-_]$|^eyJ$/.test(head));
  return {
    flags: '',
    plain: true,
    lead: `${WORD}(?=[${[...new Set(heads.map((head) => head[0]))].join('')}])`,
    gates: [`[-_J](?<=${WORD}(?:${joined.join('|')})${lastTwo(joined)}.)`, ...others],
    patterns: TOKENS.flatMap(({ kind, heads, border, rest }) =>
      heads.map((head) => ({ kind, value: `${border}${head}${rest}` })),
    ),
  };
}

/** RFC 7468; without its end line, the base64 that follows. */
function keyBlockGroup(): PatternGroup {
  const head = '-----BEGIN ';
  const value = `${head}${PEM}(?:(?:(?!${head})[\\s\\S]){0,16000}?-----END ${PEM}|[A-Za-z0-9+/=\\\\ \\t\\r\\n]{64,})`;
  return { flags: '', plain: true, gates: [head], patterns: [{ kind: 'private-key', value }] };
}

/** Values behind a telling name: JSON fields (also with a list), assignments and header lines in free text, query strings. */
function nameGroup(): PatternGroup {
  const quoted = `${behind(FIELDS, ':', '"')}${WS}(?:\\[${WS})?"${SCHEME}`;
  const numeric = `${behind(NUMERIC_FIELDS, ':', '"')}${WS}`;
  const assigned = `${behind(ASSIGNED, ':=', `["']?`)}${WS}["']?${SCHEME}`;
  return {
    flags: 'i',
    plain: false,
    gates: [
      behind(
        [...FIELDS, ...ASSIGNED],
        ':=',
        `["']?`,
        `|[?&](?:${[...LONG_PARAMETERS, ...SHORT_PARAMETERS].join('|')})`,
      ),
    ],
    patterns: [
      { kind: 'secret', named: true, quoted: true, before: quoted, value: JSON_VALUE },
      { kind: 'secret', named: true, before: numeric, value: '-?[0-9][0-9.eE+-]{0,64}', bare: true },
      { kind: 'assignment', named: true, before: assigned, value: WORD_VALUE },
      {
        kind: 'query',
        before: `=(?<=[?&](?:${LONG_PARAMETERS.join('|')})=)`,
        value: `${UNREPLACED}[^&\\s"'<>#\\\\()\\[\\]{}]{8,}`,
      },
      { kind: 'query', before: `=(?<=[?&](?:${SHORT_PARAMETERS.join('|')})=)`, value: WORD_VALUE },
    ],
  };
}

/** Headers as HAR writes them. */
function pairGroup(): PatternGroup {
  const pair = (names: readonly string[]) => `"name"${WS}:${WS}"(?:${names.join('|')})"`;
  const value = `${WS},${WS}"value"${WS}:${WS}"`;
  const cookies = ['cookie', 'set-cookie'];
  return {
    flags: 'i',
    plain: false,
    gates: [pair([...HEADERS, ...cookies])],
    patterns: [
      {
        kind: 'authorization',
        named: true,
        quoted: true,
        before: `${pair(HEADERS)}${value}${SCHEME}`,
        value: JSON_VALUE,
      },
      { kind: 'cookie', before: `${pair(cookies)}${value}[^"=;\\\\]{1,256}=`, value: `${UNREPLACED}[^"\\\\;]{8,}` },
    ],
  };
}

/** RFC 6750 section 2.1, wherever it is quoted. */
function bearerGroup(): PatternGroup {
  const before = '(?<![a-z0-9])bearer(?:[ +]|%20){1,8}';
  return {
    flags: 'i',
    plain: false,
    gates: ['bearer'],
    patterns: [{ kind: 'authorization', before, value: WORD_VALUE }],
  };
}

/** Addresses with a user and password (RFC 3986 section 3.2.1). */
function addressGroup(): PatternGroup {
  const before = ':\\/\\/';
  const value = `${UNREPLACED}[^\\s\\/?#@:"'<>\\\\]{0,256}:[^\\s\\/?#@"'<>\\\\]{1,256}(?=@)`;
  return { flags: '', plain: false, gates: [before], patterns: [{ kind: 'url-credentials', before, value }] };
}

/** A sign behind one of the names. The sign comes first: there are far fewer of them than of letters. */
function behind(names: readonly string[], signs: string, quote: string, others = ''): string {
  return `[${signs}](?<=(?:(?:${[...new Set(names.map(anyJoint))].join('|')})${lastTwo(names)}${quote}${WS}${others}).)`;
}

/** Says nothing new, but most texts before a sign fail it, and are not compared with every name. All names end in two letters or digits. */
function lastTwo(names: readonly string[]): string {
  // A name that ended otherwise would never be found, so a new one that does is told when the table is read.
  for (const name of names) if (!/[A-Za-z0-9]{2}$/.test(name)) throw new Error(`${name} does not end in two letters`);
  const lettersAt = (place: number) => [...new Set(names.map((name) => name.at(place)))].join('');
  return `(?<=[${lettersAt(-2)}][${lettersAt(-1)}])`;
}

/** `api_key` with any joint or none: `apiKey`, `api-key`. */
function anyJoint(name: string): string {
  return name.replaceAll(/[_-]/g, '[_-]?');
}

function namesOf(place: 'headers' | 'query' | 'fields', without: readonly string[] = []): string[] {
  return ACCEPTED_CREDENTIALS.flatMap((rule) => (without.includes(rule.kind) ? [] : (rule[place] ?? [])));
}

const KINDS_BY_NAME = ACCEPTED_CREDENTIALS.flatMap(({ kind, headers = [], fields = [] }) =>
  [...headers, ...fields].map((name): [string, string] => [plainName(name), kind]),
).sort(([a], [b]) => b.length - a.length);

/** The kind of the longest known name that the text before a value ends in. */
export function kindBefore(before: string): string | undefined {
  const words = before.toLowerCase().match(/[a-z][\w.-]*/g) ?? [];
  for (const word of words.reverse()) {
    const kind = KINDS_BY_NAME.find(([name]) => plainName(word).endsWith(name))?.[1];
    if (kind !== undefined) return kind;
  }
  return undefined;
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Takes out of texts what changes from run to run, so that a cassette recorded in one place on one day plays in another. */

/** Absolute paths that stand for a place: where the session worked, and where its client keeps its files. */
export interface Places {
  /** Working directory and workspace roots. */
  work: readonly string[];
  /** Home folder of the client (`CODEX_HOME`). */
  home: readonly string[];
}

interface Pattern {
  /** What every text holds that `find` changes: looked for first, since texts are long and mostly hold nothing. */
  mark: string | RegExp;
  find: RegExp;
  put: string;
}

/** By name; the names are listed in docs/matching.md. Codex formats are those of 0.113.0 to 0.169.0. */
const PATTERNS: Record<string, Pattern> = {
  uuid: {
    mark: /-[0-9a-f]{4}-[0-9a-f]{4}-/i,
    find: /(?<![0-9a-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z])/gi,
    put: '[uuid]',
  },
  // After `uuid`, since Codex writes prefix + UUID; the rest must look made up, not like a word such as `call_function`.
  'item-id': {
    mark: /_(?:\[uuid\]|[A-Za-z0-9]{12})/,
    find: /\b(msg|fc|fco|ctc|ctco|tsc|tso|rs|call|toolu)_(?:\[uuid\]|(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{12,})(?![\w-])/g,
    put: '[$1-id]',
  },
  'current-date': { mark: '<current_date>', find: /(<current_date>)[^<]*(<\/current_date>)/g, put: '$1[date]$2' },
  // Claude Code's system prompt.
  'todays-date': { mark: 'Today', find: /(Today(?:'|\u2019)s date(?: is|:) )\d{4}[-/]\d\d[-/]\d\d/g, put: '$1[date]' },
  timezone: { mark: '<timezone>', find: /(<timezone>)[^<]*(<\/timezone>)/g, put: '$1[timezone]$2' },
  cwd: { mark: '<cwd>', find: /(<cwd>)[^<]*(<\/cwd>)/g, put: '$1[cwd]$2' },
  'workspace-root': { mark: '<root>', find: /(<root>)[^<]*(<\/root>)/g, put: '$1[cwd]$2' },
  'wall-time': { mark: 'Wall time', find: /\b(Wall time:?) \d+(?:\.\d+)?/g, put: '$1 [time]' },
  'chunk-id': { mark: 'Chunk ID:', find: /\b(Chunk ID:) [0-9a-f]+/g, put: '$1 [chunk]' },
  // Codex counts the tokens of an output that may hold the working directory.
  'token-count': { mark: 'Original token count:', find: /\b(Original token count:) \d+/g, put: '$1 [count]' },
  // The same facts as JSON: what a tool prints in the code mode of 0.169.0, at any depth of quoting.
  'wall-time-field': {
    mark: 'wall_time_seconds',
    find: /(wall_time_seconds\\*" ?: ?)\d+(?:\.\d+)?(?:e-?\d+)?/g,
    put: '$1[time]',
  },
  'chunk-id-field': { mark: 'chunk_id', find: /(chunk_id\\*" ?: ?\\*")[0-9a-f]+/g, put: '$1[chunk]' },
  'token-count-field': { mark: 'original_token_count', find: /(original_token_count\\*" ?: ?)\d+/g, put: '$1[count]' },
  'turn-started': { mark: 'turn_started_at_unix_ms', find: /("turn_started_at_unix_ms" ?: ?)\d+/g, put: '$1[time]' },
};

/** Names of the patterns. */
export const SCRUB_NAMES: readonly string[] = Object.keys(PATTERNS);

const PATTERN_LIST = Object.values(PATTERNS);

function holds(text: string, mark: string | RegExp): boolean {
  return typeof mark === 'string' ? text.includes(mark) : mark.test(text);
}

/** Names of the patterns that change a text, in their order. */
export function patternsIn(text: string): string[] {
  const names: string[] = [];
  let left = text;
  for (const [name, { find, put }] of Object.entries(PATTERNS)) {
    const next = left.replace(find, put);
    if (next !== left) names.push(name);
    left = next;
  }
  return names;
}

/** A pattern that names a path, and what every text holds in which it finds one. */
interface Place {
  mark: string;
  find: RegExp;
}

/** Where a text says which directory the session works in, and where the client's home is. */
const WORK_PLACES: readonly Place[] = [
  { mark: '<cwd>', find: /<cwd>([^<]+)<\/cwd>/g },
  { mark: '<root>', find: /<root>([^<]+)<\/root>/g },
  { mark: '# AGENTS.md instructions for ', find: /# AGENTS\.md instructions for (\S[^\n]*)/g },
  // Claude Code.
  { mark: 'orking directory: ', find: /^[ \t*-]*(?:Primary )?[Ww]orking directory: (\S[^\n]*)$/gm },
];
// The length is bounded, because every slash of a base64 text without spaces begins a search.
const HOME_PLACES: readonly Place[] = [
  { mark: '.system', find: /((?:[A-Za-z]:)?[\\/][^\s`"'<>()]{1,300}?)[\\/]skills[\\/]\.system\b/g },
];

/** Finds the places that the texts of one request name, each once, longest first. */
export function findPlaces(texts: Iterable<string>): Places {
  const work = new Set<string>();
  const home = new Set<string>();
  for (const text of texts) {
    collect(text, WORK_PLACES, work);
    collect(text, HOME_PLACES, home);
  }
  return { work: longestFirst(work), home: longestFirst(home) };
}

/** The places of several requests as one. */
export function mergePlaces(list: Iterable<Places>): Places {
  const work = new Set<string>();
  const home = new Set<string>();
  for (const places of list) {
    for (const path of places.work) work.add(path);
    for (const path of places.home) home.add(path);
  }
  return { work: longestFirst(work), home: longestFirst(home) };
}

function collect(text: string, places: readonly Place[], into: Set<string>): void {
  for (const { mark, find } of places) {
    if (!text.includes(mark)) continue;
    for (const [, found = ''] of text.matchAll(find)) {
      const path = found.trim().replace(/[\\/]+$/, '');
      // `/`, a drive or a bare word would be found everywhere.
      if (/^(?:[A-Za-z]:)?[\\/]+[^\\/]/.test(path)) into.add(path);
    }
  }
}

function longestFirst(paths: Iterable<string>): string[] {
  return [...paths].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}

/** Replaces what is volatile in texts. */
export type Scrubber = (text: string) => string;

/**
 * Replaces places where they stand for themselves, not as the beginning of a longer name or the end of a longer path; of
 * nested ones the longest. One with backslashes counts also as it is written in the JSON text of a tool call's arguments.
 */
export function placeScrubber(places: Places): Scrubber {
  const puts = new Map<string, string>();
  for (const [put, paths] of [['[cwd]', places.work] as const, ['[home]', places.home] as const]) {
    for (const path of paths) puts.set(path, put).set(path.replaceAll('\\', '\\\\'), put);
  }
  if (puts.size === 0) return (text) => text;
  const names = longestFirst(puts.keys()).map((path) => path.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  const find = new RegExp(`(?<![\\w.-])(?:${names.join('|')})(?![\\w-]|\\.\\w)`, 'g');
  return (text) => text.replace(find, (path) => puts.get(path) ?? path);
}

/**
 * Makes the scrubber of one request. `own` replaces the places that the request names itself, `others` those of the
 * cassette: a replayed answer may name the directory it was recorded in, and the client sends that back.
 */
export function createScrubber(own: Scrubber, others: Scrubber): Scrubber {
  return (text) => {
    let left = others(own(text));
    for (const { mark, find, put } of PATTERN_LIST) if (holds(left, mark)) left = left.replace(find, put);
    return left;
  };
}

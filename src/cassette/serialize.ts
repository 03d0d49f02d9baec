import type { CassetteHeader, Entry } from './format.ts';

/**
 * The text of a cassette. Members of `log` are indented by one space, entries by two, and what is inside an entry by four
 * or more, so that the lines `  {`, `  },` and `  }` stand at the ends of entries and nowhere else.
 */

export const FIRST_LINE = '{"log": {';
export const ENTRIES_LINE = ' "entries": [';
export const ENTRY_START = '  {';
export const ENTRY_END = '  }';
export const ENTRIES_END = ' ],';
export const LAST_LINE = '}}';

/** Order of members where an order is wanted; members that are not named follow in their own order. */
const ORDER: readonly string[] = [
  // An entry: what it is, then how it went, then what was said.
  '_exchange _seq _side _attempt _join _unasked _protocol _producer _seed _outcome _end startedDateTime time timings',
  '_connection request response _losses _webSocketSameAs _webSocketRedacted _webSocketCut _webSocketMessages _webSocketClose',
  'cache',
  // A message: head, then body.
  'method url status statusText httpVersion headers _trailers queryString cookies postData content redirectURL headersSize',
  'bodySize _headMs _informational _incomplete',
  // A body: what it is, then what it holds.
  'mimeType size _sameAs _redacted _cut text _chunks _decoded _wire',
  'encodings bytes sha256 undecodable zstd base64',
].flatMap((line) => line.split(' '));

const RANK: ReadonlyMap<string, number> = new Map(ORDER.map((key, rank) => [key, rank]));

/** Members whose items take one line each. */
const ONE_LINE_ITEMS: ReadonlySet<string> = new Set([
  'headers',
  'queryString',
  '_trailers',
  '_chunks',
  '_informational',
  '_losses',
  '_webSocketMessages',
  'zstd',
]);

/** Members that take one line. */
const ONE_LINE: ReadonlySet<string> = new Set([
  '_producer',
  '_join',
  '_end',
  'timings',
  'cache',
  'cookies',
  'encodings',
  '_decoded',
  '_webSocketClose',
  'client',
  'gateway',
  'upstream',
  'around',
  'redacted',
  'elided',
  'creator',
]);

/** Characters of a piece: long enough that few are made, far below the longest string. */
const PIECE = 256 * 1024;

/** What is remembered of shapes of objects: ours are few and short, and a cassette from elsewhere may have any number. */
const MOST_SHAPES = 1000;
const LONGEST_SHAPE = 1000;

/** Everything before the first entry, with the line end. */
export function serializeHeader(header: CassetteHeader, creator: { name: string; version: string }): string {
  const out = createOutput();
  out.put(FIRST_LINE);
  for (const [key, value] of [
    ['_tapedeck', header] as const,
    ['version', '1.2'] as const,
    ['creator', creator] as const,
  ]) {
    out.put(`\n ${JSON.stringify(key)}: `);
    printValue(out, '\n ', styleOf(key), value);
    out.put(',');
  }
  out.put(`\n${ENTRIES_LINE}\n`);
  return out.pieces().join('');
}

/** The text of an entry, from `  {` to `  }`, in pieces, since a long entry makes no string. */
export function entryPieces(entry: Entry): string[] {
  const out = createOutput();
  out.put('  ');
  printValue(out, `\n  `, styleOf(''), entry);
  return out.pieces();
}

/** Everything after the last entry. @param sha256 hex, over the bytes between `serializeHeader` and this */
export function serializeFooter(sha256: string): string {
  return `${ENTRIES_END}\n "_sha256": "${sha256}"\n${LAST_LINE}\n`;
}

/** Text that may be longer than a string. */
interface Output {
  put(text: string): void;
  pieces(): string[];
}

function createOutput(): Output {
  const done: string[] = [];
  let text = '';
  return {
    put(more) {
      text += more;
      if (text.length < PIECE) return;
      done.push(text);
      text = '';
    },
    pieces: () => [...done, text],
  };
}

/** How the value of a member is laid out. */
type Layout = 'lines' | 'one line' | 'items of one line';

function styleOf(key: string): Layout {
  if (ONE_LINE.has(key)) return 'one line';
  return ONE_LINE_ITEMS.has(key) ? 'items of one line' : 'lines';
}

/** @param line what a line of the value begins with: the line end before it, and the indent of its last line */
function printValue(out: Output, line: string, layout: Layout, value: unknown): void {
  if (typeof value !== 'object' || value === null || layout === 'one line') out.put(oneLine(value));
  else if (Array.isArray(value)) printItems(out, line, layout, value);
  else printMembers(out, line, value as Record<string, unknown>);
}

function printItems(out: Output, line: string, layout: Layout, items: readonly unknown[]): void {
  const inner = `${line}  `;
  let before = `[${inner}`;
  for (const item of items) {
    out.put(before);
    if (layout === 'items of one line') out.put(oneLine(item));
    else printValue(out, inner, 'lines', item);
    before = `,${inner}`;
  }
  out.put(items.length === 0 ? '[]' : `${line}]`);
}

function printMembers(out: Output, line: string, value: Record<string, unknown>): void {
  const inner = `${line}  `;
  let before = `{${inner}`;
  for (const { key, name, layout } of membersOf(value)) {
    const member = value[key];
    if (member === undefined) continue;
    out.put(before + name);
    printValue(out, inner, layout, member);
    before = `,${inner}`;
  }
  out.put(before[0] === '{' ? '{}' : `${line}}`);
}

interface Member {
  key: string;
  /** As it stands before the value. */
  name: string;
  layout: Layout;
}

/** The members of objects by their keys: those of a cassette have few different ones, and sorting is what would cost most. */
const MEMBERS = new Map<string, readonly Member[]>();

function membersOf(value: object): readonly Member[] {
  const keys = Object.keys(value);
  if (keys.length === 0) return [];
  // No name of ours holds a line end; with one in a foreign name nothing is kept.
  const shape = keys.join('\n');
  const known = MEMBERS.get(shape);
  if (known) return known;
  const rank = (key: string) => RANK.get(key) ?? ORDER.length;
  const sorted = keys.map((key) => ({ key, name: `${JSON.stringify(key)}: `, layout: styleOf(key) }));
  sorted.sort((a, b) => rank(a.key) - rank(b.key));
  const isPlain = keys.every((key) => !key.includes('\n'));
  if (isPlain && shape.length <= LONGEST_SHAPE && MEMBERS.size < MOST_SHAPES) MEMBERS.set(shape, sorted);
  return sorted;
}

/** Members of values on one line, as they stand before their values: headers, messages and ends are most of what is written. */
const SHORT_NAMES: ReadonlyMap<string, string> = new Map(
  'name value type time opcode data by ms how send wait receive'.split(' ').map((key) => [key, `"${key}": `]),
);

/** JSON on one line, with a space after colons and commas. */
function oneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += text === '' ? oneLine(item) : `, ${oneLine(item)}`;
    return `[${text}]`;
  }
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined || !Object.hasOwn(value, key)) continue;
    text += `${text === '' ? '' : ', '}${SHORT_NAMES.get(key) ?? `${JSON.stringify(key)}: `}${oneLine(member)}`;
  }
  return `{${text}}`;
}

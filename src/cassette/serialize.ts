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
  '_exchange _seq _side _attempt _protocol _producer _seed _outcome _end startedDateTime time timings',
  '_connection request response _losses _webSocketSameAs _webSocketRedacted _webSocketCut _webSocketMessages _webSocketClose',
  'cache',
  // A message: head, then body.
  'method url status statusText httpVersion headers _trailers queryString cookies postData content redirectURL headersSize',
  'bodySize _headMs _incomplete',
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
  '_losses',
  '_webSocketMessages',
  'zstd',
]);

/** Members that take one line. */
const ONE_LINE: ReadonlySet<string> = new Set([
  '_producer',
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
  'redacted',
  'elided',
  'creator',
]);

/** Everything before the first entry, with the line end. */
export function serializeHeader(header: CassetteHeader, creator: { name: string; version: string }): string {
  const lines = [FIRST_LINE];
  printMember(lines, ' ', '_tapedeck', header, ',');
  printMember(lines, ' ', 'version', '1.2', ',');
  printMember(lines, ' ', 'creator', creator, ',');
  return `${[...lines, ENTRIES_LINE].join('\n')}\n`;
}

/** The lines of an entry, from `  {` to `  }`, without line ends. */
export function entryLines(entry: Entry): string[] {
  const lines: string[] = [];
  printValue(lines, '  ', '', '', entry, '');
  return lines;
}

/** Everything after the last entry. @param sha256 hex, over the bytes between `serializeHeader` and this */
export function serializeFooter(sha256: string): string {
  return `${ENTRIES_END}\n "_sha256": "${sha256}"\n${LAST_LINE}\n`;
}

function printMember(lines: string[], indent: string, key: string, value: unknown, after: string): void {
  printValue(lines, indent, `${JSON.stringify(key)}: `, key, value, after);
}

/** @param before what stands before the value on its first line; @param key the member it is the value of */
function printValue(lines: string[], indent: string, before: string, key: string, value: unknown, after: string): void {
  if (typeof value !== 'object' || value === null || ONE_LINE.has(key) || isEmpty(value)) {
    lines.push(`${indent}${before}${oneLine(value)}${after}`);
    return;
  }
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    lines.push(`${indent}${before}[`);
    value.forEach((item, i) => {
      const comma = i + 1 < value.length ? ',' : '';
      if (ONE_LINE_ITEMS.has(key)) lines.push(`${inner}${oneLine(item)}${comma}`);
      else printValue(lines, inner, '', '', item, comma);
    });
    lines.push(`${indent}]${after}`);
    return;
  }
  lines.push(`${indent}${before}{`);
  const members = orderedMembers(value);
  members.forEach(([name, member], i) => {
    printMember(lines, inner, name, member, i + 1 < members.length ? ',' : '');
  });
  lines.push(`${indent}}${after}`);
}

function isEmpty(value: object): boolean {
  return Array.isArray(value) ? value.length === 0 : orderedMembers(value).length === 0;
}

function orderedMembers(value: object): [string, unknown][] {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const rank = ([key]: [string, unknown]) => RANK.get(key) ?? ORDER.length;
  return members.sort((a, b) => rank(a) - rank(b));
}

/** JSON on one line, with a space after colons and commas. */
function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return '{}';
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}: ${oneLine(member)}`).join(', ')}}`;
}

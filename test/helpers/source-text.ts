/** Reading TypeScript as text: TypeScript 7 has no classic compiler API, and the architecture test needs very little. */

/** One import, re-export or dynamic import of a source file. */
export interface ImportLine {
  specifier: string;
  line: number;
  /** Names as they are called in the other module; `*` for a namespace, empty for a bare or dynamic import. */
  names: string[];
  /** Nothing of it is left at run time. */
  typeOnly: boolean;
  /** `export … from`. */
  reExport: boolean;
}

/** 1-based line of a character offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/**
 * The text with every comment and the inside of every literal replaced by spaces, same length and same lines, so
 * that a search in it finds code alone. Code within `${…}` of a template stays.
 */
export function blankLiterals(text: string): string {
  const out = text.split('');
  /** Depth of braces at which each open template's `${` began. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const blank = (from: number, to: number): void => {
    for (let i = from; i < Math.min(to, text.length); i++) if (out[i] !== '\n') out[i] = ' ';
  };
  const skipTo = (end: number): void => {
    blank(at, end);
    at = end;
  };
  const skipTemplate = (from: number): void => {
    const end = endOfTemplatePart(text, from);
    blank(from, end);
    if (text[end] === '$') {
      templates.push(depth++);
      at = end + 2;
    } else at = end + 1;
  };
  while (at < text.length) {
    const char = text[at]!;
    if (text.startsWith('//', at)) skipTo(indexOrEnd(text, '\n', at));
    else if (text.startsWith('/*', at)) skipTo(indexOrEnd(text, '*/', at) + 2);
    else if (char === "'" || char === '"') {
      const end = endOfString(text, at);
      blank(at + 1, end);
      at = end + 1;
    } else if (char === '`') skipTemplate(at + 1);
    else if (char === '/' && startsRegExp(out, at)) {
      const end = endOfRegExp(text, at);
      blank(at + 1, end);
      at = end + 1;
    } else {
      if (char === '{') depth++;
      if (char === '}') {
        depth--;
        if (templates.at(-1) === depth) {
          templates.pop();
          skipTemplate(at + 1);
          continue;
        }
      }
      at++;
    }
  }
  return out.join('');
}

function indexOrEnd(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== text[start] && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** Offset of the closing backtick or of the `$` of the next `${`. */
function endOfTemplatePart(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1;
  return at;
}

function endOfRegExp(text: string, start: number): number {
  let inClass = false;
  let at = start + 1;
  for (; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) break;
  }
  return at;
}

/** A slash is a division after a value, and the start of a regular expression everywhere else. */
function startsRegExp(out: readonly string[], at: number): boolean {
  const before = out
    .slice(Math.max(0, at - 40), at)
    .join('')
    .trimEnd();
  return before === '' || /[(,=:[!&|?{};+\-*%~^<>]$/.test(before) || /\b(return|typeof|case|of|in)$/.test(before);
}

const STATEMENT = /(?<=^|[;}\n])[ \t]*(import|export)\b([^;'"`()]*?)\bfrom\s*(['"])( *)\3/g;
const BARE = /(?<=^|[;\n])[ \t]*import\s*(['"])( *)\1/g;
const DYNAMIC = /\bimport\s*\(\s*(['"])( *)\1/g;

/** Every module that a file names, in order. */
export function importsOf(text: string): ImportLine[] {
  const blanked = blankLiterals(text);
  const found: (ImportLine & { offset: number })[] = [];
  const add = (match: RegExpMatchArray, blanks: string, rest: Omit<ImportLine, 'specifier' | 'line'>): void => {
    const end = match.index! + match[0].length - 1;
    const offset = match.index! + match[0].search(/\S/);
    found.push({ offset, line: lineAt(text, offset), specifier: text.slice(end - blanks.length, end), ...rest });
  };
  for (const match of blanked.matchAll(STATEMENT)) {
    const { names, typeOnly } = readClause(match[2]!);
    add(match, match[4]!, { names, typeOnly, reExport: match[1] === 'export' });
  }
  for (const match of blanked.matchAll(BARE)) add(match, match[2]!, { names: [], typeOnly: false, reExport: false });
  for (const match of blanked.matchAll(DYNAMIC)) add(match, match[2]!, { names: [], typeOnly: false, reExport: false });
  return found.sort((a, b) => a.offset - b.offset).map(({ offset: _, ...line }) => line);
}

/** What stands between `import` and `from`. */
function readClause(clause: string): { names: string[]; typeOnly: boolean } {
  const wholeType = /^\s*type\b(?!\s*,)/.test(clause);
  const braces = clause.match(/\{([^}]*)\}/)?.[1];
  const listed = (braces ?? '').split(',').map((name) => name.trim());
  const members = listed.filter((name) => name !== '');
  const outside = clause
    .replace(/\{[^}]*\}/, '')
    .replace(/^\s*type\b/, '')
    .replaceAll(',', ' ')
    .trim();
  const names = members.map((name) => name.replace(/^type\s+/, '').replace(/\s+as\s+.*$/, ''));
  if (outside.startsWith('*')) names.unshift('*');
  else if (outside !== '') names.unshift('default');
  const everyMemberIsType = outside === '' && members.length > 0 && members.every((name) => /^type\s/.test(name));
  return { names, typeOnly: wholeType || everyMemberIsType };
}

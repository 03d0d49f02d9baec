/**
 * Turns a pattern into one that also matches where the text ends in the middle of it: the part that a stream must hold
 * back. Every step of the pattern may be replaced by "the text ends here"; where a step looks ahead to the text's end and cannot
 * tell yet, the rest of the text is taken. What the engine would try first is still tried first: so a match that does not reach
 * the end stays the same whatever follows.
 */
const END = '(?![\\s\\S])';
const REST = '[\\s\\S]*';

/** For a pattern, what `findOpen` needs. `lead` holds assertions that every occurrence begins with; they make it fast. */
export function partialPattern(source: string, flags: string, lead = ''): RegExp {
  const reader = { source, at: 0, nested: flags.includes('v') };
  return new RegExp(`${lead}(?:${readAlternatives(reader)})`, flags);
}

/**
 * Where the first occurrence begins that more text may complete, lengthen or undo; the text's length when there is none.
 * `overlapping`: the pattern is a choice of several that are searched one by one.
 */
export function findOpen(partial: RegExp, text: string, from: number, overlapping: boolean): number {
  partial.lastIndex = from;
  for (let match = partial.exec(text); match !== null; match = partial.exec(text)) {
    if (partial.lastIndex >= text.length) return match.index;
    const next = nextPlace(text, match.index);
    partial.lastIndex = overlapping ? next : Math.max(next, partial.lastIndex);
  }
  return text.length;
}

/** One character on: patterns for characters never stand between the halves of a surrogate pair. */
export function nextPlace(text: string, at: number): number {
  return at + (text.codePointAt(at)! > 0xffff ? 2 : 1);
}

interface Reader {
  source: string;
  at: number;
  /** Classes may hold classes (flag `v`). */
  nested: boolean;
}

function readAlternatives(reader: Reader): string {
  let out = '';
  while (reader.at < reader.source.length) {
    const char = reader.source[reader.at]!;
    if (char === ')') break;
    if (char === '|') {
      out += '|';
      reader.at++;
    } else out += readTerm(reader);
  }
  return out;
}

function readTerm(reader: Reader): string {
  const char = reader.source[reader.at]!;
  if (char === '(') return readGroup(reader);
  const atom = readAtom(reader);
  if (char === '^' || char === '$' || atom === '\\b' || atom === '\\B') return `(?:${atom}|${END})`;
  // How much of a repetition has come cannot be said in a pattern.
  if (/^\\[1-9k]/.test(atom)) return `(?:${atom}${readQuantifier(reader)?.text ?? ''}|${REST})`;
  return withQuantifier(reader, atom);
}

/** One character, escape or class. */
function readAtom(reader: Reader): string {
  const { source, at } = reader;
  if (source[at] === '[') return readClass(reader);
  let length = 1;
  if (source[at] === '\\') {
    const rest = source.slice(at);
    length = (
      /^\\(?:[1-9]\d*|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|c[A-Za-z]|[upPk](?:\{[^}]*\}|<[^>]*>))/.exec(rest)?.[0] ??
      rest.slice(0, 2)
    ).length;
  } else if (source.codePointAt(at)! > 0xffff) length = 2;
  reader.at += length;
  return source.slice(at, at + length);
}

function readClass(reader: Reader): string {
  const start = reader.at;
  let depth = 0;
  while (reader.at < reader.source.length) {
    const char = reader.source[reader.at]!;
    if (char === '\\') reader.at++;
    else if (char === '[' && (depth === 0 || reader.nested)) depth++;
    else if (char === ']') depth--;
    reader.at++;
    if (depth === 0) break;
  }
  return reader.source.slice(start, reader.at);
}

function withQuantifier(reader: Reader, atom: string): string {
  const quantifier = readQuantifier(reader);
  if (quantifier === undefined) return `(?:${atom}|${END})`;
  if (quantifier.min === 0) return atom + quantifier.text;
  return `(?:${atom}${quantifier.text}|${atom}{0,${quantifier.min}}${END})`;
}

function readQuantifier(reader: Reader): { text: string; min: number } | undefined {
  const match = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(reader.source.slice(reader.at, reader.at + 24));
  if (match === null) return undefined;
  reader.at += match[0].length;
  if (match[1] !== undefined) return { text: match[0], min: Number(match[1]) };
  return { text: match[0], min: match[0][0] === '+' ? 1 : 0 };
}

const GROUP_OPEN = /^\((?:\?(?:[:=!]|<[=!]|<[^>]*>|[a-z]*(?:-[a-z]*)?:))?/;

function readGroup(reader: Reader): string {
  const start = reader.at;
  const open = GROUP_OPEN.exec(reader.source.slice(start))![0];
  reader.at += open.length;
  const inner = readAlternatives(reader);
  reader.at++;
  const whole = reader.source.slice(start, reader.at);
  if (open === '(?=' || open === '(?!') {
    readQuantifier(reader);
    const undecided = `(?=(?:${inner})${END})${open === '(?!' ? whole : ''}${REST}`;
    return open === '(?!' ? `(?:${undecided}|${whole})` : `(?:${whole}|${undecided})`;
  }
  if (open.startsWith('(?<=') || open.startsWith('(?<!')) return `(?:${whole}|${END})`;
  const quantifier = readQuantifier(reader)?.text ?? '';
  return `(?:${open}${inner})|${END})${quantifier}`;
}

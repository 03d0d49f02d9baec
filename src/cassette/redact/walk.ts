/** Place of a value in a JSON document: keys as they are written, and list positions. */
export type JsonPath = readonly (string | number)[];

/** Receives every scalar; for strings the offsets are those within the quotes. Returns nothing. */
export type VisitScalar = (path: JsonPath, start: number, end: number, isString: boolean) => void;

/** Deeper documents are left alone: no protocol goes beyond 20. */
const MAX_DEPTH = 256;

/**
 * Visits the scalars of the JSON document at `start`, in order, with their offsets, without building it.
 * Returns the offset behind the document, or undefined where it stops being JSON (what came before was visited).
 */
export function walkJson(text: string, start: number, visit: VisitScalar): number | undefined {
  const path: (string | number)[] = [];

  function value(from: number): number | undefined {
    const at = skipBlank(text, from);
    const char = text[at];
    if (char === '"') {
      const end = stringEnd(text, at);
      if (end === undefined) return undefined;
      visit(path, at + 1, end, true);
      return end + 1;
    }
    if (char === '{' || char === '[') return path.length < MAX_DEPTH ? members(at, char) : undefined;
    SCALAR.lastIndex = at;
    if (!SCALAR.test(text)) return undefined;
    visit(path, at, SCALAR.lastIndex, false);
    return SCALAR.lastIndex;
  }

  function members(open: number, kind: '{' | '['): number | undefined {
    const close = kind === '{' ? '}' : ']';
    let at = skipBlank(text, open + 1);
    if (text[at] === close) return at + 1;
    for (let index = 0; ; index++) {
      const key = kind === '{' ? readKey(text, at) : { name: index, next: at };
      if (key === undefined) return undefined;
      path.push(key.name);
      const end = value(key.next);
      path.pop();
      if (end === undefined) return undefined;
      at = skipBlank(text, end);
      if (text[at] === close) return at + 1;
      if (text[at] !== ',') return undefined;
      at = skipBlank(text, at + 1);
    }
  }

  return value(start);
}

const SCALAR = /-?\d[\d.eE+-]*|true|false|null/y;

function readKey(text: string, at: number): { name: string; next: number } | undefined {
  if (text[at] !== '"') return undefined;
  const end = stringEnd(text, at);
  if (end === undefined) return undefined;
  const colon = skipBlank(text, end + 1);
  return text[colon] === ':' ? { name: text.slice(at + 1, end), next: colon + 1 } : undefined;
}

/** Offset of the quote that ends the string whose first quote is at `open`. */
export function stringEnd(text: string, open: number): number | undefined {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return undefined;
}

function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

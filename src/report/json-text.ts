/** JSON as it stands in a recording: shown without being parsed, because parsing hides faults (`12.0` becomes 12). */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gs;

/** A JSON text (which must be JSON) with one value a line; every token stays as it is written. */
export function indentJson(text: string, step = '  '): string {
  const tokens = text.match(TOKEN) ?? [];
  let out = '';
  let depth = 0;
  for (const [i, token] of tokens.entries()) {
    const opens = token === '{' || token === '[';
    const closes = token === '}' || token === ']';
    const empty = closes && (tokens[i - 1] === '{' || tokens[i - 1] === '[');
    if (closes) depth = Math.max(0, depth - 1);
    if (closes && !empty) out += `\n${step.repeat(depth)}`;
    out += token === ':' ? ': ' : token;
    if (opens) depth++;
    const next = tokens[i + 1];
    if (token === ',' || (opens && next !== '}' && next !== ']')) out += `\n${step.repeat(depth)}`;
  }
  return out;
}

/** One place where two JSON values differ. */
export interface JsonDifference {
  /** JSON pointer. */
  pointer: string;
  kind: 'added' | 'removed' | 'changed';
}

/** Where `after` differs from `before`, in the order of `before`, at most `limit` places. Array items are compared by index. */
export function jsonDifferences(before: unknown, after: unknown, limit: number): JsonDifference[] {
  const found: JsonDifference[] = [];
  compare(before, after, '', found, limit);
  return found;
}

function compare(before: unknown, after: unknown, pointer: string, found: JsonDifference[], limit: number): void {
  if (found.length >= limit || Object.is(before, after)) return;
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) {
    found.push({ pointer, kind: 'changed' });
    return;
  }
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    if (found.length >= limit) return;
    const place = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!now.has(key)) found.push({ pointer: place, kind: 'removed' });
    else if (!old.has(key)) found.push({ pointer: place, kind: 'added' });
    else compare(old.get(key), now.get(key), place, found, limit);
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

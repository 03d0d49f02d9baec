/** JSON texts without parsing them: a parser would lose what a client wrote (`12.0`, large integers, repeated members). */

const STRING = /"(?:[^"\\]|\\.)*"/gs;

/** A JSON text without the white space between its tokens (RFC 8259 section 2): as programs send it. */
export function compactJson(text: string): string {
  let out = '';
  let at = 0;
  for (const match of text.matchAll(STRING)) {
    out += text.slice(at, match.index).replace(/[ \t\n\r]+/g, '') + match[0];
    at = match.index + match[0].length;
  }
  return out + text.slice(at).replace(/[ \t\n\r]+/g, '');
}

/** The raw value of the last member of a JSON object of that name at its top level, in a text known to be JSON; undefined without one. */
export function rawMember(text: string, name: string): string | undefined {
  const compact = compactJson(text);
  let found: string | undefined;
  let depth = 0;
  let from: number | undefined;
  let key: string | undefined;
  for (const { 0: token, index } of compact.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    if (depth === 1 && token === ':' && from === undefined) from = index + 1;
    else if (depth === 1 && token.startsWith('"') && from === undefined) key = JSON.parse(token) as string;
    const ends = (token === ',' && depth === 1) || (token === '}' && depth === 1);
    if (ends && from !== undefined) {
      if (key === name) found = compact.slice(from, index);
      from = undefined;
    }
    if (token === '}' || token === ']') depth -= 1;
  }
  return found;
}

import { parseJson } from '../decode/json.ts';
import { fieldsOf } from '../report/fields.ts';
import { textOf } from './leaf-differences.ts';

/** Names of tools as far as gateways keep them: `ns.name` becomes `ns__name`, `ns_name` or `name`. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Whether a tool of the provider's side is one of the client's. */
export function isSameTool(client: string, upstream: string): boolean {
  const [a, b] = [plainName(client), plainName(upstream)];
  const last = plainName(client.slice(client.lastIndexOf('.') + 1));
  return a === b || last === b || b.endsWith(last) || (b.length >= 20 && a.startsWith(b.slice(0, 20)));
}

/** Arguments of calls as JSON or as a value; a custom tool's text may stand in an object. */
export function sameArguments(a: unknown, b: unknown): boolean {
  const [x, y] = [parsedArguments(a), parsedArguments(b)];
  if (textOf(x) === textOf(y)) return true;
  const isWrapped = (text: unknown, object: unknown) => {
    const values = Object.values(fieldsOf(object));
    return typeof text === 'string' && values.length === 1 && values[0] === text;
  };
  // No arguments are an empty text or an empty object.
  const isEmpty = (value: unknown) => value === undefined || value === '' || textOf(value) === '{}';
  return isWrapped(x, y) || isWrapped(y, x) || isWrapped(a, y) || isWrapped(b, x) || (isEmpty(x) && isEmpty(y));
}

function parsedArguments(args: unknown): unknown {
  const parsed = typeof args === 'string' ? parseJson(args) : undefined;
  return parsed?.ok ? parsed.value : args;
}

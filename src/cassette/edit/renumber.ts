import { fromBase64, toBase64 } from '../bytes-json.ts';
import type { Entry } from '../format.ts';
import type { RecordedExchange } from '../legs.ts';
import { mapPlaceholderBytes, mapPlaceholders } from './placeholders.ts';

/** The entries of an exchange, client side first, as the n-th of a cassette (from 1). */
export function renumber({ client, attempts }: RecordedExchange, n: number): Entry[] {
  return [client, ...attempts].map((entry) => ({ ...entry, _exchange: `x${n}`, _seq: n }));
}

/** Exchanges as the entries of a cassette of their own. */
export async function* renumberAll(
  exchanges: AsyncIterable<RecordedExchange> | Iterable<RecordedExchange>,
): AsyncGenerator<Entry> {
  let n = 0;
  for await (const exchange of exchanges) {
    n += 1;
    yield* renumber(exchange, n);
  }
}

/** The entry with other numbers in its placeholders; a body that redaction did not change holds none of ours. */
export function renumberPlaceholders(entry: Entry, numberFor: (n: number) => number): Entry {
  return mapStrings(entry, '', numberFor) as Entry;
}

function mapStrings(value: unknown, key: string, numberFor: (n: number) => number): unknown {
  if (typeof value === 'string') {
    if (key === 'base64') return toBase64(mapPlaceholderBytes(fromBase64(value), numberFor));
    return mapPlaceholders(value, numberFor);
  }
  if (typeof value !== 'object' || value === null || key === '_wire') return value;
  if ((key === 'postData' || key === 'content') && !('_redacted' in value)) return value;
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, '', numberFor));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapStrings(member, name, numberFor)]));
}

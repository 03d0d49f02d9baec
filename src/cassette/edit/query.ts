import type { HarHeader } from '../format.ts';

/** `queryString` of a HAR request: the parameters of its URL, decoded. */
export function queryOf(url: string): HarHeader[] {
  const query = url.split('#', 1)[0]!.split('?').slice(1).join('?');
  return [...new URLSearchParams(query)].map(([name, value]) => ({ name, value }));
}

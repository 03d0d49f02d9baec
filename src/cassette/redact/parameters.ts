import { queryKind } from './credentials.ts';
import { type FinderOptions, type Found, findSecrets } from './finder.ts';
import { rootView, unescapePercent } from './views.ts';

const PARAMETER = /(?<=^|[?&])([^=&?#]+)=([^&#]+)/g;

/**
 * Credentials in a query string or form: parameters by name, and everything that any text is searched for. Their
 * placeholders are percent-encoded.
 */
export function findParameters(text: string, finder: FinderOptions): Found[] {
  const named: Found[] = [];
  for (const match of text.matchAll(PARAMETER)) {
    const value = plain(match[2]!);
    const kind = queryKind(plain(match[1]!), value);
    const end = match.index + match[0].length;
    const start = end - match[2]!.length;
    if (kind !== undefined && !value.startsWith('[redacted:'))
      named.push({ start, end, kind, value, placed: true, coded: true });
  }
  const others = findSecrets({ text, from: 0, final: true }, finder).found.filter(
    (one) => !named.some(({ start, end }) => one.start < end && one.end > start),
  );
  return [...named, ...others.map((one) => ({ ...one, coded: true as const }))];
}

function plain(text: string): string {
  return unescapePercent(rootView(text), true)?.text ?? text;
}

import type { CassetteHeader, Entry } from '../../../cassette/format.ts';
import type { RecordedExchange } from '../../../cassette/legs.ts';
import { ENDPOINT_PATHS } from '../../../proxy/translated/setup.ts';
import { type BaseUrl, parseBaseUrl, pathBelowV1 } from '../../../route/base-url.ts';
import { rememberRecent } from '../../../util/recent.ts';
import type { Protocol } from '../../../util/types.ts';
import type { Made } from '../translation.ts';

const REDACTED = /redacted(?::|%3a)/i;

/**
 * The base URL of the provider that an exchange was recorded with: what the cassette says, or, for one that was merged from another cassette, what its
 * upstream URL has before what the client asked for.
 */
export function baseOf(
  { client, attempts }: RecordedExchange,
  header: Pick<CassetteHeader, 'upstream'> | undefined,
): Made<BaseUrl> {
  const url = header?.upstream.url ?? '';
  const base = parseUrl(url);
  if (!base) return { ok: false, reason: 'the cassette does not say what the upstream was' };
  if (REDACTED.test(url) || REDACTED.test(client.request.url)) {
    return { ok: false, reason: 'redaction changed a URL, so requests go elsewhere now' };
  }
  const [first] = attempts;
  if (!first || isBelow(first, base)) return { ok: true, value: base };
  const own = ownBase(client, first);
  if (own && attempts.every((attempt) => isBelow(attempt, own))) return { ok: true, value: own };
  return { ok: false, reason: 'it was recorded with another upstream than the cassette names' };
}

/** All exchanges of a cassette have the same. */
const parseUrl = rememberRecent((url) => (URL.canParse(url) ? parseBaseUrl(url) : undefined));

function isBelow({ request }: Entry, { origin }: BaseUrl): boolean {
  return request.url.startsWith(`${origin}/`);
}

function ownBase(client: Entry, attempt: Entry): BaseUrl | undefined {
  const sent = splitUrl(attempt.request.url);
  const asked = splitUrl(client.request.url);
  const [, to] = attempt._producer.how?.split('->') ?? [];
  const tail = to === undefined ? pathBelowV1(asked.path) : ENDPOINT_PATHS[to as Protocol];
  if (sent.query !== (to === undefined ? asked.query : '') || !sent.path.endsWith(tail)) return undefined;
  return { origin: sent.origin, basePath: sent.path.slice(0, sent.path.length - tail.length), query: '' };
}

function splitUrl(url: string): { origin: string; path: string; query: string } {
  const [, origin = '', path = '', query = ''] = /^(https?:\/\/[^/?#]*)?([^?#]*)\??([^#]*)/i.exec(url) ?? [];
  return { origin, path, query };
}

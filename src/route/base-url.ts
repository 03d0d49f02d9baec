import { TapedeckError } from '../errors.ts';

/** A provider's base URL, taken apart. */
export interface BaseUrl {
  /** Scheme, host and port, e.g. `https://api.openai.com`. */
  origin: string;
  /** Path that client paths are appended to; begins with a slash and does not end with one, or is empty. */
  basePath: string;
  /** Query that every request gets, without the question mark; empty when there is none. */
  query: string;
}

/** Endpoints that people copy into a base URL; they are cut, because the client's path names them again. */
const ENDPOINT_TAIL = /\/(?:responses|chat\/completions|messages)$/;

/**
 * Reads a base URL: an empty path becomes `/v1`, any other is kept, a final `/responses`, `/chat/completions` or
 * `/messages` is cut (what is left of `/responses` alone is the root, since its author named a place without `/v1`), a query is kept.
 * Throws `usage` with a hint when the text is not an http(s) URL or carries a user name or password.
 */
export function parseBaseUrl(text: string): BaseUrl {
  const url = toHttpUrl(text.trim());
  if (url.username || url.password) {
    throw new TapedeckError('usage', 'A base URL must not carry a user name or a password.', {
      hint: 'Put the key into an environment variable and name that with --upstream-key-env.',
    });
  }
  const path = url.pathname.replace(/^\/+/, '/').replace(/\/+$/, '');
  const basePath = path === '' ? '/v1' : path.replace(ENDPOINT_TAIL, '').replace(/\/+$/, '');
  return { origin: url.origin, basePath, query: url.search.replace(/^\?/, '') };
}

function toHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.hostname) return url;
  throw new TapedeckError('usage', `Not an http or https URL: ${JSON.stringify(text)}`, { hint: hintFor(text) });
}

function hintFor(text: string): string {
  if (/^wss?:\/\//i.test(text))
    return `Write ${text.replace(/^ws/i, 'http')}; WebSocket is negotiated on the same URL.`;
  const scheme = /^(?:localhost|127\.|\[::1\])/i.test(text) ? 'http' : 'https';
  const candidate = `${scheme}://${text}`;
  const looksLikeHost = /^[\w.-]+(?::\d+)?(?:\/\S*)?$/.test(text) && URL.canParse(candidate);
  return `Write it with its scheme, e.g. ${looksLikeHost ? candidate : 'https://api.openai.com/v1'}`;
}

/**
 * Where a client's request goes: the client's path after its own optional `/v1`, appended to the base path. Escapes are
 * passed on as they are written; double slashes too, but for leading ones, so that a client's fault stays visible upstream. Dot segments, however written
 * (`..`, `%2e%2e`, `..%2f`, backslashes), are resolved first (RFC 3986, section 5.2.4), so that no path leaves the base path.
 * The base query comes first and wins over client parameters of the same name. Takes origin form, absolute form and `*`.
 */
export function upstreamUrl(base: BaseUrl, clientTarget: string): { origin: string; path: string } {
  const target = clientTarget.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/s, '');
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const query = mergeQueries(base.query, mark < 0 ? '' : target.slice(mark + 1));
  const path = base.basePath + pathBelowV1(rawPath === '*' ? '' : rawPath);
  return { origin: base.origin, path: escapeUnsafe((path || '/') + (query && `?${query}`)) };
}

/** The client's path without its own `/v1`: empty, or beginning with a slash. */
export function pathBelowV1(path: string): string {
  return resolveDots(path)
    .replace(/^\/+|^(?=[^/])/, '/')
    .replace(/^\/v1(?=\/|$)/, '');
}

/** True for `.` and `..` segments after the escapes that a server might undo before it resolves them. */
const DOT_SEGMENT = /(?:^|\/)\.\.?(?:\/|$)/;

function resolveDots(path: string): string {
  const plain = path.replace(/%2e/gi, '.').replace(/%2f|%5c|\\/gi, '/');
  if (!DOT_SEGMENT.test(plain)) return path;
  const out: string[] = [];
  const segments = plain.split('/');
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1;
    if (segment === '..') out.pop();
    if (segment === '..' || segment === '.') {
      if (last) out.push('');
    } else if (i > 0 || segment !== '') out.push(segment);
  }
  return `/${out.join('/')}`;
}

function mergeQueries(base: string, client: string): string {
  const own = new Set(base.split('&').map(nameOf));
  const kept = client.split('&').filter((part) => part !== '' && !(base && own.has(nameOf(part))));
  return [base, ...kept].filter(Boolean).join('&');
}

function nameOf(part: string): string {
  return part.split('=', 1)[0] ?? '';
}

/** Escapes what may not stand in a request line (RFC 9112, section 3.2), as a browser would. */
function escapeUnsafe(path: string): string {
  return path.replace(/[^\x21-\x7e]+/gu, (text) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')));
}

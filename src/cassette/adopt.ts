import { sha256Hex } from '../util/sha256.ts';
import type { Protocol } from '../util/types.ts';
import { fromBase64 } from './bytes-json.ts';
import { type CassetteHeader, type Entry, FORMAT_VERSION, type HarHeader } from './format.ts';

/** HAR files of other programs, as far as a cassette's fields can be found in them. */

/** A header for a HAR file without `_tapedeck`. */
export function adoptHeader(log: Record<string, unknown>): CassetteHeader {
  const creator = objectAt(log, 'creator');
  const entries = Array.isArray(log.entries) ? log.entries : [];
  const first = (entries[0] ?? {}) as Record<string, unknown>;
  const url = textAt(objectAt(first, 'request'), 'url');
  return {
    format: FORMAT_VERSION,
    tool: `${textAt(creator, 'name')} ${textAt(creator, 'version')}`.trim(),
    recordedAt: textAt(first, 'startedDateTime'),
    gateway: { name: textAt(creator, 'name') },
    upstream: { url, protocol: protocolOf(url) },
    redacted: {},
    elided: { texts: 0, chars: 0 },
  };
}

/** An entry of a HAR file without `_tapedeck`, as the client side of an exchange of its own. @param index from 0 */
export function adoptEntry(value: Record<string, unknown>, index: number, header: CassetteHeader): unknown {
  const request = objectAt(value, 'request');
  const response = objectAt(value, 'response');
  const started = Date.parse(textAt(value, 'startedDateTime'));
  const milliseconds = Number.isFinite(started) ? started : 0;
  return {
    time: 0,
    cache: {},
    timings: { send: 0, wait: 0, receive: 0 },
    ...value,
    request: { headersSize: -1, bodySize: -1, cookies: [], queryString: [], ...request },
    response: { ...response, content: adoptContent(objectAt(response, 'content')) },
    _exchange: `x${index + 1}`,
    _seq: index + 1,
    _side: 'client',
    _protocol: protocolOf(textAt(request, 'url')),
    _producer: { name: header.gateway.name },
    _seed: `${milliseconds}-${sha256Hex(JSON.stringify(request)).slice(0, 16)}`,
    _outcome: response.status === 0 ? 'upstream-error' : 'complete',
  };
}

/** HAR keeps binary content as base64 in `text`. */
function adoptContent(content: Record<string, unknown>): unknown {
  const { encoding, text, ...rest } = { size: 0, mimeType: '', ...content } as Record<string, unknown>;
  if (typeof text !== 'string') return rest;
  if (encoding !== 'base64') return { ...rest, text };
  const bytes = fromBase64(text);
  return { ...rest, _wire: { encodings: [], bytes: bytes.length, sha256: sha256Hex(bytes), base64: text } };
}

const ENDPOINTS: readonly [pattern: RegExp, protocol: Protocol][] = [
  [/\/responses(?:\/compact)?$/, 'responses'],
  [/\/chat\/completions$/, 'chat'],
  [/\/messages(?:\/count_tokens)?$/, 'messages'],
];

function protocolOf(url: string): Protocol | null {
  const path = url.split(/[?#]/, 1)[0]!;
  return ENDPOINTS.find(([pattern]) => pattern.test(path))?.[1] ?? null;
}

/** What an entry lacks to be one; undefined when it is whole enough to work with. */
export function entryFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is not an object';
  const entry = value as Partial<Entry>;
  for (const [place, fits] of ENTRY_PARTS) if (!fits(entry)) return `${place} is missing or wrong`;
  return undefined;
}

const isHeaders = (list: unknown): list is HarHeader[] =>
  Array.isArray(list) && list.every((header) => typeof header?.name === 'string' && typeof header.value === 'string');

const isInterim = (list: unknown): boolean =>
  list === undefined ||
  (Array.isArray(list) &&
    list.every(
      (one) =>
        typeof one?.ms === 'number' &&
        typeof one.status === 'number' &&
        typeof one.statusText === 'string' &&
        isHeaders(one.headers),
    ));

const ENTRY_PARTS: readonly [place: string, fits: (entry: Partial<Entry>) => boolean][] = [
  ['startedDateTime', ({ startedDateTime }) => Number.isFinite(Date.parse(startedDateTime ?? ''))],
  ['request.method', ({ request }) => typeof request?.method === 'string'],
  ['request.url', ({ request }) => typeof request?.url === 'string'],
  ['request.headers', ({ request }) => isHeaders(request?.headers)],
  ['response.status', ({ response }) => typeof response?.status === 'number'],
  ['response.headers', ({ response }) => isHeaders(response?.headers)],
  ['response._informational', ({ response }) => isInterim(response?._informational)],
  ['response.content', ({ response }) => typeof response?.content === 'object' && response.content !== null],
  ['_exchange', ({ _exchange }) => typeof _exchange === 'string' && _exchange !== ''],
  ['_seq', ({ _seq }) => typeof _seq === 'number'],
  ['_side', ({ _side }) => _side === 'client' || _side === 'upstream'],
];

function objectAt(parent: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = parent[key];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textAt(parent: Record<string, unknown>, key: string): string {
  const value = parent[key];
  return typeof value === 'string' ? value : '';
}

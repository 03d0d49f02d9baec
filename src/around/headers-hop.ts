import type { Entry } from '../cassette/format.ts';
import { fromHarHeaders, headerPairs } from '../util/headers.ts';
import { finding, type HopFinding } from './finding.ts';

/** Headers of a request that a provider of the same protocol makes use of, and what is lost with them. */
const REQUEST_HEADERS: readonly [name: RegExp, harm?: string][] = [
  [/^x-codex-turn-state$/, 'The provider cannot send the requests of one turn to one server.'],
  [/^chatgpt-account-id$/, 'A ChatGPT login does not work without its account.'],
  [/^anthropic-(?:version|beta)$/, 'The provider answers as another version of its API would.'],
  [/^openai-(?:beta|organization|project)$/],
  [/^(?:session|thread)[_-]id$/],
  [/^x-client-request-id$/],
  [/^x-codex-/],
  [/^originator$/],
  [/^idempotency-key$/],
];

/** Headers of an answer that clients make use of. */
const ANSWER_HEADERS: readonly [name: RegExp, harm?: string][] = [
  [/^x-codex-turn-state$/, 'Codex cannot repeat it, so the requests of one turn may go to different servers.'],
  [/^x-codex-/, 'Codex does not show how much of the plan is used.'],
  [/^x-models-etag$/],
  [/^x-reasoning-included$/],
  [/^x-ratelimit-|^anthropic-ratelimit-/],
  [/^(?:x-)?request-id$/],
];

const RETRY_HARM =
  'The client does not know how long to wait. Codex gives up at once on a 429 without retry-after, other clients repeat too soon.';
const MODEL_HARM = 'Codex reports another model in openai-model as rerouting.';

/** What of the request's headers did not get through. Keys and what belongs to a connection are a gateway's own affair. */
export function requestHeaderFindings(client: Entry, upstream: Entry): HopFinding[] {
  if (client._protocol !== upstream._protocol) return [];
  const [before, after] = [headersOf(client.request.headers), headersOf(upstream.request.headers)];
  return compare(before, after, REQUEST_HEADERS, 'request headers');
}

/** What of the answer's headers did not get through, and what is new and matters. */
export function answerHeaderFindings(upstream: Entry, client: Entry): HopFinding[] {
  const [before, after] = [headersOf(upstream.response.headers), headersOf(client.response.headers)];
  const found: HopFinding[] = [];
  const isRefusal = upstream.response.status >= 400 && client.response.status >= 400;
  for (const name of isRefusal ? ['retry-after', 'retry-after-ms'] : []) {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === undefined || is !== undefined) continue;
    found.push(
      finding('dropped', 'answer headers', name, {
        before: was,
        ...(name === 'retry-after' ? { harm: RETRY_HARM } : {}),
      }),
    );
  }
  if (before.get('openai-model') === undefined && after.get('openai-model') !== undefined)
    found.push(
      finding('added', 'answer headers', 'openai-model', { after: after.get('openai-model'), harm: MODEL_HARM }),
    );
  if (client._protocol === upstream._protocol) found.push(...compare(before, after, ANSWER_HEADERS, 'answer headers'));
  return found;
}

function compare(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  table: readonly [name: RegExp, harm?: string][],
  place: 'request headers' | 'answer headers',
): HopFinding[] {
  const found: HopFinding[] = [];
  for (const [name, value] of before) {
    const rule = table.find(([pattern]) => pattern.test(name));
    const now = after.get(name);
    if (!rule || now === value) continue;
    const [, harm] = rule;
    found.push(finding(now === undefined ? 'dropped' : 'changed', place, name, { before: value, after: now, harm }));
  }
  return found;
}

/** Name in lower case -> value; several lines of one name are joined. */
function headersOf(list: Entry['request']['headers']): Map<string, string> {
  const found = new Map<string, string>();
  for (const [raw, value] of headerPairs(fromHarHeaders(list))) {
    const name = raw.toLowerCase();
    const before = found.get(name);
    found.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return found;
}

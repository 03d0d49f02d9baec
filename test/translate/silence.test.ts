import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asArray, asObject, type JsonObject } from '../../src/protocols/grammar.ts';
import { DIALECTS } from '../../src/translate/dialects.ts';
import { HOPS } from '../../src/translate/hops.ts';
import type { Hop } from '../../src/translate/types.ts';
import type { Protocol } from '../../src/util/types.ts';
import { assertProperty } from '../helpers/properties.ts';
import { makeBackContext, makeContext } from '../helpers/translate.ts';
import { PROVIDERS } from './coverage/judge.ts';
import { type Bundle, readBundle } from './coverage/schema.ts';
import { type Chance, createSynthesizer } from './coverage/synthesize.ts';
import { compareLeaves, type Leaf } from './helpers/leaves.ts';

const SINGLE = HOPS.filter(({ client, upstream }) => client === 'responses' || upstream === 'responses');

const BUNDLES: Readonly<Record<Protocol, Bundle>> = {
  responses: readBundle('responses'),
  chat: readBundle('chat'),
  messages: readBundle('messages'),
};

const ROOTS: Readonly<Record<Protocol, { request: string; response: string }>> = {
  responses: { request: 'ResponsesRequest', response: 'ResponsesResponse' },
  chat: { request: 'ChatRequest', response: 'ChatResponse' },
  messages: { request: 'MessagesRequest', response: 'MessagesResponse' },
};

/** What a schema leaves open is decided by these numbers, again and again from the beginning. */
function chanceOf(numbers: readonly number[], keep: number): Chance {
  let at = 0;
  const next = () => numbers[at++ % numbers.length]!;
  return { pick: (count) => next() % count, keeps: () => next() % 100 < keep, length: () => next() % 3 };
}

const chance = fc
  .tuple(fc.array(fc.nat({ max: 9_999 }), { minLength: 20, maxLength: 200 }), fc.constantFrom(10, 25, 50))
  .map(([numbers, keep]) => chanceOf(numbers, keep));

function makeDocument(protocol: Protocol, kind: 'request' | 'response', decide: Chance): JsonObject {
  const { make } = createSynthesizer(BUNDLES[protocol], decide);
  return make({ $ref: `#/$defs/${ROOTS[protocol][kind]}` }, kind) as JsonObject;
}

/** What a hop refuses as a whole is not looked for. */
const REFUSED: Readonly<Record<Protocol, readonly string[]>> = {
  responses: ['background', 'conversation', 'previous_response_id', 'prompt'],
  chat: ['audio', 'modalities', 'n'],
  messages: [],
};

const REFUSED_ITEMS: readonly unknown[] = ['item_reference', 'compaction_trigger', undefined];

function withoutRefused(body: JsonObject, protocol: Protocol): JsonObject {
  const kept = Object.entries(body).filter(([name]) => !REFUSED[protocol].includes(name));
  const request: JsonObject = Object.fromEntries(kept);
  if (!Array.isArray(request.input)) return request;
  // An item without a type is a reference unless it has a role.
  const items = request.input.filter((item) => asObject(item)?.role || !REFUSED_ITEMS.includes(asObject(item)?.type));
  return { ...request, input: items };
}

/** Roles are told by what stands in their messages, which may become items of their own; fixtures hold them. */
function tell(silent: readonly Leaf[]): string[] {
  return silent.filter(({ key }) => key !== 'role').map(({ path, value }) => `${path} ${String(value)}`);
}

function checkRequests(hop: Hop): void {
  const dialects = DIALECTS.filter(({ protocol }) => protocol === hop.upstream);
  assertProperty(
    fc.property(chance, fc.constantFrom(...dialects), (decide, dialect) => {
      const source = withoutRefused(makeDocument(hop.client, 'request', decide), hop.client);
      const result = hop.request(source, makeContext(dialect));
      if ('problem' in result) throw new Error(result.problem.message);
      const { body: target, losses, plan } = result;
      expect(tell(compareLeaves({ source, target, losses, plan, dialect }).silent)).toEqual([]);
    }),
    { numRuns: 150 },
  );
}

/** What a finished answer says: the rest names it, counts it, repeats the request or tells its end, which tables hold. */
const SAID: Readonly<Record<Protocol, RegExp>> = {
  responses: /^\/(?:output|moderation|tool_usage|prompt_cache_diagnostics)\//,
  chat: /^\/choices\/0\/(?:message|logprobs)\//,
  messages: /^\/(?:content|container|diagnostics)\//,
};

/** What the item of a search that came to nothing does not repeat; a query may be one of several. */
const NAMES = /^\/content\/\d+\/id$|\/action\/queries\//;

function completed(answer: JsonObject): JsonObject {
  const output = asArray(answer.output).map((item) => ({ ...asObject(item), status: 'completed' }));
  return { ...answer, status: 'completed', error: null, incomplete_details: null, output };
}

function checkAnswers(hop: Hop): void {
  const { upstream } = hop;
  assertProperty(
    fc.property(chance, (decide) => {
      const made = makeDocument(upstream, 'response', decide);
      const source = upstream === 'responses' ? completed(made) : made;
      const dialect = PROVIDERS[upstream];
      const { body: target, losses } = hop.response(source, makeBackContext(dialect));
      const { silent } = compareLeaves({ source, target, losses, dialect });
      expect(tell(silent.filter(({ path }) => SAID[upstream].test(path) && !NAMES.test(path)))).toEqual([]);
    }),
    { numRuns: 150 },
  );
}

describe.each(SINGLE.map((hop) => [`${hop.client} to ${hop.upstream}`, hop] as const))('%s', (_name, hop) => {
  it('drops nothing of any request without a word', () => checkRequests(hop), 60_000);

  it('drops nothing of what any answer says without a word', () => checkAnswers(hop), 60_000);
});

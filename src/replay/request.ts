import { canonicalJson, parseJson } from '../decode/json.ts';
import { LIMITS } from '../decode/limits.ts';
import { CHAT_MATCH_RULES } from '../protocols/chat/match-rules.ts';
import type { FieldRules } from '../protocols/match-rule.ts';
import { MESSAGES_MATCH_RULES } from '../protocols/messages/match-rules.ts';
import { RESPONSES_MATCH_RULES } from '../protocols/responses/match-rules.ts';
import { fromUtf8, isUtf8 } from '../util/bytes.ts';
import { sha256Hex } from '../util/sha256.ts';
import type { Protocol } from '../util/types.ts';
import { applyRules, compileRules, isNestedDeeper, type RuleTree } from './fields.ts';
import { unnumber } from './placeholders.ts';
import { createScrubber, type Scrubber } from './scrub.ts';

/**
 * How much of two requests must be equal. `exact`: all of it. `shape`: all but what is volatile by the field rules. `turn`:
 * the place in the conversation alone, told by the session and the ids of the tool calls so far.
 */
export type MatchLevel = 'exact' | 'shape' | 'turn';

/** What stands for the method of a request that came as a message over a WebSocket. */
export const SOCKET_METHOD = 'WS';

/** A request as it is to be matched. */
export interface MatchRequest {
  method: string;
  /** Request target or absolute URL, with its query. */
  target: string;
  /** Decoded body; the coded one when it cannot be decoded; undefined or empty when there is none. */
  body: Uint8Array | undefined;
}

/** The part of a base URL that requests on the upstream side carry and that is no part of what is asked for. */
export interface TargetBase {
  /** Begins with a slash and does not end with one, or is empty. */
  basePath: string;
  /** Without the question mark. */
  query: string;
}

/** A body, parsed once. */
export type ParsedBody =
  | { kind: 'none' }
  | { kind: 'json'; value: unknown; bytes: Uint8Array }
  | { kind: 'other'; sha256: string };

/** What a request is compared as. */
export interface ComparedRequest {
  /** Equal for requests that match: the next three together. */
  key: string;
  /** `POST /responses`. */
  route: string;
  /** Sorted and scrubbed. */
  query: string;
  /** SHA-256 of the body as it is compared; `empty` when there is none. */
  content: string;
  /** The body after its rules, for the search of differences; undefined when there is none or it is no JSON. */
  body: unknown;
  session: string | undefined;
}

const RULES: Readonly<Record<Protocol, FieldRules>> = {
  responses: RESPONSES_MATCH_RULES,
  chat: CHAT_MATCH_RULES,
  messages: MESSAGES_MATCH_RULES,
};

const RULE_TREES: Record<Protocol | 'none', RuleTree> = {
  responses: compileRules(RULES.responses),
  chat: compileRules(RULES.chat),
  messages: compileRules(RULES.messages),
  none: compileRules([]),
};

/** Field rules of the user's own, which come on top of those of their protocol. */
export type MatchRules = Readonly<Partial<Record<Protocol, FieldRules>>>;

/** The tables with the rules of a user, each compiled once. */
const EXTENDED = new WeakMap<MatchRules, Map<Protocol, RuleTree>>();

const EXACT_TREE = compileRules([{ path: '', rule: 'static' }]);

const asItIs: Scrubber = (text) => text;
const scrubIds = createScrubber(asItIs, asItIs);

/** Method and path: the client's own `/v1`, or the base path, does not count, nor do double and trailing slashes. */
export function routeOf(request: MatchRequest, base: TargetBase | undefined): string {
  const path = splitTarget(request.target).path.replace(/\/{2,}/g, '/');
  const below =
    base?.basePath && `${path}/`.startsWith(`${base.basePath}/`)
      ? path.slice(base.basePath.length)
      : path.replace(/^\/v1(?=\/|$)/, '');
  return `${request.method.toUpperCase()} ${below.replace(/\/$/, '') || '/'}`;
}

function splitTarget(target: string): { path: string; query: string } {
  const local = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/#.*$/s, '');
  const mark = local.indexOf('?');
  return mark < 0 ? { path: local, query: '' } : { path: local.slice(0, mark), query: local.slice(mark + 1) };
}

function queryOf(request: MatchRequest, base: TargetBase | undefined, level: MatchLevel): string {
  const ofBase = new URLSearchParams(base?.query);
  const show = (text: string) => (level === 'exact' ? unnumber(text) : scrubIds(unnumber(text)));
  const pairs = [...new URLSearchParams(splitTarget(request.target).query)]
    .filter(([name]) => !ofBase.has(name))
    .map(([name, value]) => `${encodeURIComponent(show(name))}=${encodeURIComponent(show(value))}`);
  return pairs.sort().join('&');
}

/** Parses a body; what is no JSON, or too deep to have a canonical form, counts by its SHA-256. */
export function parseBody(bytes: Uint8Array | undefined): ParsedBody {
  if (!bytes || bytes.length === 0) return { kind: 'none' };
  if (isUtf8(bytes)) {
    const parsed = parseJson(fromUtf8(bytes));
    if (parsed.ok && !isNestedDeeper(parsed.value, LIMITS.jsonDepth))
      return { kind: 'json', value: parsed.value, bytes };
  }
  return { kind: 'other', sha256: sha256Hex(bytes) };
}

/** What the comparison of one request needs besides the request. */
export interface CompareContext {
  level: MatchLevel;
  protocol: Protocol | null;
  base: TargetBase | undefined;
  rules: MatchRules | undefined;
  scrub: Scrubber;
  /** Applies `make` to a text, or answers with what its elision or its full form is compared as. */
  text(value: string, make: (value: string) => string): string;
}

/** The field rules of a protocol at a level. At `exact` there are none, nor any of the user's. */
export function ruleTreeOf(level: MatchLevel, protocol: Protocol | null, own?: MatchRules): RuleTree {
  if (level === 'exact') return EXACT_TREE;
  return protocol && own?.[protocol] ? extendedTree(protocol, own) : RULE_TREES[protocol ?? 'none'];
}

function extendedTree(protocol: Protocol, own: MatchRules): RuleTree {
  const trees = EXTENDED.get(own) ?? new Map<Protocol, RuleTree>();
  EXTENDED.set(own, trees);
  const tree = trees.get(protocol) ?? compileRules([...RULES[protocol], ...own[protocol]!]);
  trees.set(protocol, tree);
  return tree;
}

/** Turns a request into what it is compared as. */
export function compareForm(request: MatchRequest, body: ParsedBody, context: CompareContext): ComparedRequest {
  const route = routeOf(request, context.base);
  const query = queryOf(request, context.base, context.level);
  if (body.kind !== 'json') {
    const content = body.kind === 'none' ? 'empty' : body.sha256;
    return { key: `${route}?${query}\n${content}`, route, query, content, body: undefined, session: undefined };
  }
  const tree = ruleTreeOf(context.level, context.protocol, context.rules);
  const ruled = applyRules(body.value, tree, (value, kind) =>
    context.text(value, kind === 'static' ? unnumber : (raw) => context.scrub(unnumber(raw))),
  );
  const compared = context.level === 'turn' ? { call_ids: ruled.callIds } : ruled.value;
  // A key holds the hash of the canonical form, so that it stays short.
  const content = sha256Hex(canonicalForm(compared) ?? body.bytes);
  return { key: `${route}?${query}\n${content}`, route, query, content, body: compared, session: ruled.session };
}

/** Undefined for what has none: a lone surrogate, a number such as 1e400. */
function canonicalForm(value: unknown): string | undefined {
  try {
    return canonicalJson(value);
  } catch {
    return undefined;
  }
}

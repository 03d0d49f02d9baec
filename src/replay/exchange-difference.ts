import type { Entry, HarHeader } from '../cassette/format.ts';
import { type Leg, legOf, legsOf, type RecordedExchange } from '../cassette/legs.ts';
import { createOf, isOverWebSocket } from '../cassette/messages.ts';
import { stripVolatile } from '../cassette/volatile.ts';
import { fromUtf8 } from '../util/bytes.ts';
import { fromHarHeaders, toHarHeaders } from '../util/headers.ts';
import { dropHopByHop } from '../util/hop-by-hop.ts';
import { sha256Hex } from '../util/sha256.ts';
import type { LegName, Outcome } from '../util/types.ts';
import { type AnswerDifference, compareAnswers, comparePlaces, type PlaceDifference } from './answer-difference.ts';
import { compileRules } from './fields.ts';
import { type MatchLevel, type MatchRequest, parseBody, ruleTreeOf, SOCKET_METHOD } from './request.ts';
import { compareRequests } from './request-difference.ts';
import type { RequestTable, RequestView } from './request-table.ts';

/** How one of the four messages of an exchange differs from the same one of another exchange. */
export interface ComparedLeg extends AnswerDifference {
  leg: LegName;
  /** Upstream legs only; from 1. */
  attempt?: number;
  /** The other exchange does not have it. */
  only?: 'a' | 'b';
  /** Method, path, headers, status, end. Pointers such as `/headers/user-agent`. */
  head: PlaceDifference[];
}

export interface ExchangeDifference {
  outcome?: { a: Outcome; b: Outcome };
  /** Those that differ, in the order of the wire. */
  legs: ComparedLeg[];
}

export interface ComparisonContext {
  /** Has learnt both exchanges. */
  table: RequestTable;
  level: MatchLevel;
}

/** Length is the body's business, and `host` that of the address. */
const LEFT_OUT = new Set(['content-length', 'host']);

const SCRUB = compileRules([]);

/** Compares two exchanges leg by leg; undefined when they are the same at that level. */
export function compareExchanges(
  a: RecordedExchange,
  b: RecordedExchange,
  context: ComparisonContext,
): ExchangeDifference | undefined {
  const [old, now] = [sidesOf(a, context), sidesOf(b, context)];
  const legs = [...new Set([...old.keys(), ...now.keys()])]
    .map((key) => compareLegs(old.get(key), now.get(key), context.level))
    .filter((leg) => leg !== undefined);
  const outcome = a.outcome === b.outcome ? {} : { outcome: { a: a.outcome, b: b.outcome } };
  return legs.length === 0 && a.outcome === b.outcome ? undefined : { ...outcome, legs };
}

/** A leg, and the request of its entry. */
interface LegSide {
  leg: Leg;
  request: RequestView;
}

/** The legs by name and attempt. */
function sidesOf(exchange: RecordedExchange, { table }: ComparisonContext): Map<string, LegSide> {
  // Request and answer of an entry share what it asks for.
  const views = new Map<Entry, RequestView>();
  const viewOf = (entry: Entry): RequestView => {
    const view = views.get(entry) ?? table.view(requestOfEntry(exchange, entry), entry._protocol);
    views.set(entry, view);
    return view;
  };
  return new Map(
    legsOf(exchange).map((leg) => [`${leg.name} ${leg.entry._attempt ?? ''}`, { leg, request: viewOf(leg.entry) }]),
  );
}

/** What an entry asks for, whole or not. */
function requestOfEntry(exchange: RecordedExchange, entry: Entry): MatchRequest {
  const isClient = entry._side === 'client';
  const leg = isClient ? legOf(exchange, 'client-request') : legOf(exchange, 'upstream-request', entry._attempt);
  const { method, url: target } = entry.request;
  const isMessage = isOverWebSocket(entry);
  const body = isMessage ? createOf(leg?.messages ?? [])?.data : (leg?.body?.decoded ?? leg?.body?.wire);
  return { method: isMessage ? SOCKET_METHOD : method, target, body };
}

const NOTHING: AnswerDifference = { body: [], events: [], answer: [] };

function compareLegs(a: LegSide | undefined, b: LegSide | undefined, level: MatchLevel): ComparedLeg | undefined {
  const { leg } = (a ?? b)!;
  const name = { leg: leg.name, ...(leg.entry._attempt === undefined ? {} : { attempt: leg.entry._attempt }) };
  if (!a || !b) return { ...name, only: a ? 'a' : 'b', head: [], ...NOTHING };
  const tree = level === 'exact' ? ruleTreeOf('exact', null) : SCRUB;
  const head = comparePlaces(headOf(a, level), headOf(b, level), a.request, b.request, tree);
  const rest = leg.name.endsWith('request') ? compareAsked(a, b, level) : compareAnswers(a, b, level);
  const isSame = [head, rest.body, rest.events, rest.answer].every((list) => list.length === 0);
  return isSame ? undefined : { ...name, head, ...rest };
}

function compareAsked(a: LegSide, b: LegSide, level: MatchLevel): AnswerDifference {
  const { counts } = compareRequests(a.request, b.request, level);
  const body = counts.filter((one) => one.in === 'body');
  return { ...NOTHING, body: body.map(({ pointer, recorded, asked }) => ({ pointer, a: recorded, b: asked })) };
}

/** What a leg says besides its body. With `exact` that is all that the cassette has; else what is no business of one recording alone. */
function headOf({ leg, request }: LegSide, level: MatchLevel): object {
  const entry = withoutBodies(leg.entry);
  const isRequest = leg.name.endsWith('request');
  if (level === 'exact')
    return { ...exactHead(entry, isRequest), messages: isRequest ? otherMessages(leg) : undefined };
  const { request: asked, response, _end, _losses } = stripVolatile(entry) as Entry;
  const { route, query } = request.form;
  if (!isRequest) {
    const { status, headers, _informational, _trailers = [] } = response;
    const informational = _informational?.map((one) => ({ status: one.status, headers: fieldsOf(one.headers) }));
    const fields = { headers: fieldsOf(headers), trailers: fieldsOf(_trailers) };
    return { status, informational, ...fields, end: _end, losses: _losses };
  }
  const [method, path] = route.split(' ', 2);
  const { headers, _trailers = [], _incomplete: incomplete } = asked;
  const messages = otherMessages(leg);
  return { method, path, query, headers: fieldsOf(headers), trailers: fieldsOf(_trailers), incomplete, messages };
}

/** Over a WebSocket: what the client sent besides the `response.create` that is compared as the body. */
function otherMessages({ messages }: Leg): unknown[] | undefined {
  const create = createOf(messages ?? []);
  return messages?.filter((one) => one !== create).map(({ data, binary }) => (binary ? sha256Hex(data) : textOf(data)));
}

/** Parsed, or as it is when it is no JSON. */
function textOf(data: Uint8Array): unknown {
  const body = parseBody(data);
  return body.kind === 'json' ? body.value : fromUtf8(data);
}

function exactHead(entry: Entry, isRequest: boolean): object {
  const { startedDateTime, time, timings, request, response, _seed, _end, _losses, _webSocketClose } = entry;
  return isRequest
    ? { ...request, headers: listsOf(request.headers), startedDateTime, _seed }
    : { ...response, headers: listsOf(response.headers), time, timings, _end, _losses, _webSocketClose };
}

/** A copy of an entry whose bodies and messages are gone. */
function withoutBodies(entry: Entry): Entry {
  const { _webSocketMessages: _, ...rest } = entry;
  const { postData: __, ...request } = entry.request;
  const { mimeType } = entry.response.content;
  return { ...rest, request, response: { ...entry.response, content: { mimeType, size: 0 } } };
}

/** Headers by name; those that are volatile have lost their values, and are left out with those of the connection. */
function fieldsOf(headers: readonly HarHeader[]): Record<string, string> {
  const stable = headers.filter(({ value }) => value !== undefined);
  const lists = listsOf(toHarHeaders(dropHopByHop(fromHarHeaders(stable), LEFT_OUT)));
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.join(', ')]));
}

function listsOf(headers: readonly HarHeader[]): Record<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    lists.set(key, [...(lists.get(key) ?? []), value]);
  }
  return Object.fromEntries(lists);
}

import { eventChunks, type Leg } from '../cassette/legs.ts';
import { parseJson } from '../decode/json.ts';
import { LIMITS } from '../decode/limits.ts';
import { parseSse } from '../decode/sse.ts';
import type { SseEvent } from '../decode/types.ts';
import { assembleChat } from '../protocols/chat/assemble.ts';
import { CHAT_ANSWER_RULES } from '../protocols/chat/match-rules.ts';
import { assembleMessages } from '../protocols/messages/assemble.ts';
import { MESSAGES_ANSWER_RULES } from '../protocols/messages/match-rules.ts';
import { assembleResponses } from '../protocols/responses/assemble.ts';
import { RESPONSES_ANSWER_RULES } from '../protocols/responses/match-rules.ts';
import { concatBytes } from '../util/bytes.ts';
import { sha256Hex } from '../util/sha256.ts';
import type { Protocol } from '../util/types.ts';
import { showPair } from './difference.ts';
import { compileRules, isNestedDeeper, type RuleTree } from './fields.ts';
import { withTexts } from './placeholders.ts';
import { type MatchLevel, parseBody, ruleTreeOf } from './request.ts';
import type { RequestView } from './request-table.ts';
import { nameOf } from './suite/compare.ts';
import { differencesOf } from './suite/json-difference.ts';

/** A place in which two legs differ. */
export interface PlaceDifference {
  /** JSON pointer; empty for the whole. */
  pointer: string;
  /** Cut; `(absent)` for what is not there. */
  a: string;
  b: string;
}

/** An event that only one of two streams has, or whose fields differ. */
export interface EventDifference {
  type: string;
  /** Number in the stream, from 1; absent where the stream does not have the event. */
  a?: number;
  b?: number;
  fields: PlaceDifference[];
}

export interface AnswerDifference {
  /** The bodies as wholes, where they cannot be compared otherwise, and what is left of streams without a blank line. */
  body: PlaceDifference[];
  events: EventDifference[];
  /** Of the documents, or of what the streams amount to. */
  answer: PlaceDifference[];
}

/** One of two answers: its leg, and the request that it answers. */
export interface AnswerSide {
  leg: Leg;
  request: RequestView;
}

const ANSWER_TREES: Record<Protocol | 'none', RuleTree> = {
  responses: compileRules(RESPONSES_ANSWER_RULES),
  chat: compileRules(CHAT_ANSWER_RULES),
  messages: compileRules(MESSAGES_ANSWER_RULES),
  none: compileRules([]),
};

const ASSEMBLERS: Record<Protocol, (events: readonly unknown[]) => unknown> = {
  responses: assembleResponses,
  chat: assembleChat,
  messages: assembleMessages,
};

/** What an answer says, in a form that can be compared. */
interface AnswerView {
  kind: 'an event stream' | 'JSON' | 'no body' | 'other bytes';
  events: SseEvent[];
  rest: string | undefined;
  /** Undefined for what is neither stream nor JSON, and for streams of no known protocol. */
  document: unknown;
  sha256: string | undefined;
}

/** Compares two answers semantically: event by event, and what they amount to; ids and times count at level `exact` alone. */
export function compareAnswers(a: AnswerSide, b: AnswerSide, level: MatchLevel): AnswerDifference {
  if (isEqualBody(a.leg, b.leg)) return { body: [], events: [], answer: [] };
  const [old, now] = [viewAnswer(a.leg), viewAnswer(b.leg)];
  const protocol = a.leg.entry._protocol ?? b.leg.entry._protocol;
  const tree = level === 'exact' ? ruleTreeOf('exact', protocol) : ANSWER_TREES[protocol ?? 'none'];
  const compare = (x: unknown, y: unknown): PlaceDifference[] => comparePlaces(x, y, a.request, b.request, tree);
  const bothStreams = old.kind === 'an event stream' && now.kind === old.kind;
  return {
    body: [...compareWholes(old, now), ...compare(old.rest, now.rest)],
    events: bothStreams ? compareEvents(old.events, now.events, compare) : [],
    answer: old.document === undefined || now.document === undefined ? [] : compare(old.document, now.document),
  };
}

function isEqualBody({ body: a }: Leg, { body: b }: Leg): boolean {
  return a?.decoded !== undefined && b?.decoded !== undefined && Buffer.compare(a.decoded, b.decoded) === 0;
}

/** Where two values differ after rules. */
export function comparePlaces(
  x: unknown,
  y: unknown,
  a: RequestView,
  b: RequestView,
  tree: RuleTree,
): PlaceDifference[] {
  return differencesOf(a.apply(x, tree), b.apply(y, tree)).map(({ pointer, expected, actual }) => {
    const pair = showPair(withTexts(expected, a.notes), withTexts(actual, b.notes));
    return { pointer, a: pair.recorded, b: pair.live };
  });
}

function compareWholes(old: AnswerView, now: AnswerView): PlaceDifference[] {
  if (old.kind !== now.kind) return [{ pointer: '', a: old.kind, b: now.kind }];
  if (old.sha256 === now.sha256) return [];
  return [{ pointer: '', a: `sha256 ${old.sha256}`, b: `sha256 ${now.sha256}` }];
}

function viewAnswer(leg: Leg): AnswerView {
  const { body } = leg;
  const none = { events: [], rest: undefined, document: undefined, sha256: undefined };
  if (!body) return { kind: 'no body', ...none };
  if (isEventStream(leg)) {
    const { events, rest } = parseSse(concatBytes(eventChunks(leg).map(({ data }) => data)));
    const protocol = leg.entry._protocol;
    const document = protocol === null ? undefined : ASSEMBLERS[protocol](events.map(({ data }) => jsonOf(data)));
    return { kind: 'an event stream', events, rest: rest?.text, document, sha256: undefined };
  }
  const parsed = parseBody(body.decoded);
  if (parsed.kind === 'json') return { kind: 'JSON', ...none, document: parsed.value };
  if (parsed.kind === 'other') return { kind: 'other bytes', ...none, sha256: parsed.sha256 };
  // What cannot be decoded counts as it crossed the wire.
  return body.decoded ? { kind: 'no body', ...none } : { kind: 'other bytes', ...none, sha256: hashOf(body.wire) };
}

function hashOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && sha256Hex(bytes);
}

/** By its first line: gateways send streams under other types as well. */
function isEventStream({ messages, body }: Leg): boolean {
  return messages !== undefined || /^\ufeff?(?:event|data|id|retry)?:/.test(body?.text ?? '');
}

/** Undefined for what is no JSON, or nested too deep to be walked. */
function jsonOf(data: string): unknown {
  const parsed = parseJson(data);
  return parsed.ok && !isNestedDeeper(parsed.value, LIMITS.jsonDepth) ? parsed.value : undefined;
}

/**
 * Events are paired from both ends as long as their types are the same; those between are in one stream alone. So one that was
 * added, dropped or replaced is told as that, and does not shift all that come after it.
 */
function compareEvents(
  old: readonly SseEvent[],
  now: readonly SseEvent[],
  compare: (x: unknown, y: unknown) => PlaceDifference[],
): EventDifference[] {
  const [a, b] = [old.map(typed), now.map(typed)];
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head]!.type === b[head]!.type) head += 1;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail]!.type === b[b.length - 1 - tail]!.type) tail += 1;
  const [endA, endB] = [a.length - tail, b.length - tail];
  const paired = (i: number, j: number): EventDifference[] => {
    const fields = a[i]!.data === b[j]!.data ? [] : compare(a[i]!.value(), b[j]!.value());
    return fields.length === 0 ? [] : [{ type: a[i]!.type, a: i + 1, b: j + 1, fields }];
  };
  return [
    ...a.slice(0, head).flatMap((_, i) => paired(i, i)),
    ...a.slice(head, endA).map(({ type }, i) => ({ type, a: head + i + 1, fields: [] })),
    ...b.slice(head, endB).map(({ type }, i) => ({ type, b: head + i + 1, fields: [] })),
    ...a.slice(endA).flatMap((_, i) => paired(endA + i, endB + i)),
  ];
}

function typed(event: SseEvent): { type: string; data: string; value(): unknown } {
  const { data } = event;
  return { type: nameOf(event), data, value: () => jsonOf(data) ?? data };
}

import { offsetOfPointer, parseJson } from '../decode/json.ts';
import { parseSse } from '../decode/sse.ts';
import type { SseEvent } from '../decode/types.ts';
import { parseData } from '../protocols/grammar.ts';
import { toUtf8 } from '../util/bytes.ts';
import type { Protocol } from '../util/types.ts';
import { explainFaults, type RawFinding, shorten } from './explain.ts';
import type { Finding, Profile } from './findings.ts';
import { checkGrammar, type ParsedEvent } from './grammar.ts';
import { findForeignBody } from './hints.ts';
import { collapseRepeats, mergeProfiles } from './merge.ts';
import { type DocumentRoot, findRoot } from './profiles.ts';
import { checkRawText, plainest } from './raw.ts';
import { findSchemaFaults } from './validators.ts';

const JSON_SOURCE = 'RFC 8259';
const SSE_SOURCE = 'WHATWG HTML section 9.2.6';

/** Findings of one document that get an offset: each costs a scan of the text, and a hostile document has no end of them. */
const LOCATED = 200;

/**
 * Judges one document by its text.
 * @param root name in ROOTS, e.g. `responses.request` or `chat.stream`; an unknown one throws `usage` and lists them
 * @returns findings in the order of the document; `offset` is in bytes of the text's UTF-8
 */
export function validateDocument(root: string, text: string, profiles: readonly Profile[]): Finding[] {
  const { form, protocol } = findRoot(root);
  if (form === 'stream') return validateStream(protocol!, toUtf8(text), 'complete', profiles);
  return validateJson(root, text, profiles);
}

function validateJson(root: string, text: string, profiles: readonly Profile[]): Finding[] {
  return judgeText(root, text, profiles).map((finding, i) => (i < LOCATED ? locate(finding, text) : finding));
}

function locate(finding: Finding, text: string): Finding {
  const place = finding.offset === undefined ? offsetOfPointer(text, finding.pointer) : undefined;
  return place === undefined ? finding : { ...finding, offset: byteOffset(text, place) };
}

/**
 * Judges an event stream: every event by its schema, then their order.
 * @param end `truncated` when the connection broke off before HTTP said that the body was over
 * @returns findings with the index of the event and its byte offset in the stream
 */
export function validateStream(
  protocol: Protocol,
  bytes: Uint8Array,
  end: 'complete' | 'truncated',
  profiles: readonly Profile[],
): Finding[] {
  const { events: read, rest } = parseSse(bytes);
  const events = read.map(({ event, id, data, start, end }): ParsedEvent => {
    return { event, id, data, start, end, value: parseData(data) };
  });
  const schema = events.flatMap((event, index) =>
    judgeEvent(protocol, event, profiles).map((finding) => ({ ...finding, event: index, offset: event.start })),
  );
  const grammar = checkGrammar(protocol, events, end, profiles);
  const unfinished = rest === undefined ? [] : tellUnfinished(rest, end, profiles);
  // A terminal event without its blank line is that one fault, not a missing event as well.
  const cut = unfinished.length > 0 && end === 'complete';
  const order = cut ? grammar.filter((finding) => !finding.rule.endsWith('.no-terminal')) : grammar;
  return [...collapseRepeats(schema), ...order, ...unfinished].sort(
    (a, b) => (a.event ?? Infinity) - (b.event ?? Infinity),
  );
}

/** Rules of an event stream that do not hold over WebSocket: there are no `event:` lines, and Codex reads `error`. */
const NOT_OVER_WEBSOCKET = ['event-line-missing', 'event-line', 'error-event'].map(
  (rule) => `grammar.responses.${rule}`,
);

/**
 * Judges what one side sent over a WebSocket within one exchange: every message by its schema, and those of the server by
 * their order as well.
 * @param from `client`: messages such as `response.create`
 * @returns findings with the index of the message
 */
export function validateMessages(
  from: 'client' | 'server',
  texts: readonly string[],
  end: 'complete' | 'truncated',
  profiles: readonly Profile[],
): Finding[] {
  const judge = from === 'client' ? judgeClientMessage : judgeServerMessage;
  const schema = texts.flatMap((text, index) =>
    judge(text, profiles).map((finding): Finding => ({ ...finding, event: index })),
  );
  if (from === 'client') return schema;
  const events = texts.map((data): SseEvent => ({ event: undefined, id: undefined, data, start: 0, end: 0 }));
  const order = checkGrammar('responses', events, end, profiles)
    .filter(({ rule }) => !NOT_OVER_WEBSOCKET.includes(rule))
    .map(({ offset: _, ...finding }) => finding);
  return [...collapseRepeats(schema), ...order].sort((a, b) => (a.event ?? Infinity) - (b.event ?? Infinity));
}

function judgeClientMessage(text: string, profiles: readonly Profile[]): Finding[] {
  return judgeText('responses.client-message', text, profiles);
}

/** What is no JSON object, or says no type, is a matter of the grammar, which tells it once. */
function judgeServerMessage(text: string, profiles: readonly Profile[]): Finding[] {
  const parsed = parseJson(text);
  const type = parsed.ok ? (parsed.value as { type?: unknown } | null)?.type : undefined;
  return parsed.ok && typeof type === 'string'
    ? judgeValue('responses.server-message', text, parsed.value, profiles)
    : [];
}

/** What stands behind the last blank line; a broken connection explains it, anything else is the server's fault. */
function tellUnfinished(
  rest: { start: number; text: string },
  end: 'complete' | 'truncated',
  profiles: readonly Profile[],
): Finding[] {
  if (end === 'truncated' || !/^data/m.test(rest.text) || profiles.length === 0) return [];
  const profile = profiles.includes('codex') ? 'codex' : profiles[0]!;
  const message = 'the last event has no blank line after it, so no client ever sees it';
  const value = shorten(rest.text);
  return [
    {
      profile,
      severity: 'error',
      rule: 'raw.unfinished-event',
      source: SSE_SOURCE,
      message,
      pointer: '',
      value,
      offset: rest.start,
    },
  ];
}

function judgeEvent(protocol: Protocol, { data, value }: ParsedEvent, profiles: readonly Profile[]): Finding[] {
  // What is no JSON object, or says no type, is a matter of the grammar, which tells it once.
  if (typeof value !== 'object' || value === null) return [];
  const root = eventRoot(protocol, value as Record<string, unknown>);
  return root === undefined ? [] : judgeValue(root, data, value, profiles);
}

function eventRoot(protocol: Protocol, value: Record<string, unknown>): string | undefined {
  if (protocol === 'chat')
    return value.error !== undefined && value.choices === undefined ? 'error.openai' : 'chat.chunk';
  return typeof value.type === 'string' ? `${protocol}.event` : undefined;
}

/** A JSON text by raw text and by schema, without offsets. */
function judgeText(root: string, text: string, profiles: readonly Profile[]): Finding[] {
  const parsed = parseJson(text);
  if (parsed.ok) return judgeValue(root, text, parsed.value, profiles);
  const profile = profileOf(findRoot(root), profiles);
  if (profile === undefined) return [];
  const message = `this is no JSON: ${parsed.message}`;
  const offset = byteOffset(text, parsed.offset);
  return [{ profile, severity: 'error', rule: 'raw.not-json', source: JSON_SOURCE, message, pointer: '', offset }];
}

function judgeValue(root: string, text: string, value: unknown, profiles: readonly Profile[]): Finding[] {
  const definition = findRoot(root);
  const foreign = tellForeign(root, value, profiles);
  if (foreign) return [foreign];
  const findings = profiles.flatMap((profile): RawFinding[] => {
    const faults = findSchemaFaults(definition, profile, value);
    return faults && faults.errors.length > 0 ? explainFaults(root, profile, faults) : [];
  });
  return [...mergeProfiles(findings), ...checkRawText(root, text, value, profiles)];
}

function tellForeign(root: string, value: unknown, profiles: readonly Profile[]): Finding | undefined {
  const foreign = findForeignBody(root, value);
  const profile = foreign && profileOf(findRoot(root), profiles);
  if (!foreign || profile === undefined) return undefined;
  const place = { pointer: foreign.pointer, source: 'the API of the endpoint' };
  return { profile, severity: 'error', rule: 'schema.foreign-body', message: foreign.hint, ...place };
}

/** The profile that a fault of the whole document is told for; none when no profile asked for knows the document. */
function profileOf(root: DocumentRoot, profiles: readonly Profile[]): Profile | undefined {
  const knowing = profiles.filter((profile) =>
    profile === 'codex' ? root.codex !== undefined : root.schema !== undefined,
  );
  return plainest(knowing);
}

function byteOffset(text: string, index: number): number {
  return toUtf8(text.slice(0, index)).length;
}

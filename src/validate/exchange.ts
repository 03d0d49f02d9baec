import type { Entry } from '../cassette/format.ts';
import { type Leg, legsOf, type RecordedExchange } from '../cassette/legs.ts';
import { parseJson } from '../decode/json.ts';
import { fromUtf8, toUtf8 } from '../util/bytes.ts';
import type { LegName } from '../util/types.ts';
import { validateDocument, validateMessages, validateStream } from './document.ts';
import { type EndpointDocuments, findEndpoint } from './endpoints.ts';
import { shorten } from './explain.ts';
import type { Finding, Profile } from './findings.ts';
import { plainest } from './raw.ts';

const CODEX = 'Codex 0.113.0 to 0.169.0 (measured)';

/** Where the rules about a whole message come from. */
const SOURCES = {
  'raw.not-judged': 'the depth that the validator can follow',
  'raw.undecodable': 'RFC 9110 section 8.4',
  'exchange.coded-answer': CODEX,
  'exchange.binary-message': 'OpenAI API, Responses over WebSocket',
  'exchange.content-type': 'WHATWG HTML section 9.2',
  'exchange.not-a-stream': '`stream` of the API',
  'exchange.not-text': 'RFC 9110 section 8.3',
  'exchange.web-page': 'RFC 9110 section 8.3',
} as const;

type ExchangeRule = keyof typeof SOURCES;

export interface ExchangeOptions {
  profiles: readonly Profile[];
}

/**
 * Judges all legs of an exchange by what is due at its endpoint: request, answer or stream, or error. Legs without such
 * a document (other paths, no answer, a request that did not arrive whole) are passed over. Where a body went through
 * unchanged it is judged once, at the leg where it arose: the client's request, the upstream's answer. The codex profile
 * speaks of what the client gets, so a translated answer is held against it on the client's side alone. Never throws.
 */
export function validateExchange(exchange: RecordedExchange, options: ExchangeOptions): Finding[] {
  const legs = legsOf(exchange);
  return legs.flatMap((leg) => {
    const place = {
      exchange: exchange.id,
      leg: leg.name,
      ...(leg.entry._attempt !== undefined && { attempt: leg.entry._attempt }),
    };
    return judgeSafely(leg, legs, options.profiles).map((finding) => ({ ...finding, ...place }));
  });
}

/** Whether an exchange has a leg that rules are known for: its path belongs to one of the APIs, or it is a WebSocket. */
export function isJudged(exchange: RecordedExchange): boolean {
  return legsOf(exchange).some(({ entry: { request }, body, messages = [] }) => {
    return messages.length > 0 || (body !== undefined && findEndpoint(request.method, request.url, request.headers));
  });
}

/** A document may be deep enough to exhaust the stack of the validator; that is a finding, not the end of the command. */
function judgeSafely(leg: Leg, legs: readonly Leg[], profiles: readonly Profile[]): Finding[] {
  try {
    return judgeLeg(leg, legs, profiles);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return tell(profiles, 'raw.not-judged', 'error', `this body could not be judged: ${reason}`);
  }
}

function judgeLeg(leg: Leg, legs: readonly Leg[], profiles: readonly Profile[]): Finding[] {
  if (leg.messages) return judgeMessages(leg, legs, profiles);
  const { request } = leg.entry;
  const due = findEndpoint(request.method, request.url, request.headers);
  if (!due || leg.body === undefined) return [];
  // A cassette keeps so much of a body and no more; what is missing cannot be judged.
  if (leg.name.endsWith('-request') ? request.postData?._cut : leg.entry.response.content._cut) return [];
  if (leg.body.facts?.undecodable !== undefined) {
    const reason = leg.body.facts.undecodable;
    return tell(profiles, 'raw.undecodable', 'error', `the coded body cannot be decoded: ${reason}`);
  }
  const isRequest = leg.name.endsWith('-request');
  return isRequest ? judgeRequest(leg, legs, due, profiles) : judgeAnswer(leg, legs, due, profiles);
}

/** Messages of a WebSocket. Binary ones are none of the Responses API's; Codex ends the connection on them. */
function judgeMessages(leg: Leg, legs: readonly Leg[], profiles: readonly Profile[]): Finding[] {
  const isRequest = leg.name.endsWith('-request');
  const messages = leg.messages ?? [];
  if (messages.length === 0 && (isRequest || !leg.entry._connection)) return [];
  if (leg.entry._webSocketCut) return [];
  if (isRequest ? leg.name === 'upstream-request' : leg.name === 'client-response') {
    if (isUnchanged(leg, legs, isRequest ? 'client-request' : 'upstream-response')) return [];
  }
  const binary = messages.findIndex((message) => message.binary);
  if (binary >= 0) {
    const message = 'a binary message; messages of the Responses API are text';
    return tell(profiles, 'exchange.binary-message', 'error', message).map((found) => ({ ...found, event: binary }));
  }
  const texts = messages.map(({ data }) => fromUtf8(data));
  if (isRequest) return validateMessages('client', texts, 'complete', profiles);
  const asked = legs.some(({ name, messages: sent = [] }) => name.endsWith('-request') && sent.length > 0);
  const end = endOf(leg.entry);
  const findings = validateMessages('server', texts, end, profiles);
  // What nobody asked for needs no end; and whose reader went away, has none.
  if (asked && !isCutByReader(leg.entry)) return findings;
  return findings.filter((finding) => !finding.rule.endsWith('.no-terminal'));
}

function judgeRequest(leg: Leg, legs: readonly Leg[], due: EndpointDocuments, profiles: readonly Profile[]): Finding[] {
  const text = leg.body?.text;
  if (due.request === undefined || text === undefined || leg.entry.request._incomplete) return [];
  if (leg.name === 'upstream-request' && isUnchanged(leg, legs, 'client-request')) return [];
  return validateDocument(due.request, text, profiles);
}

function judgeAnswer(leg: Leg, legs: readonly Leg[], due: EndpointDocuments, profiles: readonly Profile[]): Finding[] {
  const { status } = leg.entry.response;
  if (status < 200 || status === 204 || (status >= 300 && status < 400)) return [];
  const coded = leg.name === 'client-response' ? tellCoded(leg, due, profiles) : [];
  if (leg.name === 'client-response' && isUnchanged(leg, legs, 'upstream-response')) return coded;
  const passed = leg.name === 'client-response' || isUnchanged(leg, legs, 'client-response');
  const judges = passed ? profiles : profiles.filter((profile) => profile !== 'codex');
  const findings = status >= 400 ? judgeError(leg, due, judges) : judgeSuccess(leg, legs, due, judges);
  return [...coded, ...findings];
}

/** The same decoded text stands on the other side, so that its faults are told there. */
function isUnchanged(leg: Leg, legs: readonly Leg[], name: LegName): boolean {
  const attempts = legs.filter((other) => other.name === name);
  // Of several attempts the client got the last one; an upstream leg is compared with the one client leg.
  const other = attempts.at(-1);
  if (!other?.body || !leg.body || other.body.text === undefined) return false;
  const isAnswer = name.endsWith('-response');
  return other.body.text === leg.body.text && (!isAnswer || other.entry.response.status === leg.entry.response.status);
}

function judgeError(leg: Leg, due: EndpointDocuments, profiles: readonly Profile[]): Finding[] {
  const text = leg.body?.text;
  if (text === undefined || text === '') return [];
  const strict = profiles.filter((profile) => profile === 'strict');
  // Clients show what an error says in whatever shape; only the letter of the API makes a wrong one an error.
  const tolerant = validateDocument(
    due.error,
    text,
    profiles.filter((profile) => profile === 'tolerant'),
  );
  return [
    ...validateDocument(due.error, text, strict),
    ...(strict.length > 0 ? [] : tolerant).map((finding): Finding => ({ ...finding, severity: 'warning' })),
  ];
}

function judgeSuccess(leg: Leg, legs: readonly Leg[], due: EndpointDocuments, profiles: readonly Profile[]): Finding[] {
  const text = leg.body?.text;
  if (text === undefined) return tell(profiles, 'exchange.not-text', 'error', 'the answer is no text');
  const type = contentType(leg.entry);
  const streamed = due.streams && (type === 'text/event-stream' || /^(data|event|id|retry)?:/.test(text));
  if (streamed) return [...tellContentType(type, profiles), ...judgeStream(leg, due, profiles)];
  if (/^\s*<(!doctype|html)/i.test(text)) {
    const message = 'a web page came as the answer: is the base URL right (does it lack `/v1`)?';
    return tell(profiles, 'exchange.web-page', 'error', message, text);
  }
  if (due.streams && asksForStream(leg, legs) && profiles.length > 0) {
    return tell(profiles, 'exchange.not-a-stream', 'error', 'a stream was asked for, and one JSON document came', type);
  }
  return validateDocument(due.answer, text, profiles);
}

function judgeStream(leg: Leg, due: EndpointDocuments, profiles: readonly Profile[]): Finding[] {
  const { entry, body } = leg;
  const end = endOf(entry);
  const findings = validateStream(due.protocol!, body?.decoded ?? toUtf8(body?.text ?? ''), end, profiles);
  if (!isCutByReader(entry)) return findings;
  return findings.filter((finding) => !finding.rule.endsWith('.no-terminal'));
}

function endOf({ _end }: Entry): 'complete' | 'truncated' {
  return _end === undefined || _end.how === 'complete' ? 'complete' : 'truncated';
}

/** The reader went away, or the recording ended: that the stream has no end is not its sender's fault. */
function isCutByReader(entry: Entry): boolean {
  if (entry._outcome === 'client-aborted' || entry._outcome === 'recorder-killed') return true;
  const end = entry._end;
  return end !== undefined && end.how !== 'complete' && end.by === 'client';
}

function tellContentType(type: string, profiles: readonly Profile[]): Finding[] {
  if (type === 'text/event-stream') return [];
  const profile = profiles.includes('strict') ? 'strict' : 'tolerant';
  if (!profiles.includes(profile)) return [];
  const message = 'an event stream needs the content type text/event-stream';
  const severity = profile === 'strict' ? 'error' : 'warning';
  return [{ ...fault(profile, 'exchange.content-type', severity, message), value: type }];
}

/** Codex asks for no coding and undoes none. */
function tellCoded(leg: Leg, due: EndpointDocuments, profiles: readonly Profile[]): Finding[] {
  const encodings = leg.body?.facts?.encodings ?? [];
  if (encodings.length === 0 || due.protocol !== 'responses' || !profiles.includes('codex')) return [];
  const message = `the answer is coded with ${encodings.join(', ')}, which Codex did not ask for and does not undo`;
  return [fault('codex', 'exchange.coded-answer', 'error', message)];
}

/** `stream: true` in the request that this answer belongs to. */
function asksForStream(leg: Leg, legs: readonly Leg[]): boolean {
  const name = leg.name === 'client-response' ? 'client-request' : 'upstream-request';
  const request = legs.find((other) => other.name === name && other.entry._attempt === leg.entry._attempt);
  const body = parseJson(request?.body?.text ?? '');
  return body.ok && (body.value as { stream?: unknown } | null)?.stream === true;
}

function contentType(entry: Entry): string {
  const header = entry.response.headers.find(({ name }) => name.toLowerCase() === 'content-type');
  return (header?.value ?? entry.response.content.mimeType).split(';')[0]!.trim().toLowerCase();
}

function tell(
  profiles: readonly Profile[],
  rule: ExchangeRule,
  severity: Finding['severity'],
  message: string,
  value?: unknown,
): Finding[] {
  const profile = plainest(profiles);
  if (profile === undefined) return [];
  return [{ ...fault(profile, rule, severity, message), ...(value !== undefined && { value: shorten(value) }) }];
}

function fault(profile: Profile, rule: ExchangeRule, severity: Finding['severity'], message: string): Finding {
  return { profile, severity, rule, source: SOURCES[rule], message, pointer: '' };
}

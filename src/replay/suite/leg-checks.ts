import { eventChunks, type Leg } from '../../cassette/legs.ts';
import { parseSse } from '../../decode/sse.ts';
import type { SseEvent } from '../../decode/types.ts';
import type { CheckId } from '../../report/results/checks.ts';
import type { CheckResult, Failure } from '../../report/results/model.ts';
import { concatBytes } from '../../util/bytes.ts';
import { Kept } from '../../util/kept.ts';
import type { LegName, Protocol } from '../../util/types.ts';
import { findEndpoint } from '../../validate/endpoints.ts';
import { validateExchange } from '../../validate/exchange.ts';
import type { Finding, Profile } from '../../validate/findings.ts';
import { findSecrets } from '../../validate/secrets.ts';
import { nameOf } from './compare.ts';
import { type CheckContext, failed, failureOf, notApplicable, passed, type Subject, subjectOf } from './result.ts';

const LEG_NAMES: readonly LegName[] = ['client-request', 'upstream-request', 'upstream-response', 'client-response'];

/** Findings of an exchange, made once for both checks that tell them. */
function findingsOf({ known, exchange, options }: CheckContext): readonly Finding[] {
  known.findings ??= validateExchange(exchange, { profiles: options.profiles as Profile[] });
  return known.findings;
}

/** `legs.valid`: a result a leg, and one for each that is absent. */
export function checkLegs(context: CheckContext): CheckResult[] {
  const check = 'legs.valid';
  const absent = LEG_NAMES.filter((name) => !context.legs.some((leg) => leg.name === name)).map((leg) =>
    notApplicable({ check, leg }, 'the leg is absent'),
  );
  const judged = context.legs.map((leg) => {
    const subject = subjectOf(check, leg);
    const own = findingsOf(context).filter((finding) => isOf(finding, leg) && !isGrammar(finding));
    const reason = own.length > 0 ? undefined : whyNotJudged(leg, context.legs);
    return reason === undefined ? verdictOf(context, subject, own) : notApplicable(subject, reason);
  });
  return [...judged, ...absent];
}

/**
 * `stream.grammar`. A provider that broke off is no fault of whoever told the client so: an upstream stream without an end passes, with a
 * note, as long as the client's claims none either; and the client's may lack one where the upstream's does.
 */
export function checkGrammar(context: CheckContext): CheckResult[] {
  const check = 'stream.grammar';
  const answers = context.legs.filter(({ name }) => name.endsWith('-response'));
  if (answers.length === 0) return [notApplicable({ check, leg: 'client-response' }, 'no answer was recorded')];
  return answers.map((leg) => {
    const subject = subjectOf(check, leg);
    if (!isStream(leg)) return notApplicable(subject, 'the answer is no stream');
    const found = findingsOf(context).filter((finding) => isOf(finding, leg) && isGrammar(finding));
    const invented = inventedEnd(context, leg);
    const reason = found.length > 0 || invented ? undefined : whyNotJudged(leg, context.legs);
    if (reason !== undefined) return notApplicable(subject, reason);
    const excused = found.filter((finding) => isTruthful(finding, leg, context.legs));
    const rest = found.filter((finding) => !excused.includes(finding));
    const result = verdictOf(context, subject, rest, invented ? [invented] : []);
    return addNotes(
      result,
      excused.map(({ message }) => `broken off upstream, and told so: ${message}`),
    );
  });
}

function addNotes(result: CheckResult, more: readonly string[]): CheckResult {
  const notes = [...(result.notes ?? []), ...more];
  return notes.length > 0 ? { ...result, notes } : result;
}

/** `redaction.complete` */
export function checkRedaction(context: CheckContext): CheckResult[] {
  const subject: Subject = { check: 'redaction.complete' };
  const found = findSecrets(context.exchange);
  return [
    found.length > 0
      ? failed(
          subject,
          found.map((one) => toFailure(context, 'redaction.complete', one)),
        )
      : passed(subject),
  ];
}

function isOf(finding: Finding, { name, entry }: Leg): boolean {
  return finding.leg === name && finding.attempt === entry._attempt;
}

function isGrammar({ rule }: Finding): boolean {
  return rule.startsWith('grammar.');
}

function verdictOf(
  context: CheckContext,
  subject: Subject,
  findings: readonly Finding[],
  more: readonly Failure[] = [],
): CheckResult {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const warnings = findings
    .filter(({ severity }) => severity === 'warning')
    .map(({ message, pointer, rule }) => `warning: ${pointer === '' ? '' : `${pointer} `}${message} (${rule})`);
  const failures = [...errors.map((finding) => toFailure(context, subject.check, finding)), ...more];
  const result = failures.length > 0 ? failed(subject, failures) : passed(subject);
  return addNotes(result, warnings);
}

/** The finding as a failure; its place in the message, since that is all that some reports show. */
function toFailure(context: CheckContext, check: CheckId, finding: Finding): Failure {
  const { rule, source, message, pointer, event, offset, value, leg } = finding;
  const place = [
    ...(leg === undefined ? [] : [leg]),
    ...(event === undefined ? [] : [`event ${event + 1}`]),
    ...(pointer === '' ? [] : [pointer]),
  ].join(' ');
  return {
    ...failureOf(context, check, { message: place === '' ? message : `${place}: ${message}`, pointer }),
    rule,
    source,
    ...(event === undefined ? {} : { event }),
    ...(offset === undefined ? {} : { offset }),
    ...(value === undefined ? {} : { actual: JSON.stringify(value) }),
  };
}

/** Why nothing was said about a leg; undefined: it was judged, and nothing is wrong. */
function whyNotJudged(leg: Leg, legs: readonly Leg[]): string | undefined {
  const { entry, body, name, messages } = leg;
  const isRequest = name.endsWith('-request');
  const same = sameLeg(leg, legs);
  if (messages) {
    if (messages.length === 0) return 'no message was sent in this direction';
    if (entry._webSocketCut) return `${entry._webSocketCut} bytes of messages are missing`;
    return same;
  }
  const due = findEndpoint(entry.request.method, entry.request.url, entry.request.headers);
  if (!due || (isRequest && due.request === undefined)) return 'no document is known for this request';
  if (!body) return 'the message has no body';
  const cut = (isRequest ? entry.request.postData : entry.response.content)?._cut;
  if (cut) return `the body is cut: ${cut} bytes are missing at its end`;
  if (isRequest && entry.request._incomplete) return 'the request did not arrive whole';
  if (isRequest && body.text === undefined) return 'the body is no text';
  const { status } = entry.response;
  if (!isRequest && (status < 200 || status === 204 || (status >= 300 && status < 400)))
    return `nothing is due with status ${status}`;
  return same;
}

/** A body that went through unchanged is judged once, where it arose. */
function sameLeg(leg: Leg, legs: readonly Leg[]): string | undefined {
  const origin =
    leg.name === 'upstream-request'
      ? 'client-request'
      : leg.name === 'client-response'
        ? 'upstream-response'
        : undefined;
  const other = legs.findLast(({ name }) => name === origin);
  if (!other?.body || other.body.text === undefined || other.body.text !== leg.body?.text) return undefined;
  return `the same as the ${origin}, and judged there`;
}

function isStream(leg: Leg): boolean {
  if (leg.messages) return leg.messages.length > 0;
  const { headers, status, content } = leg.entry.response;
  if (status >= 400 || leg.body?.text === undefined) return false;
  const type = headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? content.mimeType;
  return /^\s*text\/event-stream/i.test(type) || /^(?:data|event|id|retry)?:/.test(leg.body.text);
}

/** By protocol, data that says that the answer came to its end. */
const COMPLETED: Readonly<Record<Protocol, RegExp>> = {
  responses: /"type" ?: ?"response\.completed"/,
  chat: /^\[DONE\]$|"finish_reason" ?: ?"/,
  messages: /"type" ?: ?"message_stop"/,
};

/** By protocol, data after which an upstream stream needs nothing more: an end, or that there will be none. */
const ENDED: Readonly<Record<Protocol, RegExp>> = {
  responses: /"type" ?: ?"(?:response\.(?:completed|failed|incomplete)|error)"/,
  chat: /^\[DONE\]$|"finish_reason" ?: ?"|^\{"error"/,
  messages: /"type" ?: ?"(?:message_stop|error)"/,
};

function says(leg: Leg | undefined, words: Readonly<Record<Protocol, RegExp>>): boolean {
  const protocol = leg?.entry._protocol;
  if (!leg || !protocol) return false;
  // What ends a stream stands at its end.
  return eventsOf(leg).findLast(({ data }) => words[protocol].test(data)) !== undefined;
}

const EVENTS = new Kept<Leg, readonly SseEvent[]>();

function eventsOf(leg: Leg): readonly SseEvent[] {
  const known = EVENTS.get(leg);
  if (known) return known;
  const { events } = parseSse(concatBytes(eventChunks(leg).map(({ data }) => data)));
  EVENTS.set(leg, events);
  return events;
}

function brokeOff(legs: readonly Leg[]): boolean {
  const upstream = legs.findLast(({ name }) => name === 'upstream-response');
  return upstream !== undefined && isStream(upstream) && !says(upstream, ENDED);
}

/** That a stream has no end is what happened, and the client was told nothing else. */
function isTruthful({ rule }: Finding, leg: Leg, legs: readonly Leg[]): boolean {
  if (!rule.endsWith('.no-terminal')) return false;
  if (leg.name === 'client-response') return brokeOff(legs);
  const client = legs.find(({ name }) => name === 'client-response');
  return client !== undefined && !says(client, COMPLETED);
}

/** A client stream that claims an end which the upstream's never came to. */
function inventedEnd(context: CheckContext, leg: Leg): Failure | undefined {
  if (leg.name !== 'client-response' || !brokeOff(context.legs) || !says(leg, COMPLETED)) return undefined;
  const events = eventsOf(leg);
  const event = events.findIndex(({ data }) => COMPLETED[leg.entry._protocol!].test(data));
  const message = `client-response event ${event + 1}: ${nameOf(events[event]!)} claims an end, but the upstream stream broke off`;
  const failure = failureOf(context, 'stream.grammar', { message, pointer: '', event, offset: events[event]!.start });
  return { ...failure, rule: 'stream.invented-end' };
}

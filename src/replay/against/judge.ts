import { type Leg, legOf, type RecordedExchange } from '../../cassette/legs.ts';
import { type AgainstCheckId, checkInfo } from '../../report/results/checks.ts';
import type { CheckResult, Failure } from '../../report/results/model.ts';
import { fromUtf8, isUtf8 } from '../../util/bytes.ts';
import { fromHarHeaders, headerPairs, headerValue } from '../../util/headers.ts';
import type { RawHeaders } from '../../util/types.ts';
import {
  type AnswerDifference,
  compareAnswers,
  type EventDifference,
  type PlaceDifference,
} from '../answer-difference.ts';
import { showPair } from '../difference.ts';
import { unnumber } from '../placeholders.ts';
import { type Recording, recordingsOf, requestOf } from '../recording.ts';
import { routeOf, type TargetBase } from '../request.ts';
import { compareRequests } from '../request-difference.ts';
import type { RequestTable } from '../request-table.ts';
import { failed, notApplicable, passed, type Subject } from '../suite/result.ts';
import type { LiveAnswer } from './send.ts';
import type { UpstreamCall } from './stage.ts';

/** One exchange as it was recorded, and as it went with the gateway. */
export interface PlayedExchange {
  exchange: RecordedExchange;
  calls: readonly UpstreamCall[];
  answer: LiveAnswer;
  /** Has learnt the upstream side of the cassette. */
  table: RequestTable;
  /** Base URL of the recorded upstream. */
  base: TargetBase | undefined;
  /** The command line that runs one check of this exchange alone. */
  reproduce(check: AgainstCheckId): string;
}

type Judge = (played: PlayedExchange) => CheckResult[];

/** Places of one result that are told one by one. */
const SHOWN = 8;

/** What stands for a value that the cassette does not hold. */
const PLACEHOLDER = /\[(?:redacted|elided):/;

export const JUDGES: Readonly<Record<AgainstCheckId, Judge>> = {
  'against.request': judgeRequests,
  'against.status': judgeStatus,
  'against.headers': judgeHeaders,
  'against.stream': (played) => judgeBody(played, 'against.stream'),
  'against.body': (played) => judgeBody(played, 'against.body'),
};

function judgeRequests(played: PlayedExchange): CheckResult[] {
  const check = 'against.request';
  const { exchange, calls, answer } = played;
  const recordings = recordingsOf(exchange, 'upstream');
  const fail = (attempt: number, rule: string, message: string) =>
    failed({ check, leg: 'upstream-request', attempt }, [
      { ...failure(played, check, { message }), rule: `${check}.${rule}` },
    ]);
  // A call that asked for something else stands for one that was not made.
  const others = calls.filter(({ attempt }) => attempt === undefined);
  const more = calls.filter(({ again }) => again);
  const results = recordings.map((recording) => {
    const { attempt = 1 } = recording;
    const call = calls.find((one) => one.attempt === attempt && !one.again) ?? others.shift();
    if (call) return judgeRequest(played, { check, leg: 'upstream-request', attempt }, recording, call);
    const status = answer.status === 0 ? 'did not answer' : `answered ${answer.status}`;
    if (calls.length === 0) return fail(attempt, 'never-called', `the gateway ${status} and never called the upstream`);
    return fail(
      attempt,
      'fewer-calls',
      `the upstream was called ${times(calls.length)}, and recorded are ${recordings.length}`,
    );
  });
  for (const [i, { request }] of [...more, ...others].entries()) {
    const message = `the upstream was called once more than recorded: ${request.method} ${request.target}`;
    results.push(fail(recordings.length + i + 1, 'more-calls', message));
  }
  return results.length > 0 ? results : [passed({ check })];
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function judgeRequest(played: PlayedExchange, subject: Subject, recording: Recording, call: UpstreamCall): CheckResult {
  const check = 'against.request';
  const { table, base } = played;
  const recorded = requestOf(recording)!;
  const routes = { recorded: routeOf(recorded, base), live: routeOf(call.request, base) };
  if (routes.recorded !== routes.live) {
    const message = `the upstream was asked for ${routes.live}, and recorded is ${routes.recorded}`;
    const places = { message, expected: routes.recorded, actual: routes.live };
    return failed(subject, [{ ...failure(played, check, places), rule: `${check}.path` }]);
  }
  const protocol = recording.entry._protocol;
  const { counts } = compareRequests(table.view(recorded, protocol), table.view(call.request, protocol), 'shape');
  return conclude(
    played,
    subject,
    counts.map(({ in: part, pointer, recorded: a, asked: b }) => ({
      message: part === 'query' ? 'the query differs' : `the request differs at ${pointer || 'the whole'}`,
      place: { pointer, a, b },
    })),
  );
}

function judgeStatus(played: PlayedExchange): CheckResult[] {
  const subject: Subject = { check: 'against.status', leg: 'client-response' };
  const { exchange, answer } = played;
  const expected = exchange.client.response.status;
  if (expected === 0) return [notApplicable(subject, NO_ANSWER)];
  if (answer.status === expected) return [passed(subject)];
  if (answer.status === 0) {
    const message = `no answer came: ${answer.broken}`;
    return [failed(subject, [failure(played, 'against.status', { message, expected: String(expected) })])];
  }
  const said = answer.body && isUtf8(answer.body) ? [`  ${fromUtf8(answer.body).slice(0, 300)}`] : [];
  return [
    failed(subject, [
      failure(played, 'against.status', {
        message: `the status is ${answer.status}, and recorded is ${expected}`,
        expected: String(expected),
        actual: String(answer.status),
        diff: [`- ${expected}`, `+ ${answer.status}`, ...said],
      }),
    ]),
  ];
}

const NO_ANSWER = 'no answer was recorded';
const OTHER_STATUS = 'the status is another one';

/** Headers that clients act upon: what a body is, when to try again, and what Codex reads besides (docs/codex-agreement.md). */
const TELLING =
  /^(?:content-type|retry-after|retry-after-ms|openai-model|x-models-etag|x-reasoning-included|x-codex-.*)$/;

function judgeHeaders(played: PlayedExchange): CheckResult[] {
  const subject: Subject = { check: 'against.headers', leg: 'client-response' };
  const { exchange, answer } = played;
  const { status, headers } = exchange.client.response;
  if (status === 0) return [notApplicable(subject, NO_ANSWER)];
  if (answer.status !== status) return [notApplicable(subject, OTHER_STATUS)];
  const [recorded, live] = [tellingHeaders(fromHarHeaders(headers)), tellingHeaders(answer.headers)];
  const differences = [...new Set([...recorded.keys(), ...live.keys()])].flatMap((name) => {
    const [a, b] = [recorded.get(name), live.get(name)];
    if (a === b) return [];
    const pair = showPair(a, b);
    return [{ message: `the header ${name} differs`, place: { pointer: '', a: pair.recorded, b: pair.live } }];
  });
  return [conclude(played, subject, differences)];
}

function tellingHeaders(raw: RawHeaders): Map<string, string> {
  const names = headerPairs(raw).map(([name]) => name.toLowerCase());
  return new Map(
    [...new Set(names)]
      .filter((name) => TELLING.test(name))
      .map((name) => {
        const value = unnumber(headerValue(raw, name) ?? '');
        // Parameters such as `charset` change nothing: JSON and event streams are UTF-8.
        return [name, name === 'content-type' ? value.split(';')[0]!.trim().toLowerCase() : value];
      }),
  );
}

function judgeBody(played: PlayedExchange, check: 'against.stream' | 'against.body'): CheckResult[] {
  const subject: Subject = { check, leg: 'client-response' };
  const { exchange, answer } = played;
  const leg = legOf(exchange, 'client-response');
  const isStream = leg !== undefined && isEventStream(leg);
  const reason = whyNotCompared(played, leg) ?? (check === 'against.stream' && !isStream ? NO_STREAM : undefined);
  if (reason !== undefined || !leg) return [notApplicable(subject, reason ?? NO_ANSWER)];
  const { body, events, answer: amounts } = compareLive(played, leg);
  if (check === 'against.body')
    return [conclude(played, subject, [...(isStream ? [] : wholePlaces(body)), ...answerPlaces(amounts)])];
  const isBroken = answer.broken !== undefined && exchange.outcome === 'complete';
  const ending = isBroken ? [{ message: `the stream broke off: ${answer.broken}`, place: undefined }] : [];
  return [conclude(played, subject, [...ending, ...wholePlaces(body), ...eventPlaces(events)])];
}

const NO_STREAM = 'the answer is no stream';

function whyNotCompared({ exchange, answer }: PlayedExchange, leg: Leg | undefined): string | undefined {
  if (!leg) return NO_ANSWER;
  if (answer.status !== exchange.client.response.status) return OTHER_STATUS;
  if (exchange.outcome === 'client-aborted') return 'the client went away before the answer came to its end';
  if (leg.body && !leg.body.decoded) return 'the cassette does not hold the body';
  return undefined;
}

function isEventStream({ entry }: Leg): boolean {
  return /^text\/event-stream\b/i.test(headerValue(fromHarHeaders(entry.response.headers), 'content-type') ?? '');
}

function compareLive({ exchange, answer, table }: PlayedExchange, recorded: Leg): AnswerDifference {
  const asked = { method: exchange.client.request.method, target: exchange.client.request.url };
  // Both answer the same request.
  const body = legOf(exchange, 'client-request')?.body?.decoded;
  const request = table.view({ ...asked, body }, exchange.protocol);
  const live: Leg = { name: recorded.name, entry: recorded.entry, body: liveBody(answer) };
  return compareAnswers({ leg: recorded, request }, { leg: live, request }, 'shape');
}

function liveBody({ body }: LiveAnswer): Leg['body'] {
  if (body && body.length === 0) return undefined;
  return {
    text: body && isUtf8(body) ? fromUtf8(body) : undefined,
    decoded: body,
    wire: undefined,
    facts: undefined,
    chunks: body ? [{ ms: 0, data: body }] : [],
    redacted: 0,
  };
}

/** What differs, before it is known whether it counts. */
interface Found {
  message: string;
  event?: number;
  /** Absent where no value is compared with another. */
  place: PlaceDifference | undefined;
}

function wholePlaces(places: readonly PlaceDifference[]): Found[] {
  return places.map((place) => ({
    message: KINDS.has(place.b) ? `the body is ${place.b}, and recorded is ${place.a}` : 'the body differs',
    place,
  }));
}

/** What bodies are called that cannot be compared with one another. */
const KINDS = new Set(['an event stream', 'JSON', 'no body', 'other bytes']);

function answerPlaces(places: readonly PlaceDifference[]): Found[] {
  return places.map((place) => ({ message: `the answer differs at ${place.pointer || 'the whole'}`, place }));
}

function eventPlaces(events: readonly EventDifference[]): Found[] {
  return events.flatMap(({ type, a, b, fields }): Found[] => {
    if (a === undefined) return [{ message: `event ${b} (${type}) is one too many`, event: b! - 1, place: undefined }];
    if (b === undefined) return [{ message: `event ${a} (${type}) is missing`, event: a - 1, place: undefined }];
    const where = (pointer: string) => (pointer === '' ? '' : ` at ${pointer}`);
    return fields.map((place) => ({
      message: `event ${b} (${type}) differs${where(place.pointer)}`,
      event: b - 1,
      place,
    }));
  });
}

/** Passed, failed, or unknowable where all that differs was redacted or elided. */
function conclude(played: PlayedExchange, subject: Subject, found: readonly Found[]): CheckResult {
  const known = found.filter(({ place }) => !place || !(PLACEHOLDER.test(place.a) || PLACEHOLDER.test(place.b)));
  if (known.length === 0) {
    const at = found[0]?.place?.pointer;
    return at === undefined
      ? passed(subject)
      : notApplicable(subject, `redaction or elision left another text at ${at || 'the whole'}`);
  }
  const failures = known.slice(0, SHOWN).map(({ message, event, place }) =>
    failure(played, subject.check as AgainstCheckId, {
      message,
      ...(event === undefined ? {} : { event }),
      ...(place ? { pointer: place.pointer, expected: place.a, actual: place.b } : {}),
    }),
  );
  const more = known.length - failures.length;
  if (more > 0) failures.at(-1)!.message += `, and ${more} more`;
  return failed(subject, failures);
}

function failure(
  { reproduce }: PlayedExchange,
  check: AgainstCheckId,
  { message, pointer = '', ...rest }: Partial<Failure> & { message: string },
): Failure {
  return { rule: check, source: checkInfo(check).source, message, pointer, ...rest, reproduce: reproduce(check) };
}

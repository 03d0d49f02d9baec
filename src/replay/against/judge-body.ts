import { type Leg, legOf } from '../../cassette/legs.ts';
import type { CheckResult } from '../../report/results/model.ts';
import { fromUtf8, isUtf8 } from '../../util/bytes.ts';
import { fromHarHeaders, headerValue } from '../../util/headers.ts';
import {
  type AnswerDifference,
  compareAnswers,
  type EventDifference,
  type PlaceDifference,
} from '../answer-difference.ts';
import { requestOf } from '../recording.ts';
import { notApplicable, type Subject } from '../suite/result.ts';
import { conclude, type Found, NO_ANSWER, OTHER_STATUS, type PlayedExchange } from './conclude.ts';
import type { LiveAnswer } from './send.ts';

/** Holds the body of the answer against the recorded one: event by event, or what it amounts to. */
export function judgeBody(played: PlayedExchange, check: 'against.stream' | 'against.body'): CheckResult[] {
  const subject: Subject = { check, leg: 'client-response' };
  const leg = legOf(played.exchange, 'client-response');
  const isStream = leg !== undefined && isEventStream(leg);
  const reason = whyNotCompared(played, leg) ?? (check === 'against.stream' && !isStream ? NO_STREAM : undefined);
  if (reason !== undefined || !leg) return [notApplicable(subject, reason ?? NO_ANSWER)];
  const { body, events, answer: amounts } = compareLive(played, leg);
  if (check === 'against.body')
    return [
      conclude(played, subject, [
        ...(isStream ? [] : [...endPlaces(played, 'answer'), ...wholePlaces(body)]),
        ...answerPlaces(amounts),
      ]),
    ];
  return [conclude(played, subject, [...endPlaces(played, 'stream'), ...wholePlaces(body), ...eventPlaces(events)])];
}

const NO_STREAM = 'the answer is no stream';

function whyNotCompared({ exchange, answer }: PlayedExchange, leg: Leg | undefined): string | undefined {
  if (!leg) return NO_ANSWER;
  if (answer.status !== exchange.client.response.status) return OTHER_STATUS;
  if (exchange.outcome === 'client-aborted') return 'the client went away before the answer came to its end';
  if (leg.body && !leg.body.decoded) return 'the cassette does not hold the body';
  return undefined;
}

function isEventStream({ entry, messages }: Leg): boolean {
  if (messages) return true;
  return /^text\/event-stream\b/i.test(headerValue(fromHarHeaders(entry.response.headers), 'content-type') ?? '');
}

/** Whether the answer, or the connection of its messages, ended as the recorded one did. */
function endPlaces({ exchange: { client, outcome }, answer }: PlayedExchange, what: 'answer' | 'stream'): Found[] {
  const { broken, close, messages } = answer;
  if (broken === undefined) return [];
  if (outcome === 'complete') return [{ message: `the ${what} broke off: ${broken}`, place: undefined }];
  const recorded = client._webSocketClose;
  if (!messages || !recorded || recorded.code === close?.code) return [];
  const place = { pointer: '', a: String(recorded.code), b: String(close?.code ?? '(absent)') };
  return [{ message: `the WebSocket ended in another way: ${broken}`, place }];
}

function compareLive({ exchange, answer, table }: PlayedExchange, recorded: Leg): AnswerDifference {
  const { client, protocol } = exchange;
  const { method, url: target } = client.request;
  // Both answer the same request.
  const asked = requestOf({ exchange, entry: client }) ?? { method, target, body: undefined };
  const request = table.view(asked, protocol);
  const { name, entry } = recorded;
  const messages = recorded.messages && answer.messages;
  const live: Leg = { name, entry, body: liveBody(answer), ...(messages ? { messages } : {}) };
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

import type {
  BodyFields,
  Entry,
  EntryEnd,
  HarHeader,
  InterimResponse,
  Producer,
  WebSocketClose,
  WireFacts,
} from '../cassette/format.ts';
import { eventChunks, type Leg, type RecordedExchange } from '../cassette/legs.ts';
import { createOf } from '../cassette/messages.ts';
import { parseJson } from '../decode/json.ts';
import { weighLoss } from '../protocols/loss-weights.ts';
import { fromUtf8 } from '../util/bytes.ts';
import type { LegName, Loss, LossWeight, Outcome, Protocol } from '../util/types.ts';
import { type AnswerSummary, summariseAnswer, summariseStream } from './answer-summary.ts';
import { bodyFacts } from './body-facts.ts';
import type { EffectiveInput } from './effective-input.ts';
import { formatCount } from './format.ts';
import { compareLegs, type LegDifference } from './leg-difference.ts';
import { type RequestSummary, summariseRequest } from './request-summary.ts';
import { readTimeline, type TimedEvent } from './timeline.ts';

/** One exchange as `show` presents it, and as `show --json` writes it. */
export interface ExchangeView {
  id: string;
  /** Position in the cassette, from 1. */
  number: number;
  protocol: Protocol | null;
  outcome: Outcome;
  /** ISO 8601. */
  started: string;
  durationMs: number;
  attempts: number;
  losses: (Loss & { weight: LossWeight })[];
  /** The WebSocket connection that the exchange took place on. */
  connection?: string;
  /** What a `response.create` asks for with all that it goes on from; filled in by who knows the other exchanges. */
  effectiveInput?: EffectiveInput;
  /** In the order of the wire: client request, then request and response of each attempt, then client response. */
  legs: LegView[];
}

export interface LegView {
  leg: LegName;
  /** Upstream legs only; from 1. */
  attempt?: number;
  producer: Producer;
  request?: { method: string; url: string; httpVersion: string; incomplete: boolean };
  /** `status` 0: no response came. */
  response?: { status: number; statusText: string; httpVersion: string; headMs?: number };
  /** Interim responses before it. */
  informational?: InterimResponse[];
  headers: HarHeader[];
  trailers?: HarHeader[];
  body?: BodyView;
  /** What a request asks for. */
  asks?: RequestSummary;
  /** What a response says. */
  answer?: AnswerSummary;
  /** Events of a streamed response. */
  events?: TimedEvent[];
  /** What a stream left without a blank line: clients never see it. */
  rest?: { start: number; text: string };
  /** How an upstream leg differs from the client's leg of the same kind; responses of the last attempt only. */
  difference?: LegDifference;
  end?: EntryEnd;
  /** How the WebSocket connection ended, where this exchange was its last. */
  closed?: WebSocketClose;
}

export interface BodyView {
  mimeType: string;
  /** One line about coding and sizes. */
  facts: string;
  /** Length of the decoded body; absent when it cannot be decoded. */
  bytes?: number;
  wire?: Omit<WireFacts, 'base64'>;
  redacted: number;
  /** Decoded text; absent when the body is binary or cannot be decoded. */
  text?: string;
}

/** Puts an exchange and its legs together for people. */
export function viewExchange(exchange: RecordedExchange, legs: readonly Leg[], number: number): ExchangeView {
  const ordered = [...legs].sort((a, b) => placeOf(a.name, a.entry._attempt) - placeOf(b.name, b.entry._attempt));
  return {
    id: exchange.id,
    number,
    protocol: exchange.protocol,
    outcome: exchange.outcome,
    started: exchange.client.startedDateTime,
    durationMs: exchange.client.time,
    attempts: exchange.attempts.length,
    ...(exchange.client._connection === undefined ? {} : { connection: exchange.client._connection }),
    losses: [exchange.client, ...exchange.attempts]
      .flatMap((entry) => entry._losses ?? [])
      .map((loss) => ({ ...loss, weight: weighLoss(loss) })),
    legs: [...ordered.map((leg) => viewLeg(leg, ordered)), ...missingResponses(exchange, ordered)].sort(
      (a, b) => placeOf(a.leg, a.attempt) - placeOf(b.leg, b.attempt),
    ),
  };
}

/** Responses that never came have no leg; how they ended is worth a line all the same. */
function missingResponses(exchange: RecordedExchange, legs: readonly Leg[]): LegView[] {
  const answered = new Set(legs.filter(({ name }) => name.endsWith('response')).map(({ entry }) => entry));
  return [exchange.client, ...exchange.attempts]
    .filter((entry) => !answered.has(entry))
    .map((entry) => ({
      leg: entry._side === 'client' ? 'client-response' : 'upstream-response',
      ...attemptOf(entry),
      producer: entry._producer,
      response: { status: 0, statusText: '', httpVersion: '' },
      ...interimOf(entry),
      headers: [],
      ...endOf(entry),
    }));
}

function attemptOf({ _attempt }: Entry): { attempt?: number } {
  return _attempt === undefined ? {} : { attempt: _attempt };
}

function endOf({ _end }: Entry): { end?: EntryEnd } {
  return _end === undefined ? {} : { end: _end };
}

function interimOf({ response }: Entry): { informational?: InterimResponse[] } {
  return response._informational === undefined ? {} : { informational: response._informational };
}

const LAST = Number.MAX_SAFE_INTEGER;

function placeOf(name: LegName, attempt = 1): number {
  if (name === 'client-request') return 0;
  if (name === 'client-response') return LAST;
  return 2 * attempt + (name === 'upstream-response' ? 1 : 0);
}

/** One leg; `all` are the legs of its exchange, to compare it with its counterpart. */
export function viewLeg(leg: Leg, all: readonly Leg[]): LegView {
  const isRequest = leg.name.endsWith('request');
  const { entry } = leg;
  const difference = differenceOf(leg, all);
  return {
    leg: leg.name,
    ...attemptOf(entry),
    producer: entry._producer,
    ...(isRequest ? requestHead(leg) : responseHead(leg)),
    ...(leg.body === undefined ? {} : { body: viewBody(leg, leg.body) }),
    ...(isRequest ? readRequest(leg) : readResponse(leg)),
    ...(difference === undefined ? {} : { difference }),
    ...(isRequest ? {} : endOf(entry)),
    ...(isRequest || entry._webSocketClose === undefined ? {} : { closed: entry._webSocketClose }),
  };
}

function requestHead({ entry }: Leg): Pick<LegView, 'request' | 'headers'> {
  const { method, url, httpVersion, headers } = entry.request;
  return { request: { method, url, httpVersion, incomplete: entry.request._incomplete === true }, headers };
}

function responseHead({ entry }: Leg): Pick<LegView, 'response' | 'informational' | 'headers' | 'trailers'> {
  const { status, statusText, httpVersion, headers, _headMs, _trailers } = entry.response;
  return {
    response: { status, statusText, httpVersion, ...(_headMs === undefined ? {} : { headMs: _headMs }) },
    ...interimOf(entry),
    headers,
    ...(_trailers === undefined ? {} : { trailers: _trailers }),
  };
}

function viewBody(leg: Leg, body: NonNullable<Leg['body']>): BodyView {
  const { base64: _, ...facts } = body.facts ?? ({} as Partial<WireFacts>);
  return {
    mimeType: fieldsOf(leg)?.mimeType ?? '',
    facts: factsOf(leg, body),
    ...(body.decoded === undefined ? {} : { bytes: body.decoded.length }),
    ...(body.facts === undefined ? {} : { wire: facts as Omit<WireFacts, 'base64'> }),
    redacted: body.redacted,
    ...(body.text === undefined ? {} : { text: body.text }),
  };
}

function factsOf(leg: Leg, body: NonNullable<Leg['body']>): string {
  if (!leg.messages) return bodyFacts(body, fieldsOf(leg)?._cut);
  return `${formatCount(leg.messages.length, 'message')}, ${bodyFacts(body, leg.entry._webSocketCut)}`;
}

function fieldsOf({ name, entry }: Leg): BodyFields | undefined {
  return name.endsWith('request') ? entry.request.postData : entry.response.content;
}

function readRequest(leg: Leg): Pick<LegView, 'asks' | 'events'> {
  const { entry, body, messages } = leg;
  const create = messages && createOf(messages);
  const text = create ? fromUtf8(create.data) : body?.text;
  const parsed = text === undefined ? undefined : parseJson(text);
  const asks = parsed?.ok ? summariseRequest(entry._protocol, parsed.value) : undefined;
  // One message is what is asked for; of more than that it matters when each was sent.
  const events = messages && messages.length > 1 ? readTimeline(eventChunks(leg)).events : undefined;
  return { ...(asks === undefined ? {} : { asks }), ...(events === undefined ? {} : { events }) };
}

function readResponse(leg: Leg): Pick<LegView, 'answer' | 'events' | 'rest'> {
  const { entry, body } = leg;
  if (body?.text === undefined) return {};
  if (isEventStream(leg, body.text)) {
    const { events, rest } = readTimeline(eventChunks(leg));
    const answer = summariseStream(
      entry._protocol,
      events.map((event) => event.json),
    );
    return { answer, events, ...(rest === undefined ? {} : { rest }) };
  }
  const parsed = parseJson(body.text);
  return parsed.ok ? { answer: summariseAnswer(entry._protocol, parsed.value) } : {};
}

/** By its type, or by its first line: gateways send streams as `application/json` as well, and Codex reads them. */
function isEventStream(leg: Leg, text: string): boolean {
  if (leg.messages) return true;
  return /^text\/event-stream\b/i.test(fieldsOf(leg)?.mimeType ?? '') || /^\ufeff?(?:event|data|id|retry)?:/.test(text);
}

function differenceOf(leg: Leg, all: readonly Leg[]): LegDifference | undefined {
  const counterpart = (name: LegName): Leg | undefined => all.find((other) => other.name === name);
  if (leg.name === 'upstream-request') {
    const client = counterpart('client-request');
    return client && compareLegs(client, leg);
  }
  if (leg.name !== 'upstream-response') return undefined;
  const client = counterpart('client-response');
  const last = Math.max(...all.map((other) => other.entry._attempt ?? 1));
  return client && (leg.entry._attempt ?? 1) === last ? compareLegs(leg, client) : undefined;
}

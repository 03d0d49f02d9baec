import type { DecodeProblem } from '../decode/types.ts';
import type { Endpoint } from '../route/endpoints.ts';
import type { Protocol, RawHeaders } from '../util/types.ts';
import type { StreamEvent } from './provider/events.ts';
import type { Mint } from './provider/mint.ts';

/** A request as the scripted upstream got it. */
export interface ReceivedRequest {
  /** From 1, over all endpoints. */
  n: number;
  /** From 1, among the requests to this endpoint. */
  nth: number;
  endpoint: Endpoint;
  protocol: Protocol | null;
  method: string;
  /** Request target: path and query. */
  url: string;
  headers: RawHeaders;
  /** The body as it crossed the wire. */
  raw: Uint8Array;
  /** The body after its content codings were undone; undefined when they could not be. */
  decoded: Uint8Array | undefined;
  /** Why it could not be decoded. */
  problem?: DecodeProblem;
  /** The decoded body as JSON; undefined when it is none. */
  json: Record<string, unknown> | undefined;
}

/** What to do with a request. Times are milliseconds. */
export type Answer = EventsAnswer | BodyAnswer | RawAnswer | { kind: 'reset' } | { kind: 'silence' };

/** A stream of events, one write each. */
export interface EventsAnswer {
  kind: 'events';
  events: readonly StreamEvent[];
  headers?: Record<string, string>;
  /** Waits before the head. */
  delayMs?: number;
  /**
   * How the stream ends after its events: as HTTP says (the default; with events missing this is a truncated stream), by a
   * TCP reset, or not at all.
   */
  ending?: 'end' | 'reset' | 'open';
  /** Called before each event; the event is held back until the promise is there. */
  hold?(index: number): Promise<void> | undefined;
}

/** A body that is sent whole. */
export interface BodyAnswer {
  kind: 'body';
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body: object | string;
  delayMs?: number;
}

/** Bytes as they are, one write each. */
export interface RawAnswer {
  kind: 'raw';
  status: number;
  headers: Record<string, string>;
  pieces: readonly Uint8Array[];
  delayMs?: number;
  ending?: 'end' | 'reset' | 'open';
  /** Called before each piece, as for events. */
  hold?(index: number): Promise<void> | undefined;
}

/** When a step answers; what is absent does not matter. */
export interface RequestMatcher {
  endpoint?: Endpoint;
  /** Any request that a model answers, in whatever protocol. */
  turn?: true;
  /** The n-th request to its endpoint, from 1. */
  nth?: number;
  /** Asked with the decoded JSON body, `{}` when it is none. */
  body?(json: Record<string, unknown>): boolean;
}

/** What answers may draw on: ids and times that are the same on every run. */
export interface AnswerContext {
  mint: Mint;
  /** `model` of the request, or a name of our own. */
  model: string;
}

/** One line of a script. */
export interface ScriptStep {
  when?: RequestMatcher;
  answer: Answer | ((request: ReceivedRequest, context: AnswerContext) => Answer);
  /** How many requests it answers before it is used up; 1 when absent. */
  times?: number;
}

/** Gives each request the first step that matches it and is not used up. */
export function createScriptReader(steps: readonly ScriptStep[]): (request: ReceivedRequest) => ScriptStep | undefined {
  const left = steps.map((step) => step.times ?? 1);
  return (request) => {
    const index = steps.findIndex((step, i) => left[i]! > 0 && matches(step.when, request));
    if (index < 0) return undefined;
    left[index]!--;
    return steps[index];
  };
}

const TURNS: ReadonlySet<Endpoint> = new Set(['responses', 'responses.compact', 'chat.completions', 'messages']);

/** Whether a model answers what is asked there. */
export function isTurn({ endpoint }: Pick<ReceivedRequest, 'endpoint'>): boolean {
  return TURNS.has(endpoint);
}

function matches(when: RequestMatcher | undefined, request: ReceivedRequest): boolean {
  if (!when) return true;
  if (when.endpoint !== undefined && when.endpoint !== request.endpoint) return false;
  if (when.turn && !isTurn(request)) return false;
  if (when.nth !== undefined && when.nth !== request.nth) return false;
  return when.body ? when.body(request.json ?? {}) : true;
}

/** The first `count` events of an answer, and then its end. */
export function truncate(answer: Answer, count: number, ending: 'end' | 'reset' = 'end'): Answer {
  if (answer.kind !== 'events') return answer;
  return { ...answer, events: answer.events.slice(0, count), ending };
}

/** Whether the last input item of a Responses request is of that type. */
export function lastInputIs(type: string): (json: Record<string, unknown>) => boolean {
  return (json) => inputItems(json).at(-1)?.type === type;
}

/** The input items of a Responses request; empty when there are none. */
export function inputItems(json: Record<string, unknown>): Record<string, unknown>[] {
  return Array.isArray(json.input) ? json.input : [];
}

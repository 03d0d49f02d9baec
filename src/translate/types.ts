import type { ProtocolProblem } from '../protocols/errors.ts';
import type { JsonObject } from '../protocols/grammar.ts';
import type { Loss, Protocol } from '../util/types.ts';
import type { Dialect } from './dialects.ts';

/** One event of a stream without its framing. */
export interface StreamEvent {
  /** Value of the `event:` line; undefined when there is none, as in Chat Completions. */
  name: string | undefined;
  /** JSON text, or `[DONE]`. */
  data: string;
}

/** What every translation is given, so that the same input gives the same bytes. */
export interface TranslateContext {
  /** What the provider adds to or takes from its protocol. */
  dialect: Dialect;
  /** Unix milliseconds. */
  now(): number;
  /** A new id that begins with `prefix`, e.g. `msg_`; the n-th one is the same in every run of the same exchange. */
  newId(prefix: string): string;
}

/** A tool as the client knows it. */
export interface PlannedTool {
  /** The type that the client gave it: decides the type of the item that calls it. */
  kind: 'function' | 'custom' | 'local_shell' | 'tool_search' | 'web_search' | 'image_generation';
  name: string;
  namespace?: string;
}

/** What the way back needs to know of the request. */
export interface Plan {
  /** The client's request as it came: answers repeat fields of it. */
  request: JsonObject;
  /** The model as the client named it. */
  model: string;
  /** By the name that the provider was told. */
  tools: ReadonlyMap<string, PlannedTool>;
  /** Ids of calls as the provider was told them, to those of the client; only those that differ. */
  callIds: ReadonlyMap<string, string>;
  /** The client wants an event stream. */
  stream: boolean;
  /** Of a composition: the plan of the second hop. */
  inner?: Plan;
  /** The conversation up to the answer, when the answer is to be remembered (`withMemory`). */
  history?: readonly unknown[];
  /** The answer becomes one compaction item (`withCompaction`). */
  compacting?: boolean;
}

export interface RequestTranslation {
  body: JsonObject;
  losses: Loss[];
  plan: Plan;
}

/** A request that the provider's protocol cannot answer rightly: what the client is told instead. */
export interface Refusal {
  problem: ProtocolProblem;
  /** Becomes the `details` of a Messages error. */
  details?: JsonObject;
}

export interface ResponseTranslation {
  body: JsonObject;
  losses: Loss[];
  /** HTTP status of an error that the provider told within a 200 (a Responses answer whose status is `failed`). */
  status?: number;
}

export interface BackContext extends TranslateContext {
  plan: Plan;
}

export interface StreamStep {
  events: StreamEvent[];
  losses: Loss[];
}

/** How a source stream ended: as HTTP says, broken off, or with an error of the connection. */
export type SourceEnd = 'done' | 'truncated' | 'error';

/** Takes the provider's events one by one and gives the client's. Never throws, whatever the events are. */
export interface StreamTranslator {
  push(event: StreamEvent): StreamStep;
  /** The source is over. A truncated one never becomes a completed target. */
  end(how: SourceEnd): StreamStep;
}

/** A client's protocol carried to a provider's, there and back. */
export interface Hop {
  client: Protocol;
  upstream: Protocol;
  /** The client's request in the provider's protocol. */
  request(body: JsonObject, context: TranslateContext): RequestTranslation | Refusal;
  /** The provider's whole answer in the client's protocol. */
  response(body: JsonObject, context: BackContext): ResponseTranslation;
  /** The provider's stream in the client's protocol. */
  stream(context: BackContext): StreamTranslator;
}

import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';

/** The texts of an output item that grow by deltas. */
export type Channel = 'text' | 'refusal' | 'summary' | 'reasoning' | 'arguments' | 'input';

/** An output item as a Responses provider tells it. */
export interface SourceItem {
  type: string;
  /** As it was added; when it is closed, as it was done. */
  item: JsonObject;
  /** JSON pointer in the response. */
  path: string;
}

/** How a Responses provider's answer ended. */
export type SourceEnding =
  | { how: 'completed'; response: JsonObject }
  /** `reason` as the provider says it, e.g. `max_output_tokens`. */
  | { how: 'incomplete'; response: JsonObject; reason: string }
  | { how: 'failed'; response: JsonObject; failure: SourceFailure };

export interface SourceFailure {
  code: string;
  message: string;
  param?: string;
}

/** One text that grows: what was told so far, and how much of it was given on. */
export interface Told {
  channel: Channel;
  part: number;
  text: string;
  given: number;
  /** Of what was not given on yet. */
  logprobs: unknown[];
}

/** Event types that say more of a channel: its name, and the index that tells its part. */
interface ChannelEvent {
  channel: Channel;
  index?: 'content_index' | 'summary_index';
  /** Field of the `done` event. */
  field: string;
}

const CHANNEL_EVENTS: Readonly<Record<string, ChannelEvent>> = {
  'response.output_text': { channel: 'text', index: 'content_index', field: 'text' },
  'response.refusal': { channel: 'refusal', index: 'content_index', field: 'refusal' },
  'response.reasoning_summary_text': { channel: 'summary', index: 'summary_index', field: 'text' },
  'response.reasoning_text': { channel: 'reasoning', index: 'content_index', field: 'text' },
  'response.function_call_arguments': { channel: 'arguments', field: 'arguments' },
  'response.custom_tool_call_input': { channel: 'input', field: 'input' },
};

/** By event type. */
export const DELTA_EVENTS: ReadonlyMap<string, ChannelEvent> = withSuffix('.delta');
export const DONE_EVENTS: ReadonlyMap<string, ChannelEvent> = withSuffix('.done');

function withSuffix(suffix: string): Map<string, ChannelEvent> {
  return new Map(Object.entries(CHANNEL_EVENTS).map(([type, event]) => [type + suffix, event]));
}

/** The type of item that a channel belongs to, for deltas of an item that was never added. */
export const TYPE_OF_CHANNEL: Readonly<Record<Channel, string>> = {
  text: 'message',
  refusal: 'message',
  summary: 'reasoning',
  reasoning: 'reasoning',
  arguments: 'function_call',
  input: 'custom_tool_call',
};

/** Events that say nothing which the items themselves do not say. */
export const SILENT_EVENTS: ReadonlySet<string> = new Set([
  'keepalive',
  'ping',
  'response.in_progress',
  'response.queued',
  'response.content_part.added',
  'response.content_part.done',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_part.done',
  'response.output_text.annotation.done',
  ...hostedEvents('web_search_call', ['in_progress', 'searching', 'completed']),
  ...hostedEvents('file_search_call', ['in_progress', 'searching', 'completed']),
  ...hostedEvents('code_interpreter_call', ['in_progress', 'interpreting', 'completed']),
  ...hostedEvents('image_generation_call', ['in_progress', 'generating', 'completed']),
  ...hostedEvents('mcp_call', ['in_progress', 'completed', 'failed']),
  ...hostedEvents('mcp_list_tools', ['in_progress', 'completed', 'failed']),
  'response.code_interpreter_call_code.delta',
  'response.code_interpreter_call_code.done',
  'response.mcp_call_arguments.delta',
  'response.mcp_call_arguments.done',
]);

function hostedEvents(item: string, states: readonly string[]): string[] {
  return states.map((state) => `response.${item}.${state}`);
}

/** A text that a finished item has. */
interface FinalText {
  channel: Channel;
  part: number;
  text: string;
  logprobs: unknown[];
}

const FINAL_TEXTS: Readonly<Record<string, (item: JsonObject) => (FinalText | undefined)[]>> = {
  message: (item) =>
    asArray(item.content).map((value, part) => {
      const { type, ...fields } = asObject(value) ?? {};
      if (type === 'refusal') return finalText('refusal', part, fields.refusal);
      // Some servers name the part as an input, or as Chat does.
      return finalText('text', part, fields.text, asArray(fields.logprobs));
    }),
  reasoning: (item) => [
    ...asArray(item.summary).map((value, part) => finalText('summary', part, asObject(value)?.text)),
    ...asArray(item.content).map((value, part) => finalText('reasoning', part, asObject(value)?.text)),
  ],
  function_call: (item) => [finalText('arguments', 0, item.arguments)],
  custom_tool_call: (item) => [finalText('input', 0, item.input)],
};

function finalText(channel: Channel, part: number, text: unknown, logprobs: unknown[] = []): FinalText | undefined {
  return typeof text === 'string' ? { channel, part, text, logprobs } : undefined;
}

/** The texts of a finished item, in order. */
export function finalTexts(item: JsonObject): FinalText[] {
  const type = asString(item.type) ?? '';
  const texts = Object.hasOwn(FINAL_TEXTS, type) ? FINAL_TEXTS[type]!(item) : [];
  return texts.filter((text) => text !== undefined);
}

/** Annotations of a finished message's parts, in order. */
export function finalAnnotations(item: JsonObject): { part: number; annotation: JsonObject }[] {
  if (item.type !== 'message') return [];
  return asArray(item.content).flatMap((value, part) =>
    asArray(asObject(value)?.annotations).flatMap((entry) => {
      const annotation = asObject(entry);
      return annotation ? [{ part, annotation }] : [];
    }),
  );
}

/**
 * What an answer says of its own failure: `response.error`, an `error` event in either of its shapes, or the bare
 * `{"error":…}` that servers put into a stream that has begun (llama-server 0.5.0-dev).
 */
export function readFailure(value: unknown): SourceFailure {
  if (typeof value === 'string') return { code: 'server_error', message: value };
  const error = asObject(value) ?? {};
  const code = asString(error.code) ?? asString(error.type) ?? 'server_error';
  const message = asString(error.message) ?? 'The provider failed and did not say why.';
  return { code, message, ...(typeof error.param === 'string' && { param: error.param }) };
}

/** How a whole response stands: one that is neither completed nor incomplete has failed, as far as its client goes. */
export function endingOf(response: JsonObject): SourceEnding {
  const status = asString(response.status) ?? (Array.isArray(response.output) ? 'completed' : 'failed');
  const failed = (failure: SourceFailure): SourceEnding => ({ how: 'failed', response, failure });
  if (response.error !== undefined && response.error !== null) return failed(readFailure(response.error));
  if (status === 'completed') return { how: 'completed', response };
  if (status === 'incomplete') {
    return {
      how: 'incomplete',
      response,
      reason: asString(asObject(response.incomplete_details)?.reason) ?? 'unknown',
    };
  }
  if (status === 'failed') return failed(readFailure(undefined));
  return failed({ code: 'server_error', message: `The provider's response is ${status}, not finished.` });
}

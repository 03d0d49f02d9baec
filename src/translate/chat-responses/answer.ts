import { asArray, asNumber, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { tellCallFields } from '../shared/call-fields.ts';
import { createLosses, type Losses } from '../shared/losses.ts';
import { tellOtherFields } from '../shared/response-fields.ts';
import type { ResponsesSink } from '../shared/responses-reader.ts';
import type { Channel, SourceEnding, SourceFailure, SourceItem } from '../shared/source-items.ts';
import { StopCutter } from '../shared/stop-cutter.ts';
import type { BackContext } from '../types.ts';
import { toChatUsage } from './usage.ts';

export const ANSWER_HOP = 'responses->chat';

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call';

/** A tool call as it begins. */
export interface ChatCall {
  index: number;
  id: string;
  kind: 'function' | 'custom';
  name: string;
}

/** Where the answer goes: into chunks, or into one completion. */
export interface ChatOutput {
  begin(head: JsonObject): void;
  content(delta: string, logprobs: readonly JsonObject[]): void;
  refusal(delta: string): void;
  reasoning(delta: string): void;
  call(call: ChatCall): void;
  callText(call: ChatCall, delta: string): void;
  /** The one call of a client of the old kind. */
  functionCall(name: string | undefined, delta: string): void;
  annotations(list: readonly JsonObject[]): void;
  finish(reason: FinishReason, usage: JsonObject | undefined, tier: string | undefined): void;
  fail(failure: SourceFailure): void;
}

/** Tells a Responses answer as Chat's single choice. */
export class ChatAnswer implements ResponsesSink {
  readonly losses: Losses = createLosses(ANSWER_HOP);
  readonly #out: ChatOutput;
  readonly #context: BackContext;
  readonly #legacy: boolean;
  readonly #wantsUsage: boolean;
  readonly #stop: StopCutter;
  readonly #calls = new Map<SourceItem, ChatCall>();
  readonly #annotations: JsonObject[] = [];
  /** Length of the content where each part of each message begins: annotations count from there. */
  readonly #starts = new Map<SourceItem, Map<number, number>>();
  #length = 0;
  #messages = 0;
  #said = false;
  /** The reasoning part that spoke last. */
  #thought: { item: SourceItem; channel: Channel; part: number } | undefined;

  constructor(out: ChatOutput, context: BackContext) {
    this.#out = out;
    this.#context = context;
    const { functions, tools, stop, stream_options: options } = context.plan.request;
    this.#legacy = Array.isArray(functions) && !Array.isArray(tools);
    this.#wantsUsage = !context.plan.stream || asObject(options)?.include_usage === true;
    this.#stop = new StopCutter(typeof stop === 'string' ? [stop] : asArray(stop).flatMap((s) => asString(s) ?? []));
  }

  begin(response: JsonObject): void {
    const { plan, now, newId } = this.#context;
    this.#out.begin({
      id: newId('chatcmpl-'),
      created: asNumber(response.created_at) ?? Math.floor(now() / 1000),
      model: plan.model || (asString(response.model) ?? ''),
    });
  }

  open(item: SourceItem): void {
    if (this.#cut) return;
    if (Object.hasOwn(this.#openers, item.type)) this.#openers[item.type]!(item);
    else this.losses.add(item.path, 'item', `Chat Completions has no ${item.type || 'item without a type'}`);
  }

  delta(item: SourceItem, channel: Channel, part: number, delta: string, logprobs: readonly unknown[]): void {
    if (this.#cut) return;
    if (channel === 'text') this.#text(item, part, delta, logprobs);
    else if (channel === 'refusal') {
      this.#said = true;
      this.#out.refusal(delta);
    } else if (channel === 'arguments' || channel === 'input') this.#callText(item, delta);
    else this.#reason(item, channel, part, delta);
  }

  annotation(item: SourceItem, part: number, annotation: JsonObject): void {
    if (annotation.type !== 'url_citation') {
      this.losses.add(item.path, 'field', `Chat Completions has no annotation of type ${asString(annotation.type)}`);
      return;
    }
    const start = this.#starts.get(item)?.get(part) ?? this.#length;
    const { type, start_index: from, end_index: to, ...source } = annotation;
    const shifted = { start_index: (asNumber(from) ?? 0) + start, end_index: (asNumber(to) ?? 0) + start };
    this.#annotations.push({ type, url_citation: { ...shifted, ...source } });
  }

  close({ item, type, path }: SourceItem): void {
    if (type === 'reasoning' && asString(item.encrypted_content)) {
      this.losses.add(`${path}/encrypted_content`, 'field', 'a Chat client does not send encrypted thoughts back');
    }
    if (type === 'message' && item.phase != null) {
      this.losses.add(`${path}/phase`, 'field', 'a Chat message has no phase');
    }
  }

  end(ending: SourceEnding): void {
    tellOtherFields(ending.response, this.losses);
    if (ending.how === 'failed') {
      this.#out.fail(ending.failure);
      return;
    }
    const rest = this.#stop.flush();
    if (rest !== '') this.#out.content(rest, []);
    if (this.#annotations.length > 0) this.#out.annotations(this.#annotations);
    // An answer that says nothing is an empty text, which programs read without looking for null.
    if (!this.#said && this.#calls.size === 0) this.#out.content('', []);
    const usage = toChatUsage(ending.response.usage);
    if (!usage && this.#wantsUsage) this.losses.add('/usage', 'field', 'the provider counted no tokens');
    this.#out.finish(this.#finishReason(ending), usage, this.#tier(ending.response.service_tier));
  }

  /** Nothing of what stands behind a stop sequence is the client's. */
  get #cut(): boolean {
    return this.#stop.stop !== undefined;
  }

  readonly #openers: Readonly<Record<string, (item: SourceItem) => void>> = {
    message: ({ path }) => {
      this.#messages += 1;
      if (this.#messages > 1)
        this.losses.add(path, 'item', 'Chat has one message: the texts of several follow each other');
      if (this.#calls.size > 0)
        this.losses.add(path, 'item', 'Chat tells no order between calls and the text behind them');
    },
    reasoning: () => {},
    function_call: (item) => this.#openCall(item, 'function'),
    custom_tool_call: (item) => this.#openCall(item, 'custom'),
  };

  #openCall(source: SourceItem, kind: ChatCall['kind']): void {
    const { item, path } = source;
    const { plan, newId } = this.#context;
    const told = item.name as string;
    const id = asString(item.call_id) || asString(item.id) || newId('call_');
    const call: ChatCall = {
      index: this.#calls.size,
      id: plan.callIds.get(id) ?? id,
      kind,
      name: plan.tools.get(told)?.name ?? told,
    };
    this.#calls.set(source, call);
    tellCallFields(source, 'Chat', this.losses);
    if (!this.#legacy) this.#out.call(call);
    else if (call.index === 0) this.#out.functionCall(call.name, '');
    else this.losses.add(path, 'item', 'a client that uses `functions` reads one call');
  }

  #callText(item: SourceItem, delta: string): void {
    const call = this.#calls.get(item)!;
    if (!this.#legacy) this.#out.callText(call, delta);
    else if (call.index === 0) this.#out.functionCall(undefined, delta);
  }

  #text(item: SourceItem, part: number, delta: string, logprobs: readonly unknown[]): void {
    let starts = this.#starts.get(item);
    if (!starts) {
      starts = new Map();
      this.#starts.set(item, starts);
    }
    if (!starts.has(part)) starts.set(part, this.#length);
    this.#length += delta.length;
    this.#said = true;
    const text = this.#stop.push(delta);
    if (text !== '' || (logprobs.length > 0 && !this.#cut)) this.#out.content(text, logprobs.map(toChatLogprob));
  }

  /** Parts of thoughts are paragraphs of their own. */
  #reason(item: SourceItem, channel: Channel, part: number, delta: string): void {
    const last = this.#thought;
    const same = last?.item === item && last.channel === channel && last.part === part;
    this.#thought = { item, channel, part };
    this.#out.reasoning(last && !same ? `\n\n${delta}` : delta);
  }

  #finishReason(ending: SourceEnding): FinishReason {
    if (this.#cut) return 'stop';
    if (ending.how === 'incomplete') {
      if (ending.reason === 'content_filter') return 'content_filter';
      if (ending.reason !== 'max_output_tokens') {
        this.losses.add(
          '/incomplete_details/reason',
          'value',
          `Chat has no word for ${ending.reason}; \`length\` says that the answer is cut`,
        );
      }
      return 'length';
    }
    if (this.#calls.size === 0) return 'stop';
    return this.#legacy ? 'function_call' : 'tool_calls';
  }

  #tier(tier: unknown): string | undefined {
    if (typeof tier !== 'string' || CHAT_TIERS.has(tier)) return asString(tier);
    this.losses.add('/service_tier', 'value', `Chat has no service tier ${tier}`);
    return undefined;
  }
}

const CHAT_TIERS: ReadonlySet<string> = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast']);

/** Deltas of Responses leave the bytes out, which Chat requires. */
function toChatLogprob(value: unknown): JsonObject {
  const { token, logprob, bytes, top_logprobs: top } = asObject(value) ?? {};
  const said = {
    token: asString(token) ?? '',
    logprob: asNumber(logprob) ?? 0,
    bytes: Array.isArray(bytes) ? bytes : null,
  };
  return { ...said, top_logprobs: asArray(top).map((entry) => withoutTop(toChatLogprob(entry))) };
}

function withoutTop({ top_logprobs: _, ...logprob }: JsonObject): JsonObject {
  return logprob;
}

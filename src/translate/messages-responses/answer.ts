import { asArray, asNumber, asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { tellCallFields } from '../shared/call-fields.ts';
import { createLosses, type Losses } from '../shared/losses.ts';
import { tellOtherFields } from '../shared/response-fields.ts';
import type { ResponsesSink } from '../shared/responses-reader.ts';
import type { Channel, SourceEnding, SourceFailure, SourceItem } from '../shared/source-items.ts';
import { StopCutter } from '../shared/stop-cutter.ts';
import type { BackContext } from '../types.ts';
import { PART_SEPARATOR, type SealedReasoning, sealReasoning } from './seal.ts';
import { searchBlocks, searchUse } from './searches.ts';
import { toMessagesUsage } from './usage.ts';

export const ANSWER_HOP = 'responses->messages';

export interface MessageEnd {
  stop_reason: string;
  stop_sequence: string | null;
}

/** Where the answer goes: into events, or into one message. One block is open at a time. */
export interface MessageOutput {
  begin(head: { id: string; model: string }): void;
  start(block: JsonObject): void;
  text(delta: string): void;
  thinking(delta: string): void;
  signature(signature: string): void;
  json(delta: string): void;
  citation(citation: JsonObject): void;
  stop(): void;
  finish(end: MessageEnd, usage: JsonObject): void;
  fail(failure: SourceFailure): void;
}

/** The block that is open. */
interface OpenBlock {
  item: SourceItem;
  kind: 'text' | 'thinking' | 'tool';
  part: number;
  /** Of a text block, for what its citations cite. */
  text: string;
  /** Of thoughts, for their seal. */
  lengths: Pick<SealedReasoning, 'summary' | 'content'>;
}

/** Tells a Responses answer as the blocks of a Messages answer. */
export class MessageAnswer implements ResponsesSink {
  readonly losses: Losses = createLosses(ANSWER_HOP);
  readonly #out: MessageOutput;
  readonly #context: BackContext;
  readonly #stop: StopCutter;
  #block: OpenBlock | undefined;
  /** Reasoning items whose block is closed. */
  readonly #sealed = new Set<SourceItem>();
  #calls = 0;
  #searches = 0;
  #refused = false;

  constructor(out: MessageOutput, context: BackContext) {
    this.#out = out;
    this.#context = context;
    const sequences = asArray(context.plan.request.stop_sequences);
    this.#stop = new StopCutter(sequences.flatMap((sequence) => asString(sequence) ?? []));
  }

  begin(response: JsonObject): void {
    const { plan, newId } = this.#context;
    this.#out.begin({ id: newId('msg_'), model: plan.model || (asString(response.model) ?? '') });
  }

  open(source: SourceItem): void {
    if (this.#cut) return;
    if (source.type === 'function_call' || source.type === 'custom_tool_call') this.#openCall(source);
    else if (!QUIET.has(source.type)) {
      this.losses.add(source.path, 'item', `Messages has no ${source.type || 'item without a type'}`);
    }
  }

  delta(item: SourceItem, channel: Channel, part: number, delta: string, logprobs: readonly unknown[]): void {
    if (this.#cut) return;
    if (logprobs.length > 0) {
      this.losses.add(`${item.path}/content/${part}/logprobs`, 'field', 'Messages tells no probabilities');
    }
    if (channel === 'text' || channel === 'refusal') {
      this.#refused ||= channel === 'refusal';
      this.#text(item, part, delta);
    } else if (channel === 'summary' || channel === 'reasoning') this.#think(item, channel, part, delta);
    else if (this.#block?.item !== item) this.losses.add(item.path, 'event', 'arguments behind their own end');
    else if (channel === 'arguments') this.#out.json(delta);
    else this.#out.json(JSON.stringify(delta).slice(1, -1));
  }

  annotation(item: SourceItem, part: number, annotation: JsonObject): void {
    const block = this.#block;
    if (annotation.type !== 'url_citation' || block?.item !== item || block.part !== part) {
      this.losses.add(item.path, 'field', `no place for the annotation of type ${asString(annotation.type)}`);
      return;
    }
    const { url, title, start_index: from, end_index: to } = annotation;
    // OpenAI says where the citing text stands, and nothing of the cited one.
    this.#out.citation({
      type: 'web_search_result_location',
      url: asString(url) ?? '',
      title: asString(title) ?? null,
      cited_text: block.text.slice(asNumber(from) ?? 0, asNumber(to) ?? 0),
      encrypted_index: '',
    });
  }

  close(source: SourceItem): void {
    if (this.#cut) return;
    const { item, type, path } = source;
    if (type === 'reasoning') this.#closeReasoning(source);
    else if (type === 'web_search_call') this.#tellSearch(source);
    else if (this.#block?.item === source) this.#closeBlock();
    if (type === 'message' && item.phase != null) {
      this.losses.add(`${path}/phase`, 'field', 'a Messages answer has no phases');
    }
  }

  end(ending: SourceEnding): void {
    tellOtherFields(ending.response, this.losses);
    if (ending.how === 'failed') {
      this.#tellFailure(ending.failure);
      this.#out.fail(ending.failure);
      return;
    }
    this.#closeBlock();
    const { usage, service_tier: tier } = ending.response;
    if (!asObject(usage)) this.losses.add('/usage', 'field', 'the provider counted no tokens: 0 stands for them');
    if (typeof tier === 'string' && tier !== 'default') {
      this.losses.add('/service_tier', 'field', 'Messages has service tiers of its own');
    }
    const end = { stop_reason: this.#stopReason(ending), stop_sequence: this.#stop.stop ?? null };
    this.#out.finish(end, toMessagesUsage(usage, this.#searches));
  }

  #tellFailure({ code, param }: SourceFailure): void {
    if (!TOLD_BY_TYPE.has(code)) {
      const reason = `a Messages error has a type, and no code such as ${JSON.stringify(code)}`;
      this.losses.add('/error/code', 'value', reason);
    }
    if (param !== undefined) this.losses.add('/error/param', 'field', 'a Messages error names no parameter');
  }

  /** Nothing of what stands behind a stop sequence is the client's. */
  get #cut(): boolean {
    return this.#stop.stop !== undefined;
  }

  #openCall(source: SourceItem): void {
    const { item } = source;
    const { plan, newId } = this.#context;
    this.#closeBlock();
    this.#calls += 1;
    const told = item.name as string;
    const id = asString(item.call_id) || asString(item.id) || newId('toolu_');
    const name = plan.tools.get(told)?.name ?? told;
    tellCallFields(source, 'Messages', this.losses);
    this.#openBlock(source, 'tool', 0, { type: 'tool_use', id: plan.callIds.get(id) ?? id, name, input: {} });
    // The raw input of a custom tool is the one field of an object.
    if (item.type === 'custom_tool_call') this.#out.json('{"input":"');
  }

  #text(item: SourceItem, part: number, delta: string): void {
    const block = this.#block;
    if (block?.item !== item || block.part !== part) {
      this.#closeBlock();
      this.#openBlock(item, 'text', part, { type: 'text', text: '' });
    }
    this.#block!.text += delta;
    const text = this.#stop.push(delta);
    if (text !== '') this.#out.text(text);
  }

  #think(item: SourceItem, channel: 'summary' | 'reasoning', part: number, delta: string): void {
    if (this.#block?.item !== item) {
      this.#closeBlock();
      this.#openBlock(item, 'thinking', -1, { type: 'thinking', thinking: '', signature: '' });
    }
    const block = this.#block!;
    const lengths = block.lengths[channel === 'summary' ? 'summary' : 'content'];
    const place = channel === 'summary' ? part : part + THOUGHT_PARTS;
    if (block.part !== place) {
      if (block.part >= 0) this.#out.thinking(PART_SEPARATOR);
      block.part = place;
      lengths.push(0);
    }
    lengths[lengths.length - 1] = lengths.at(-1)! + delta.length;
    this.#out.thinking(delta);
  }

  #closeReasoning(source: SourceItem): void {
    const encrypted = asString(source.item.encrypted_content);
    if (this.#block?.item === source) this.#closeBlock(encrypted);
    else if (encrypted === undefined || encrypted === '') return;
    else if (this.#sealed.has(source)) {
      this.losses.add(`${source.path}/encrypted_content`, 'field', 'it came when its block was closed already');
    } else {
      this.#closeBlock();
      const seal = { id: this.#idOf(source), encrypted, summary: [], content: [] };
      this.#out.start({ type: 'redacted_thinking', data: sealReasoning(seal) });
      this.#out.stop();
    }
  }

  #tellSearch({ item, path }: SourceItem): void {
    const search = searchBlocks(item, this.#context.newId);
    if (!search) {
      this.losses.add(path, 'item', 'Messages tells of searches alone');
      return;
    }
    const { queries } = asObject(item.action) ?? {};
    if (asArray(queries).some((query) => query !== search.input.query)) {
      this.losses.add(`${path}/action/queries`, 'field', 'Messages tells one query of a search');
    }
    this.#closeBlock();
    this.#searches += 1;
    this.#out.start(searchUse(search.id));
    this.#out.json(JSON.stringify(search.input));
    this.#out.stop();
    this.#out.start(search.result);
    this.#out.stop();
  }

  #openBlock(item: SourceItem, kind: OpenBlock['kind'], part: number, block: JsonObject): void {
    this.#block = { item, kind, part, text: '', lengths: { summary: [], content: [] } };
    this.#out.start(block);
  }

  /** Responses requires an id of what comes back. */
  #idOf({ item }: SourceItem): string {
    return asString(item.id) || this.#context.newId('rs_');
  }

  /** @param encrypted of the thinking block that is closed */
  #closeBlock(encrypted?: string): void {
    const block = this.#block;
    if (!block) return;
    this.#block = undefined;
    if (block.kind === 'thinking') {
      this.#sealed.add(block.item);
      const id = this.#idOf(block.item);
      this.#out.signature(sealReasoning({ id, ...block.lengths, ...(encrypted && { encrypted }) }));
    } else if (block.kind === 'text') {
      const rest = this.#stop.flush();
      if (rest !== '') this.#out.text(rest);
    } else this.#closeCall(block);
    this.#out.stop();
  }

  #closeCall({ item }: OpenBlock): void {
    if (item.type === 'custom_tool_call') {
      this.#out.json('"}');
      return;
    }
    const args = asString(item.item.arguments);
    if (args !== undefined && args !== '' && !asObject(parseData(args))) {
      this.losses.add(
        `${item.path}/arguments`,
        'value',
        'the arguments are no JSON object, which the input of a tool is',
      );
    }
  }

  #stopReason(ending: SourceEnding): string {
    if (this.#cut) return 'stop_sequence';
    if (ending.how === 'incomplete') {
      if (ending.reason === 'content_filter') return 'refusal';
      if (ending.reason !== 'max_output_tokens') {
        const reason = `Messages has no word for ${ending.reason}; \`max_tokens\` says that the answer is cut`;
        this.losses.add('/incomplete_details/reason', 'value', reason);
      }
      return 'max_tokens';
    }
    if (this.#calls > 0) return 'tool_use';
    return this.#refused ? 'refusal' : 'end_turn';
  }
}

/** Codes of errors for which Messages has a type. */
const TOLD_BY_TYPE: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'rate_limit_exceeded',
  'server_error',
  'server_is_overloaded',
]);

/** Items that speak by their texts, or when they are done. */
const QUIET: ReadonlySet<string> = new Set(['message', 'reasoning', 'web_search_call']);

/** Tells the parts of the content of thoughts from those of their summary. */
const THOUGHT_PARTS = 1_000_000;

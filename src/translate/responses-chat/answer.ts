import { asArray, asNumber, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { callIdOf } from '../shared/call-book.ts';
import type { Losses } from '../shared/losses.ts';
import { sealOpaque } from '../shared/opaque.ts';
import type { ItemWriter } from '../shared/responses-items.ts';
import type { ResponsesWriter } from '../shared/responses-writer.ts';
import type { BackContext } from '../types.ts';
import { CallList } from './call-list.ts';
import { joinDetails } from './details.ts';
import type { Ending } from './ends.ts';
import { writeUsage } from './usage.ts';

/**
 * The answer of a provider while it comes in, by deltas or in one piece: what both ways to read it write to.
 * Thoughts become the summary of a reasoning item, which Codex shows and sends back.
 */
export class Answer {
  readonly writer: ResponsesWriter;
  readonly calls: CallList;
  readonly #context: BackContext;
  readonly #losses: Losses;
  #message: ItemWriter | undefined;
  #reasoning: ItemWriter | undefined;
  #details: JsonObject[] = [];
  /** Ids of calls that the client knows already. */
  #callIds: Set<string> | undefined;
  #spoke = false;

  constructor(context: BackContext, losses: Losses, writer: ResponsesWriter) {
    this.#context = context;
    this.#losses = losses;
    this.writer = writer;
    this.calls = new CallList({
      writer: this.writer,
      tools: context.plan.tools,
      losses,
      beforeCall: () => this.#closeTexts(),
      callId: (id) => this.#clientCallId(id),
    });
  }

  /** Whether the provider has said anything. */
  get spoke(): boolean {
    return this.#spoke;
  }

  text(delta: string, logprobs?: readonly JsonObject[]): void {
    if (delta !== '') this.#openMessage().text(delta, logprobs);
  }

  refusal(delta: string): void {
    if (delta !== '') this.#openMessage().refusal(delta);
  }

  annotations(values: readonly unknown[]): void {
    for (const value of values) {
      const citation = asObject(asObject(value)?.url_citation);
      if (typeof citation?.url === 'string') this.#openMessage().annotation(toAnnotation(citation));
      else this.#losses.add('/choices/0/message/annotations', 'part', 'Responses knows no such annotation');
    }
  }

  thoughts(delta: string): void {
    if (delta !== '') this.#openReasoning().summary(delta);
  }

  /** What only the provider can read of its thoughts; it stands in the reasoning item until the next turn. */
  details(values: readonly unknown[]): void {
    if (values.length === 0) return;
    this.#openReasoning();
    joinDetails(this.#details, values);
  }

  call(entry: unknown): void {
    this.#spoke = true;
    this.calls.push(entry);
  }

  /** Ends the response. */
  finish(ending: Ending, usage: unknown): void {
    if (ending.how === 'completed') {
      this.#closeTexts();
      this.calls.closeAll();
    }
    const counted = writeUsage(usage, this.#losses);
    this.writer.finish(counted ? { ...ending, usage: counted } : ending);
  }

  #openMessage(): ItemWriter {
    if (this.#message) return this.#message;
    this.#spoke = true;
    this.#closeReasoning();
    this.calls.closeWhole();
    this.#message = this.writer.open({ type: 'message' });
    return this.#message;
  }

  #openReasoning(): ItemWriter {
    if (this.#reasoning) return this.#reasoning;
    this.#spoke = true;
    this.#closeMessage();
    this.calls.closeWhole();
    this.#reasoning = this.writer.open({ type: 'reasoning' });
    return this.#reasoning;
  }

  #closeTexts(): void {
    this.#closeReasoning();
    this.#closeMessage();
    this.calls.closeWhole();
  }

  #closeMessage(): void {
    this.#message?.close();
    this.#message = undefined;
  }

  #closeReasoning(): void {
    if (!this.#reasoning) return;
    if (this.#details.length > 0) this.#reasoning.encrypted(sealOpaque({ protocol: 'chat', blocks: this.#details }));
    this.#details = [];
    this.#reasoning.close();
    this.#reasoning = undefined;
  }

  /** Providers that count their calls from zero in each answer give ids that this conversation has had. */
  #clientCallId(providerId: string): string {
    const { plan, newId } = this.#context;
    this.#callIds ??= new Set(asArray(plan.request.input).map((item) => callIdOf(asObject(item) ?? {})));
    const fresh = providerId !== '' && !this.#callIds.has(providerId) && !plan.callIds.has(providerId);
    const id = fresh ? providerId : newId('call_');
    this.#callIds.add(id);
    return id;
  }
}

function toAnnotation({ url, title, start_index, end_index }: JsonObject): JsonObject {
  return {
    type: 'url_citation',
    url,
    title: asString(title) ?? '',
    start_index: asNumber(start_index) ?? 0,
    end_index: asNumber(end_index) ?? 0,
  };
}

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
import { createThinkTags, type ThinkTags } from './think-tags.ts';
import { writeUsage } from './usage.ts';

/**
 * The answer of a provider while it comes in, by deltas or in one piece: what both ways to read it write to.
 * Thoughts become the summary of a reasoning item, which Codex shows and sends back.
 */
export class Answer {
  readonly writer: ResponsesWriter;
  /** From the first call on. */
  #calls: CallList | undefined;
  readonly #context: BackContext;
  readonly #losses: Losses;
  #message: ItemWriter | undefined;
  #reasoning: ItemWriter | undefined;
  #details: JsonObject[] = [];
  /** Ids of calls that the client knows already. */
  #callIds: Set<string> | undefined;
  #spoke = false;
  /** Of a dialect whose thoughts stand in the content. */
  readonly #tags: ThinkTags | undefined;

  constructor(context: BackContext, losses: Losses, writer: ResponsesWriter) {
    this.#context = context;
    this.#losses = losses;
    this.writer = writer;
    if (context.dialect.reasoning?.field === 'content') {
      this.#tags = createThinkTags({
        thoughts: (delta) => this.thoughts(delta),
        text: (delta) => this.#tellText(delta),
      });
    }
  }

  /** Whether the provider has said anything. */
  get spoke(): boolean {
    return this.#spoke;
  }

  text(delta: string, logprobs: readonly JsonObject[] = []): void {
    if (!this.#tags || this.#tags.done) this.#tellText(delta, logprobs);
    else {
      this.#tags.push(delta);
      if (logprobs.length > 0) {
        this.#losses.add(
          '/choices/0/logprobs/content',
          'field',
          'where thoughts are cut off the text, tokens are not told',
        );
      }
    }
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
    this.#tags?.flush();
    this.#spoke = true;
    this.#calls ??= this.#newCalls();
    this.#calls.push(entry);
  }

  /** Whether every call that has begun is whole: if not, an answer that ends without saying why was cut. */
  get callsWhole(): boolean {
    return this.#calls?.whole ?? true;
  }

  /** Ends the response. */
  finish(ending: Ending, usage: unknown): void {
    this.#tags?.flush();
    if (ending.how === 'completed') {
      this.#closeTexts();
      this.#calls?.closeAll();
    } else if (this.#details.length > 0) {
      this.#losses.add(
        '/choices/0/message/reasoning_details',
        'field',
        'those of thoughts that were cut off are of no use',
      );
    }
    const counted = writeUsage(usage, this.#losses);
    this.writer.finish(counted ? { usage: counted, ...ending } : ending);
  }

  #tellText(delta: string, logprobs?: readonly JsonObject[]): void {
    if (delta !== '') this.#openMessage().text(delta, logprobs);
  }

  #openMessage(): ItemWriter {
    if (this.#message) return this.#message;
    this.#spoke = true;
    this.#closeReasoning();
    this.#calls?.closeWhole();
    this.#message = this.writer.open({ type: 'message' });
    return this.#message;
  }

  #openReasoning(): ItemWriter {
    if (this.#reasoning) return this.#reasoning;
    this.#spoke = true;
    this.#closeMessage();
    this.#calls?.closeWhole();
    this.#reasoning = this.writer.open({ type: 'reasoning' });
    return this.#reasoning;
  }

  #closeTexts(): void {
    this.#closeReasoning();
    this.#closeMessage();
    this.#calls?.closeWhole();
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

  #newCalls(): CallList {
    return new CallList({
      writer: this.writer,
      tools: this.#context.plan.tools,
      losses: this.#losses,
      beforeCall: () => this.#closeTexts(),
      callId: (id) => this.#clientCallId(id),
    });
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

import { asObject, type JsonObject } from '../../protocols/grammar.ts';
import { ResponsesReader } from '../shared/responses-reader.ts';
import { writeFailure } from '../shared/source-failure.ts';
import type { SourceFailure } from '../shared/source-items.ts';
import type { BackContext, StreamEvent, StreamTranslator } from '../types.ts';
import { ChatAnswer, type ChatCall, type ChatOutput, type FinishReason } from './answer.ts';

/** A Responses stream as Chat chunks. */
export function translateStream(context: BackContext): StreamTranslator {
  const chunks = new ChunkOutput(context);
  const answer = new ChatAnswer(chunks, context);
  const reader = new ResponsesReader(answer, answer.losses);
  const step = () => ({ events: chunks.take(), losses: answer.losses.take() });
  return {
    push(event) {
      reader.push(event);
      return step();
    },
    end(how) {
      reader.finish(how);
      return step();
    },
  };
}

class ChunkOutput implements ChatOutput {
  readonly #wantsUsage: boolean;
  #events: StreamEvent[] = [];
  #head: JsonObject = {};
  /** JSON text of a chunk up to its delta, and from there on. */
  #before = '';
  readonly #after: string;

  constructor(context: BackContext) {
    this.#wantsUsage = asObject(context.plan.request.stream_options)?.include_usage === true;
    // Who asks for usage gets it with every chunk: null in all but the last (Chat API, `stream_options.include_usage`).
    this.#after = `,"logprobs":null,"finish_reason":null}]${this.#wantsUsage ? ',"usage":null' : ''}}`;
  }

  take(): StreamEvent[] {
    const events = this.#events;
    // Never the list that grows: who holds an empty one would see it fill.
    this.#events = [];
    return events;
  }

  begin(head: JsonObject): void {
    const { id, ...rest } = head;
    this.#head = { id, object: 'chat.completion.chunk', ...rest };
    this.#before = `${JSON.stringify(this.#head).slice(0, -1)},"choices":[{"index":0,"delta":`;
    this.#delta('{"role":"assistant","content":null}');
  }

  content(delta: string, logprobs: readonly JsonObject[]): void {
    if (logprobs.length === 0) this.#delta(`{"content":${JSON.stringify(delta)}}`);
    else
      this.#choice({ delta: { content: delta }, logprobs: { content: logprobs, refusal: null }, finish_reason: null });
  }

  refusal(delta: string): void {
    this.#delta(`{"refusal":${JSON.stringify(delta)}}`);
  }

  reasoning(delta: string): void {
    this.#delta(`{"reasoning_content":${JSON.stringify(delta)}}`);
  }

  call({ index, id, kind, name }: ChatCall): void {
    const start = kind === 'custom' ? { custom: { name, input: '' } } : { function: { name, arguments: '' } };
    this.#delta(JSON.stringify({ tool_calls: [{ index, id, type: kind, ...start }] }));
  }

  callText({ index, kind }: ChatCall, delta: string): void {
    const field = kind === 'custom' ? '"custom":{"input":' : '"function":{"arguments":';
    this.#delta(`{"tool_calls":[{"index":${index},${field}${JSON.stringify(delta)}}}]}`);
  }

  functionCall(name: string | undefined, delta: string): void {
    this.#delta(JSON.stringify({ function_call: { name, arguments: delta } }));
  }

  annotations(list: readonly JsonObject[]): void {
    this.#delta(JSON.stringify({ annotations: list }));
  }

  finish(reason: FinishReason, usage: JsonObject | undefined, tier: string | undefined): void {
    this.#head.service_tier = tier;
    this.#choice({ delta: {}, logprobs: null, finish_reason: reason });
    if (this.#wantsUsage && usage) this.#emit(JSON.stringify({ ...this.#head, choices: [], usage }));
    this.#emit('[DONE]');
  }

  /** No `[DONE]`: a client that does not look at the error must not take the answer for a whole one. */
  fail(failure: SourceFailure): void {
    this.#emit(writeFailure('chat', failure).text);
  }

  #choice(choice: JsonObject): void {
    const usage = this.#wantsUsage ? { usage: null } : {};
    this.#emit(JSON.stringify({ ...this.#head, choices: [{ index: 0, ...choice }], ...usage }));
  }

  #delta(delta: string): void {
    this.#emit(this.#before + delta + this.#after);
  }

  #emit(data: string): void {
    this.#events.push({ name: undefined, data });
  }
}

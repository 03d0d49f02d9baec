import { asObject, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { ResponsesReader } from '../shared/responses-reader.ts';
import { writeFailure } from '../shared/source-failure.ts';
import type { SourceFailure } from '../shared/source-items.ts';
import type { BackContext, ResponseTranslation } from '../types.ts';
import { ChatAnswer, type ChatCall, type ChatOutput, type FinishReason } from './answer.ts';

/** A Responses answer as a chat completion; one that failed as an error, with the status that it should have had. */
export function translateResponse(body: JsonObject, context: BackContext): ResponseTranslation {
  const output = new CompletionOutput();
  const answer = new ChatAnswer(output, context);
  new ResponsesReader(answer, answer.losses).readWhole(body);
  const losses = answer.losses.list;
  if (output.failure === undefined) return { body: output.completion(), losses };
  const { status, text } = writeFailure('chat', output.failure);
  return { body: asObject(parseData(text)) ?? {}, losses, status };
}

class CompletionOutput implements ChatOutput {
  failure: SourceFailure | undefined;
  #head: JsonObject = {};
  readonly #message: JsonObject = { role: 'assistant', content: null, refusal: null };
  readonly #logprobs: JsonObject[] = [];
  readonly #calls = new Map<ChatCall, string>();
  #end: JsonObject = {};
  #reason: FinishReason | undefined;

  begin(head: JsonObject): void {
    this.#head = head;
  }

  content(delta: string, logprobs: readonly JsonObject[]): void {
    this.#append('content', delta);
    this.#logprobs.push(...logprobs);
  }

  refusal(delta: string): void {
    this.#append('refusal', delta);
  }

  reasoning(delta: string): void {
    this.#append('reasoning_content', delta);
  }

  call(call: ChatCall): void {
    this.#calls.set(call, '');
  }

  callText(call: ChatCall, delta: string): void {
    this.#calls.set(call, this.#calls.get(call)! + delta);
  }

  functionCall(name: string | undefined, delta: string): void {
    const call = asObject(this.#message.function_call) ?? { arguments: '' };
    this.#message.function_call = {
      ...call,
      ...(name !== undefined && { name }),
      arguments: `${call.arguments}${delta}`,
    };
  }

  annotations(list: readonly JsonObject[]): void {
    this.#message.annotations = list;
  }

  finish(reason: FinishReason, usage: JsonObject | undefined, tier: string | undefined): void {
    this.#reason = reason;
    this.#end = { ...(usage && { usage }), ...(tier !== undefined && { service_tier: tier }) };
  }

  fail(failure: SourceFailure): void {
    this.failure = failure;
  }

  completion(): JsonObject {
    const calls = [...this.#calls].map(([{ id, kind, name }, text]) =>
      kind === 'custom'
        ? { id, type: kind, custom: { name, input: text } }
        : { id, type: kind, function: { name, arguments: text } },
    );
    const message = { ...this.#message, ...(calls.length > 0 && { tool_calls: calls }) };
    const logprobs = this.#logprobs.length > 0 ? { content: this.#logprobs, refusal: null } : null;
    const { id, ...rest } = this.#head;
    const choice = { index: 0, message, logprobs, finish_reason: this.#reason };
    return { id, object: 'chat.completion', ...rest, choices: [choice], ...this.#end };
  }

  #append(field: string, delta: string): void {
    this.#message[field] = ((this.#message[field] as string | null | undefined) ?? '') + delta;
  }
}

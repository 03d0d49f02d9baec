import { asArray, asObject, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { ResponsesReader } from '../shared/responses-reader.ts';
import { writeFailure } from '../shared/source-failure.ts';
import type { SourceFailure } from '../shared/source-items.ts';
import type { BackContext, ResponseTranslation } from '../types.ts';
import { MessageAnswer, type MessageEnd, type MessageOutput } from './answer.ts';

/** A Responses answer as a message; one that failed as an error, with the status that it should have had. */
export function translateResponse(body: JsonObject, context: BackContext): ResponseTranslation {
  const output = new WholeOutput();
  const answer = new MessageAnswer(output, context);
  new ResponsesReader(answer, answer.losses).readWhole(body);
  const losses = answer.losses.list;
  if (output.failure === undefined) return { body: output.message(), losses };
  const { status, text } = writeFailure('messages', output.failure);
  return { body: asObject(parseData(text)) ?? {}, losses, status };
}

class WholeOutput implements MessageOutput {
  failure: SourceFailure | undefined;
  readonly #content: JsonObject[] = [];
  #head: JsonObject = {};
  #end: JsonObject = {};
  /** Text of the open tool's input. */
  #json = '';

  begin({ id, model }: { id: string; model: string }): void {
    this.#head = { id, type: 'message', role: 'assistant', model };
  }

  start(block: JsonObject): void {
    this.#content.push({ ...block });
    this.#json = '';
  }

  text(delta: string): void {
    this.#append('text', delta);
  }

  thinking(delta: string): void {
    this.#append('thinking', delta);
  }

  signature(signature: string): void {
    this.#open().signature = signature;
  }

  json(delta: string): void {
    this.#json += delta;
  }

  citation(citation: JsonObject): void {
    const block = this.#open();
    block.citations = [...asArray(block.citations), citation];
  }

  /** Arguments that are no JSON object leave the input empty: the answer has told that as a loss. */
  stop(): void {
    if (this.#json !== '') this.#open().input = asObject(parseData(this.#json)) ?? {};
  }

  finish(end: MessageEnd, usage: JsonObject): void {
    this.#end = { ...end, usage };
  }

  fail(failure: SourceFailure): void {
    this.failure = failure;
  }

  message(): JsonObject {
    return { ...this.#head, content: this.#content, ...this.#end };
  }

  #open(): JsonObject {
    return this.#content.at(-1)!;
  }

  #append(field: string, delta: string): void {
    const block = this.#open();
    block[field] = (block[field] as string) + delta;
  }
}

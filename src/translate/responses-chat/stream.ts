import { asArray, asNumber, asObject, asString, type JsonObject, parseData, quote } from '../../protocols/grammar.ts';
import { createLosses, type Losses } from '../shared/losses.ts';
import { createResponsesWriter } from '../shared/responses-writer.ts';
import type { BackContext, SourceEnd, StreamEvent, StreamStep, StreamTranslator } from '../types.ts';
import { Answer } from './answer.ts';
import { numberCalls } from './call-list.ts';
import { type Ending, endingOf, failureOf } from './ends.ts';
import { type MessageScope, readMessage } from './message-fields.ts';
import { ANSWER_HOP } from './scope.ts';
import { createTextChunks } from './text-chunks.ts';
import { OF_CHOICE, OF_COMPLETION, tellUnread } from './unread.ts';

/** The provider's chunks as the events of a Responses stream. */
export function translateStream(context: BackContext): StreamTranslator {
  return new Translator(context);
}

const BROKEN_OFF: Ending = {
  how: 'failed',
  code: 'server_error',
  message: "The provider's stream broke off before its end.",
};

const BROKEN_CHUNK: Ending = {
  how: 'failed',
  code: 'server_error',
  message: "A chunk of the provider's stream is no JSON.",
};

const NOTHING: StreamStep = { events: [], losses: [] };

class Translator implements StreamTranslator {
  readonly #losses: Losses;
  readonly #answer: Answer;
  readonly #scope: MessageScope;
  readonly #textChunks = createTextChunks();
  /** The index of the choice that is told. */
  #choice: number | undefined;
  #finish: string | undefined;
  #usage: unknown;

  constructor(context: BackContext) {
    this.#losses = createLosses(ANSWER_HOP);
    this.#answer = new Answer(context, this.#losses, createResponsesWriter(context));
    this.#scope = { answer: this.#answer, losses: this.#losses, context };
  }

  push({ name, data }: StreamEvent): StreamStep {
    if (this.#answer.writer.finished) return this.#ignore(data);
    const words = this.#textChunks.wordsOf(data);
    if (words !== undefined) this.#answer.text(words);
    else if (data === '[DONE]') this.#answer.finish(this.#ending(true), this.#usage);
    else this.#readData(name, data);
    return this.#step();
  }

  end(how: SourceEnd): StreamStep {
    if (this.#answer.writer.finished) return NOTHING;
    this.#answer.finish(how === 'done' ? this.#ending(false) : BROKEN_OFF, this.#usage);
    return this.#step();
  }

  #step(): StreamStep {
    return { events: this.#answer.writer.take(), losses: this.#losses.take() };
  }

  #ignore(data: string): StreamStep {
    if (data !== '[DONE]') this.#losses.add('', 'event', `an event after the end: ${quote(data)}`);
    return { events: [], losses: this.#losses.take() };
  }

  #readData(name: string | undefined, data: string): void {
    const chunk = asObject(parseData(data));
    if (!chunk) {
      this.#readNoChunk(data);
      return;
    }
    if (isError(name, chunk)) {
      this.#answer.finish(failureOf(chunk), this.#usage);
      return;
    }
    this.#answer.writer.begin();
    if (asObject(chunk.usage)) this.#usage = chunk.usage;
    let told = true;
    for (const choice of asArray(chunk.choices)) told = this.#readChoice(asObject(choice) ?? {}) && told;
    tellUnread(chunk, OF_COMPLETION, '', this.#losses);
    // The words of another choice are not told, and those of its next chunk must not be either.
    if (told) this.#textChunks.learn(data, chunk);
  }

  /** A chunk that is broken leaves a hole in the answer, which must not look whole; any other text is none of it. */
  #readNoChunk(data: string): void {
    this.#losses.add('', 'event', `this is no chunk: ${quote(data)}`);
    if (data.trimStart().startsWith('{')) this.#answer.finish(BROKEN_CHUNK, this.#usage);
  }

  /** @returns whether the choice is the one that is told */
  #readChoice(choice: JsonObject): boolean {
    const index = asNumber(choice.index) ?? this.#choice ?? 0;
    this.#choice ??= index;
    if (index !== this.#choice) {
      this.#losses.add(`/choices/${index}`, 'part', 'a response is one answer: the first choice counts');
      return false;
    }
    // Some servers send the message as a whole within a stream.
    const delta = asObject(choice.delta) ?? numberCalls(asObject(choice.message) ?? {});
    readMessage(delta, choice.logprobs, this.#scope);
    this.#finish = asString(choice.finish_reason) || this.#finish;
    tellUnread(choice, OF_CHOICE, '/choices/0', this.#losses);
    return true;
  }

  /** @param marked whether `[DONE]` stood at the end: without it, and without a reason to finish, the stream was cut */
  #ending(marked: boolean): Ending {
    if (this.#finish !== undefined) return endingOf(this.#finish, this.#losses);
    if (!marked || !this.#answer.spoke || !this.#answer.callsWhole) return BROKEN_OFF;
    this.#losses.add('/choices/0/finish_reason', 'value', 'the provider did not say why it stopped');
    return { how: 'completed' };
  }
}

/** `{"error":…}` in place of a chunk, also under a name or with `object: "error"` (vLLM, Mistral). */
export function isError(name: string | undefined, chunk: JsonObject): boolean {
  if (chunk.choices !== undefined && !chunk.error) return false;
  return name === 'error' || chunk.object === 'error' || (chunk.error !== undefined && chunk.error !== null);
}

import type { JsonObject } from '../../protocols/grammar.ts';
import type { BackContext, StreamEvent } from '../types.ts';
import { baseResponse, endingOf, type ResponseEnd } from './response-object.ts';
import { GrowingItem, type ItemWriter, type NewItem } from './responses-items.ts';

/**
 * The event sequence of a Responses stream, always grammatical: created, in_progress, items with their parts, deltas and
 * done pairs, the terminal event; `sequence_number` from 0, `output_index` in the order of opening.
 */
export interface ResponsesWriter {
  /** `response.created` and `response.in_progress`, once; later calls do nothing. */
  begin(): void;
  /** `response.output_item.added`. Several items may be open at once. After the end the item goes nowhere. */
  open(item: NewItem): ItemWriter;
  /**
   * Closes what is open, then the terminal event; once, later calls do nothing. Of a response that failed, or is
   * incomplete, open calls get no `done` event, since Codex would run them; of one that failed, no open item does.
   */
  finish(end: ResponseEnd): void;
  readonly finished: boolean;
  /** The events since the last call. */
  take(): StreamEvent[];
  /** The whole response as `finish` told it: what the answer without a stream is. */
  response(): JsonObject;
}

/** @param told `response`: nobody takes the events, which cost more to write than the response that they amount to */
export function createResponsesWriter(context: BackContext, told: 'events' | 'response' = 'events'): ResponsesWriter {
  return new Writer(context, told === 'events');
}

const TERMINAL = {
  completed: 'response.completed',
  incomplete: 'response.incomplete',
  failed: 'response.failed',
} as const;

class Writer implements ResponsesWriter {
  readonly #context: BackContext;
  readonly #base: JsonObject;
  /** JSON text of the base without its closing brace: tools and instructions are long, and three events repeat them. */
  readonly #baseText: string | undefined;
  readonly #items: GrowingItem[] = [];
  #events: StreamEvent[] = [];
  #sequence = 0;
  #begun = false;
  #end: ResponseEnd | undefined;

  constructor(context: BackContext, told: boolean) {
    this.#context = context;
    this.#base = baseResponse(context);
    this.#baseText = told ? JSON.stringify(this.#base).slice(0, -1) : undefined;
  }

  get finished(): boolean {
    return this.#end !== undefined;
  }

  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    if (this.#baseText === undefined) return;
    const response = this.#responseField();
    this.#emit('response.created', response);
    this.#emit('response.in_progress', response);
  }

  open(source: NewItem): ItemWriter {
    this.begin();
    const { newId } = this.#context;
    if (this.finished) return new GrowingItem(source, this.#items.length, newId, undefined);
    const emit = this.#baseText === undefined ? undefined : this.#emit;
    const item = new GrowingItem(source, this.#items.length, newId, emit);
    this.#items.push(item);
    return item;
  }

  finish(end: ResponseEnd): void {
    if (this.finished) return;
    this.begin();
    for (const item of this.#items) {
      if (end.how === 'failed') item.abandon();
      else item.close(end.how);
    }
    this.#end = end;
    if (this.#baseText !== undefined) this.#emit(TERMINAL[end.how], this.#responseField());
  }

  take(): StreamEvent[] {
    const events = this.#events;
    // Also when it is empty: the list that was given out must not grow afterwards.
    this.#events = [];
    return events;
  }

  response(): JsonObject {
    return Object.assign(this.#base, this.#ending());
  }

  #ending(): JsonObject {
    const output = this.#items.map(({ item }) => item);
    return endingOf(this.#end, output);
  }

  #responseField(): string {
    return `"response":${this.#baseText},${JSON.stringify(this.#ending()).slice(1)}`;
  }

  readonly #emit = (type: string, fields: string): void => {
    const data = `{"type":"${type}",${fields},"sequence_number":${this.#sequence}}`;
    this.#sequence += 1;
    this.#events.push({ name: type, data });
  };
}

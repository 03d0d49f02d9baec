import { asArray, asNumber, asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import type { SourceEnd, StreamEvent } from '../types.ts';
import type { Losses } from './losses.ts';
import {
  type Channel,
  DELTA_EVENTS,
  DONE_EVENTS,
  endingOf,
  finalAnnotations,
  finalTexts,
  readFailure,
  SILENT_EVENTS,
  type SourceEnding,
  type SourceItem,
  type Told,
} from './source-items.ts';
import { isReady, type SourceState, SourceStates, toldOf, yieldsFloor } from './source-states.ts';

/** Takes a Responses provider's answer in the order in which a client can be told it. */
export interface ResponsesSink {
  /** Once, before anything else. @param response as far as it is known */
  begin(response: JsonObject): void;
  /** @param item a call has its name by now */
  open(item: SourceItem): void;
  /** @param part index of the content or summary part; 0 for calls @param logprobs tokens of the delta, if any */
  delta(item: SourceItem, channel: Channel, part: number, delta: string, logprobs: readonly unknown[]): void;
  annotation(item: SourceItem, part: number, annotation: JsonObject): void;
  /** The item is done. */
  close(item: SourceItem): void;
  /** Once, at last. */
  end(ending: SourceEnding): void;
}

export interface ReaderOptions {
  /** One item speaks at a time: what others say meanwhile is held back until it can be told. Those of a whole answer do so anyway. */
  exclusive?: boolean;
}

const TERMINAL: ReadonlySet<string> = new Set(['response.completed', 'response.failed', 'response.incomplete']);
const WORSE: ReadonlySet<unknown> = new Set(['failed', 'incomplete', 'cancelled']);

/**
 * Reads the events of a Responses provider, or its whole answer. It gets along with what lenient servers do: no
 * `output_index` or `item_id`, deltas before their item, texts in the `done` event alone, names that come late, items
 * that stand in the terminal event alone, all `done` events at the end. Texts are never told twice. Never throws.
 */
export class ResponsesReader {
  readonly #sink: ResponsesSink;
  readonly #losses: Losses;
  readonly #exclusive: boolean;
  readonly #items = new SourceStates();
  readonly #waiting: SourceState[] = [];
  #head: SourceState | undefined;
  #begun = false;
  #ended = false;

  constructor(sink: ResponsesSink, losses: Losses, options: ReaderOptions = {}) {
    this.#sink = sink;
    this.#losses = losses;
    this.#exclusive = options.exclusive === true;
  }

  /** One event of a stream. */
  push({ name, data }: StreamEvent): void {
    if (data === '[DONE]') return;
    const event = asObject(parseData(data));
    if (!event) {
      this.#losses.add('', 'event', 'an event whose data is no JSON object');
      return;
    }
    const type = asString(event.type) ?? (name?.startsWith('response.') ? name : undefined);
    if (this.#ended) this.#losses.add('', 'event', `${type ?? 'an event'} after the end of the response`);
    else if (type === undefined) this.#readUntyped(event);
    else this.#read(type, event);
  }

  /** The stream is over. */
  finish(how: SourceEnd): void {
    if (this.#ended) return;
    const why = how === 'error' ? 'The connection to the provider failed' : "The provider's stream ended";
    this.#fail({ code: 'server_error', message: `${why} before the response was finished.` });
  }

  /** A whole answer. */
  readWhole(response: JsonObject): void {
    this.#begin(response);
    this.#end(endingOf(response));
  }

  #read(type: string, event: JsonObject): void {
    const delta = DELTA_EVENTS.get(type);
    if (delta) {
      this.#readDelta(event, delta.channel, delta.index);
      return;
    }
    const done = DONE_EVENTS.get(type);
    const text = done && asString(event[done.field]);
    if (done && text !== undefined) {
      const state = this.#items.findOrImply(event, done.channel);
      this.#complete(state, done.channel, indexOf(event, done.index), text, asArray(event.logprobs));
      if (this.#claim(state)) this.#flush(state);
    } else if (TERMINAL.has(type)) this.#readTerminal(type, event);
    else if (Object.hasOwn(this.#handlers, type)) this.#handlers[type]!(event);
    else if (!SILENT_EVENTS.has(type) && !done) this.#losses.add('', 'event', `no translation of ${type}`);
  }

  readonly #handlers: Readonly<Record<string, (event: JsonObject) => void>> = {
    'response.created': (event) => this.#begin(asObject(event.response) ?? {}),
    'response.output_item.added': (event) => this.#add(event),
    'response.output_item.done': (event) => {
      const item = asObject(event.item);
      if (item)
        this.#finishItem(
          this.#items.findUndone(item, asNumber(event.output_index)) ?? this.#items.add(item, event),
          item,
        );
    },
    'response.output_text.annotation.added': (event) => {
      const annotation = asObject(event.annotation);
      if (!annotation) return;
      const state = this.#items.findOrImply(event, 'text');
      state.annotations.push({ part: indexOf(event, 'content_index'), annotation });
      if (this.#claim(state)) this.#flush(state);
    },
    error: (event) => this.#fail(readFailure(asObject(event.error) ?? event)),
  };

  /** Servers that break off after the 200 say so in a line of their own. */
  #readUntyped(event: JsonObject): void {
    if (event.error !== undefined && event.error !== null) this.#fail(readFailure(event.error));
    else this.#losses.add('', 'event', 'an event without a type');
  }

  #readTerminal(type: string, event: JsonObject): void {
    const status = type.slice('response.'.length);
    const said = asObject(event.response) ?? {};
    // Where the event and its response do not agree, the worse one holds; servers leave `in_progress` standing.
    this.#end(endingOf(WORSE.has(said.status) ? said : { ...said, status }));
  }

  #begin(response: JsonObject): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#sink.begin(response);
  }

  #fail(failure: { code: string; message: string }): void {
    this.#end({ how: 'failed', response: {}, failure });
  }

  #end(ending: SourceEnding): void {
    this.#begin(ending.response);
    if (ending.how !== 'failed') this.#finishAll(asArray(ending.response.output));
    for (const { path } of this.#waiting) this.#losses.add(path, 'item', 'the answer failed before its turn');
    this.#ended = true;
    this.#sink.end(ending);
  }

  /** What the terminal event alone says, and what it leaves open. */
  #finishAll(output: readonly unknown[]): void {
    const known = this.#items.list.length;
    output.forEach((value, index) => {
      const item = asObject(value);
      if (!item) return;
      const state = this.#items.findFinal(item, index, known) ?? this.#items.add(item, { output_index: index });
      if (!state.done) this.#finishItem(state, item);
    });
    for (const state of this.#items.list) this.#finishItem(state, state.item);
    // The end waits for nobody.
    this.#head = undefined;
    this.#drain();
  }

  #add(event: JsonObject): void {
    const item = asObject(event.item);
    if (!item) return;
    const implied = this.#items.findUndone(item, asNumber(event.output_index));
    const state = implied?.implied ? implied : this.#items.add(item, event);
    state.item = item;
    state.implied = false;
    if (this.#claim(state)) this.#flush(state);
  }

  #readDelta(event: JsonObject, channel: Channel, index: 'content_index' | 'summary_index' | undefined): void {
    const { delta, logprobs } = event;
    if (typeof delta !== 'string') {
      this.#losses.add('', 'event', 'a delta that is no text');
      return;
    }
    const state = this.#items.findOrImply(event, channel);
    if (state.closed) {
      this.#losses.add(state.path, 'event', 'a delta after its item was done');
      return;
    }
    const told = toldOf(state, channel, indexOf(event, index));
    const current = told.given === told.text.length;
    told.text += delta;
    told.logprobs.push(...asArray(logprobs));
    if (!this.#claim(state)) return;
    // Cutting the delta off the text again would copy the whole text, for every delta.
    if (current) this.#tell(state, told, delta);
    else this.#give(state, told);
  }

  /** The whole text of a channel: what its deltas left out is told, what they said otherwise cannot be taken back. */
  #complete(state: SourceState, channel: Channel, part: number, text: string, logprobs: readonly unknown[]): void {
    const told = toldOf(state, channel, part);
    if (!text.startsWith(told.text)) {
      this.#losses.add(state.path, 'event', 'the finished text is not the sum of its deltas, which were told already');
      return;
    }
    if (told.text === '') told.logprobs.push(...logprobs);
    told.text = text;
  }

  #finishItem(state: SourceState, item: JsonObject): void {
    state.item = item;
    if (state.closed) return;
    for (const { channel, part, text, logprobs } of finalTexts(item))
      this.#complete(state, channel, part, text, logprobs);
    const annotations = finalAnnotations(item);
    if (annotations.length > state.annotations.length) state.annotations = annotations;
    state.done = true;
    if (!isReady(state)) this.#losses.add(state.path, 'item', 'a call without a name');
    else if (this.#claim(state)) {
      this.#flush(state);
      this.#close(state);
      this.#drain();
    }
  }

  /** Whether the item may speak now; opens it when it may. */
  #claim(state: SourceState): boolean {
    if (this.#head === state) return true;
    if (!isReady(state) || state.waiting) return false;
    if (this.#exclusive) {
      if (this.#head && yieldsFloor(this.#head)) this.#head = undefined;
      this.#drain();
      if (this.#head) {
        state.waiting = true;
        this.#waiting.push(state);
        return false;
      }
    }
    this.#take(state);
    return true;
  }

  #take(state: SourceState): void {
    this.#begin({});
    this.#head = state;
    if (!state.opened) this.#sink.open(state);
    state.opened = true;
  }

  /** Lets those speak that waited, in their order, until one of them holds the floor. */
  #drain(): void {
    while (!this.#head) {
      const next = this.#waiting.shift();
      if (!next) return;
      next.waiting = false;
      this.#take(next);
      this.#flush(next);
      if (next.done) this.#close(next);
      else if (yieldsFloor(next)) this.#head = undefined;
    }
  }

  #close(state: SourceState): void {
    state.closed = true;
    this.#sink.close(state);
    this.#head = undefined;
  }

  #flush(state: SourceState): void {
    for (const told of state.texts) this.#give(state, told);
    for (; state.annotationsGiven < state.annotations.length; state.annotationsGiven += 1) {
      const { part, annotation } = state.annotations[state.annotationsGiven]!;
      this.#sink.annotation(state, part, annotation);
    }
  }

  #give(state: SourceState, told: Told): void {
    if (told.given === told.text.length) return;
    this.#tell(state, told, told.text.slice(told.given));
  }

  #tell(state: SourceState, told: Told, delta: string): void {
    told.given = told.text.length;
    this.#sink.delta(state, told.channel, told.part, delta, told.logprobs);
    if (told.logprobs.length > 0) told.logprobs = [];
  }
}

function indexOf(event: JsonObject, name: 'content_index' | 'summary_index' | undefined): number {
  return (name && asNumber(event[name])) ?? 0;
}

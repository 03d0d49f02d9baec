import { asNumber, asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { type Channel, type SourceItem, type Told, TYPE_OF_CHANNEL } from './source-items.ts';

/** An output item while it is being told. */
export interface SourceState extends SourceItem {
  texts: Told[];
  annotations: { part: number; annotation: JsonObject }[];
  annotationsGiven: number;
  /** No `added` event has told it yet. */
  implied: boolean;
  opened: boolean;
  /** It has something to say and another one has the floor. */
  waiting: boolean;
  /** The provider has finished it. */
  done: boolean;
  /** It was told to the end. */
  closed: boolean;
}

/** The items of one answer, found by whatever an event names them with. */
export class SourceStates {
  readonly list: SourceState[] = [];
  readonly #byId = new Map<unknown, SourceState>();
  readonly #byIndex = new Map<unknown, SourceState>();

  /** The item that an event is about: by id, since servers give one index to several items; the last one if it names none. */
  find({ item_id: id, output_index: index }: JsonObject): SourceState | undefined {
    if (id === undefined && index === undefined) return this.list.at(-1);
    return this.#byId.get(id) ?? this.#byIndex.get(index);
  }

  /** The item that `item` is a later state of. */
  findUndone(item: JsonObject, index: number | undefined): SourceState | undefined {
    const byId = this.#findById(item);
    if (byId) return byId;
    const byIndex = index === undefined ? this.list.at(-1) : this.#byIndex.get(index);
    return byIndex && !byIndex.done && byIndex.type === item.type ? byIndex : undefined;
  }

  /** The item that stands at `index` of the finished output; servers give it another id there. */
  findFinal(item: JsonObject, index: number, known: number): SourceState | undefined {
    const byId = this.#findById(item);
    const byPlace = index < known ? this.list[index] : undefined;
    return byId ?? (byPlace?.type === item.type ? byPlace : undefined);
  }

  /** An item never changes its type: two of one id, as some servers tell them, are two items. */
  #findById({ id, type }: JsonObject): SourceState | undefined {
    const state = this.#byId.get(id);
    return state && (asString(type) ?? state.type) === state.type ? state : undefined;
  }

  add(item: JsonObject, event: JsonObject): SourceState {
    const index = asNumber(event.output_index);
    const state: SourceState = {
      item,
      type: asString(item.type) ?? '',
      path: `/output/${index ?? this.list.length}`,
      texts: [],
      annotations: [],
      annotationsGiven: 0,
      implied: false,
      opened: false,
      waiting: false,
      done: false,
      closed: false,
    };
    this.list.push(state);
    const id = asString(item.id);
    if (id) this.#byId.set(id, state);
    if (index !== undefined) this.#byIndex.set(index, state);
    return state;
  }

  /** The item that an event says more of; one that was never added has the type that has such a channel. */
  findOrImply(event: JsonObject, channel: Channel): SourceState {
    const type = TYPE_OF_CHANNEL[channel];
    const known = this.find(event);
    if (known?.type === type) return known;
    const id = asString(event.item_id);
    const state = this.add({ type, ...(id !== undefined && { id }) }, event);
    state.implied = true;
    return state;
  }
}

/** A call cannot be told without its name, which some servers send late. */
export function isReady({ type, item }: SourceState): boolean {
  return (type !== 'function_call' && type !== 'custom_tool_call') || Boolean(asString(item.name));
}

/** Whether nothing is lost when another item speaks in between: arguments cut in two would be two broken texts. */
export function yieldsFloor({ type, texts }: SourceState): boolean {
  if (type === 'custom_tool_call') return false;
  return type !== 'function_call' || asObject(parseData(texts[0]?.text ?? '')) !== undefined;
}

/** The text of that channel and part, begun if it is new. */
export function toldOf({ texts }: SourceState, channel: Channel, part: number): Told {
  for (let i = texts.length - 1; i >= 0; i -= 1) {
    const told = texts[i]!;
    if (told.channel === channel && told.part === part) return told;
  }
  const told: Told = { channel, part, text: '', given: 0, logprobs: [] };
  texts.push(told);
  return told;
}

import { asNumber, asObject, asString, describeDifference, type JsonObject, type Violation } from '../grammar.ts';
import { CHANNELS, type ChannelKind, finalTexts } from './channels.ts';
import type { ResponsesRule } from './rules.ts';

export type Report = (rule: ResponsesRule, message: string, at?: { pointer?: string; value?: unknown }) => void;

/** A text that grows by deltas: message text, a refusal, arguments, a reasoning summary, … */
interface Channel {
  text: string;
  deltas: number;
  done: boolean;
}

interface Part {
  pointer: string;
  done: boolean;
}

interface ItemState {
  item: JsonObject;
  outputIndex: number | undefined;
  done: boolean;
  channels: Map<string, Channel>;
  parts: Map<string, Part>;
}

/** Fields that an item keeps from `added` to `done`. */
const STABLE = ['type', 'id', 'call_id', 'name'];

/** The output items of one response, as the events build them. */
export class ItemTracker {
  readonly #items: ItemState[] = [];

  /** `response.output_item.added` */
  add(event: JsonObject, report: Report): void {
    const outputIndex = asNumber(event.output_index);
    if (outputIndex !== undefined && this.#items.some((state) => state.outputIndex === outputIndex)) {
      report('added-twice', `output_index ${outputIndex} was added before`, at('/output_index', outputIndex));
    } else if (outputIndex !== undefined && outputIndex !== this.#items.length) {
      report(
        'index-order',
        `item ${this.#items.length} has output_index ${outputIndex}`,
        at('/output_index', outputIndex),
      );
    }
    const open = this.#items.find((state) => !state.done);
    if (open) report('items-overlap', `${nameOf(open)} is not done when the next item begins`);
    this.#items.push(newItem(asObject(event.item) ?? {}, outputIndex));
  }

  /** `….delta` of any channel */
  delta(type: string, event: JsonObject, report: Report): void {
    const state = this.#find(event, report);
    if (!state) {
      report('delta-before-added', 'a delta for an item that was not added', place(event));
      return;
    }
    if (state.done) {
      report('delta-after-done', `a delta after ${nameOf(state)} was done`, place(event));
      return;
    }
    const key = channelKey(type, event);
    const kind = CHANNELS[type]!;
    if (kind.part && !state.parts.has(`${kind.part} ${indexOf(kind, event)}`)) {
      report('part-before-added', `a delta for a ${kind.part} part that was not added`, place(event));
      state.parts.set(`${kind.part} ${indexOf(kind, event)}`, { pointer: '', done: true });
    }
    const channel = state.channels.get(key) ?? { text: '', deltas: 0, done: false };
    if (channel.done) report('delta-after-done', `a delta after ${type}.done`, place(event));
    channel.text += asString(event.delta) ?? '';
    channel.deltas += 1;
    state.channels.set(key, channel);
  }

  /** `….done` of any channel */
  channelDone(type: string, event: JsonObject, report: Report): void {
    const state = this.#find(event, report);
    if (!state) {
      report('delta-before-added', `${type}.done for an item that was not added`, place(event));
      return;
    }
    const { field } = CHANNELS[type]!;
    const key = channelKey(type, event);
    const channel = state.channels.get(key) ?? { text: '', deltas: 0, done: false };
    const text = asString(event[field]);
    if (text !== undefined) compareDone(channel, text, field, report);
    state.channels.set(key, { ...channel, text: text ?? channel.text, done: true });
  }

  /** `response.content_part.added` and `response.reasoning_summary_part.added` */
  partAdded(kind: 'content' | 'summary', event: JsonObject, report: Report): void {
    const state = this.#find(event, report);
    if (!state) {
      report('delta-before-added', `a ${kind} part of an item that was not added`, place(event));
      return;
    }
    const key = `${kind} ${asNumber(event[`${kind}_index`]) ?? state.parts.size}`;
    if (state.parts.has(key)) report('added-twice', `${kind} part ${key.slice(kind.length + 1)} was added before`);
    state.parts.set(key, { pointer: `/${kind}/${key.slice(kind.length + 1)}`, done: false });
  }

  /** `response.content_part.done` and `response.reasoning_summary_part.done` */
  partDone(kind: 'content' | 'summary', event: JsonObject, report: Report): void {
    const state = this.#find(event, report);
    const index = asNumber(event[`${kind}_index`]) ?? 0;
    const part = state?.parts.get(`${kind} ${index}`);
    if (!state || !part) {
      report('part-before-added', `a ${kind} part is done that was not added`, place(event));
      return;
    }
    part.done = true;
    const channel = kind === 'summary' ? 'reasoning_summary_text' : 'output_text';
    const known = state.channels.get(`response.${channel} ${index}`);
    const text = asString(asObject(event.part)?.text);
    if (known && text !== undefined) compareDone(known, text, 'part/text', report);
  }

  /** `response.output_item.done` */
  itemDone(event: JsonObject, report: Report): void {
    const item = asObject(event.item) ?? {};
    const known = this.#findItem(asNumber(event.output_index), asString(item.id), (state) => !state.done);
    const state = known ?? newItem(item, asNumber(event.output_index));
    if (!known) {
      report('done-before-added', 'an item is done that was not added', { value: item.id });
      this.#items.push(state);
    }
    if (known) compareStable(known.item, item, report);
    for (const [key, part] of state.parts) {
      if (!part.done)
        report('part-not-done', `${key.replace(' ', ' part ')} was added and is not done when its item is`);
    }
    for (const [key, pointer, text] of finalTexts(item)) {
      const channel = state.channels.get(key);
      if (!channel || typeof text !== 'string' || text === channel.text) continue;
      const difference = describeDifference(channel.text, text);
      report(
        'item-differs',
        `the finished item is not what its events said: ${difference}`,
        at(`/item${pointer}`, text),
      );
    }
    state.item = item;
    state.done = true;
  }

  /** What `response.completed` must agree with. */
  complete(response: JsonObject, report: Report): void {
    const open = this.#items.filter((state) => !state.done);
    for (const state of open) {
      report(
        'item-not-done',
        `${nameOf(state)} was added and never got its response.output_item.done, so Codex loses it`,
      );
    }
    if (!Array.isArray(response.output)) {
      report(
        'output-missing',
        'the finished response has no `output`, which the SDKs read',
        at('/response', undefined),
      );
      return;
    }
    const extra = response.output.length - this.#items.length;
    const pointer = at('/response/output', undefined);
    if (extra > 0) {
      const items = `${extra} of ${response.output.length} items`;
      report(
        'item-only-in-completed',
        `${items} stand in response.completed alone; Codex reads response.output_item.done`,
        pointer,
      );
    } else if (extra < 0) {
      report('output-incomplete', `\`output\` has ${response.output.length} of ${this.#items.length} items`, pointer);
    }
  }

  #find(event: JsonObject, report: Report): ItemState | undefined {
    const outputIndex = asNumber(event.output_index);
    const id = asString(event.item_id);
    // Servers that send neither index nor id (Codex gets along with that) can only mean the item before.
    if (outputIndex === undefined && id === undefined) return this.#items.at(-1);
    const state = this.#findItem(outputIndex, id, () => true);
    const known = asString(state?.item.id);
    if (state && id !== undefined && known !== undefined && id !== known) {
      report('item-mixed', `item_id is ${id}, but the item at this place is ${known}`, at('/item_id', id));
    }
    return state;
  }

  #findItem(outputIndex: number | undefined, id: string | undefined, eligible: (state: ItemState) => boolean) {
    const list = this.#items.filter(eligible);
    const byIndex = outputIndex === undefined ? undefined : list.find((state) => state.outputIndex === outputIndex);
    if (byIndex) return byIndex;
    return id === undefined ? undefined : list.find((state) => state.item.id === id);
  }
}

function newItem(item: JsonObject, outputIndex: number | undefined): ItemState {
  return { item, outputIndex, done: false, channels: new Map(), parts: new Map() };
}

function compareDone(channel: Channel, text: string, field: string, report: Report): void {
  if (text === channel.text) return;
  const where = at(`/${field}`, text);
  if (channel.deltas === 0 && !channel.done) {
    report('no-deltas', 'the text came in the done event alone', where);
    return;
  }
  report('done-differs', `not the sum of its deltas: ${describeDifference(channel.text, text)}`, where);
}

function compareStable(added: JsonObject, done: JsonObject, report: Report): void {
  for (const field of STABLE) {
    const before = added[field];
    if (before === undefined || before === null || before === done[field]) continue;
    report(
      'item-changes',
      `\`${field}\` was ${JSON.stringify(before)} when the item was added`,
      at(`/item/${field}`, done[field]),
    );
  }
}

function channelKey(type: string, event: JsonObject): string {
  return `${type} ${indexOf(CHANNELS[type]!, event)}`;
}

function indexOf(kind: ChannelKind, event: JsonObject): number {
  return (kind.index && asNumber(event[kind.index])) ?? 0;
}

function nameOf(state: ItemState): string {
  return `the ${asString(state.item.type) ?? 'item'} ${asString(state.item.id) ?? ''}`.trim();
}

function place(event: JsonObject): { pointer?: string; value?: unknown } {
  if (event.output_index !== undefined) return at('/output_index', event.output_index);
  return event.item_id === undefined ? {} : at('/item_id', event.item_id);
}

function at(pointer: string, value: unknown): Pick<Violation, 'pointer' | 'value'> {
  return value === undefined ? { pointer } : { pointer, value };
}

import type { JsonObject } from '../../protocols/grammar.ts';
import { endsInHalf, wellFormed } from './well-formed.ts';

export type NewItem =
  | { type: 'message'; phase?: string }
  | { type: 'reasoning' }
  | { type: 'function_call'; callId: string; name: string; namespace?: string }
  | { type: 'custom_tool_call'; callId: string; name: string; namespace?: string }
  /** Added and done as given, e.g. `web_search_call`, `local_shell_call`, `tool_search_call`. */
  | { type: 'other'; item: JsonObject };

/** Builds one output item. A channel that the type of the item does not have throws: that is a bug of the caller. */
export interface ItemWriter {
  /** @param logprobs tokens of the delta as Chat Completions tells them */
  text(delta: string, logprobs?: readonly JsonObject[]): void;
  refusal(delta: string): void;
  annotation(annotation: JsonObject): void;
  summary(delta: string): void;
  reasoning(delta: string): void;
  encrypted(content: string): void;
  /** `function_call`: arguments; `custom_tool_call`: raw input. */
  arguments(delta: string): void;
  /** The `done` pairs and `output_item.done`, but for a call that is incomplete. Further calls do nothing. */
  close(status?: ItemEnd): void;
}

export type ItemEnd = 'completed' | 'incomplete';

/** Appends an event: its type, and the JSON text of its fields but `type` and `sequence_number`. */
export type Emit = (type: string, fields: string) => void;

type ChannelName = 'text' | 'refusal' | 'summary' | 'reasoning' | 'arguments' | 'input';

/** A text that grows by deltas, and where it stands in the item. */
interface Channel {
  event: string;
  field: string;
  /** Events that open and close its part, the list of the item that has the part, and the part's type. */
  part?: { event: string; list: 'content' | 'summary'; type: string };
}

const CONTENT = 'response.content_part';
const SUMMARY = 'response.reasoning_summary_part';

const CHANNELS: Readonly<Record<ChannelName, Channel>> = {
  text: {
    event: 'response.output_text',
    field: 'text',
    part: { event: CONTENT, list: 'content', type: 'output_text' },
  },
  refusal: {
    event: 'response.refusal',
    field: 'refusal',
    part: { event: CONTENT, list: 'content', type: 'refusal' },
  },
  summary: {
    event: 'response.reasoning_summary_text',
    field: 'text',
    part: { event: SUMMARY, list: 'summary', type: 'summary_text' },
  },
  reasoning: {
    event: 'response.reasoning_text',
    field: 'text',
    part: { event: CONTENT, list: 'content', type: 'reasoning_text' },
  },
  arguments: { event: 'response.function_call_arguments', field: 'arguments' },
  input: { event: 'response.custom_tool_call_input', field: 'input' },
};

interface ItemKind {
  /** Of its id. */
  prefix: string;
  channels: readonly ChannelName[];
  /** Of a call: the channel that is always there, empty or not. */
  call?: ChannelName;
  /** The fields of a new item beside type, id and status. */
  fields(item: NewItem): JsonObject;
}

const KINDS: Readonly<Record<Exclude<NewItem['type'], 'other'>, ItemKind> & { other?: undefined }> = {
  message: {
    prefix: 'msg_',
    channels: ['text', 'refusal'],
    fields: (item) => ({
      role: 'assistant',
      content: [],
      ...(item.type === 'message' && item.phase !== undefined && { phase: item.phase }),
    }),
  },
  reasoning: { prefix: 'rs_', channels: ['summary', 'reasoning'], fields: () => ({ summary: [] }) },
  function_call: { prefix: 'fc_', channels: ['arguments'], call: 'arguments', fields: (item) => callFields(item) },
  custom_tool_call: { prefix: 'ctc_', channels: ['input'], call: 'input', fields: (item) => callFields(item) },
};

function callFields(item: NewItem): JsonObject {
  if (item.type !== 'function_call' && item.type !== 'custom_tool_call') return {};
  const { callId, name, namespace } = item;
  const named = { call_id: callId, name, ...(namespace !== undefined && { namespace }) };
  return item.type === 'function_call' ? { ...named, arguments: '' } : { ...named, input: '' };
}

/** What is open of an item: one text at a time. */
interface OpenText {
  name: ChannelName;
  channel: Channel;
  /** The fields that all events of this text share, as the inside of a JSON object. */
  place: string;
  text: string;
  /** The first half of a character whose second half has not come. */
  held: string;
  /** The part in the item's list, which gets the text at the end. */
  part: JsonObject | undefined;
  logprobs: JsonObject[];
}

/** An output item while it grows; `item` is what it is so far. */
export class GrowingItem implements ItemWriter {
  readonly item: JsonObject;
  /** Absent when nobody is told of the item while it grows. */
  readonly #emit: Emit | undefined;
  readonly #kind: ItemKind | undefined;
  /** `"item_id":…,"output_index":…`; nothing when nobody is told. */
  readonly #place: string;
  readonly #outputIndex: number;
  #open: OpenText | undefined;
  #closed = false;

  constructor(source: NewItem, outputIndex: number, newId: (prefix: string) => string, emit: Emit | undefined) {
    this.#emit = emit;
    this.#outputIndex = outputIndex;
    this.#kind = KINDS[source.type];
    this.item = source.type === 'other' ? withId(source.item, newId) : newItem(source, this.#kind!, newId);
    this.#place = emit ? `"item_id":${JSON.stringify(this.item.id)},"output_index":${outputIndex}` : '';
    emit?.('response.output_item.added', `"output_index":${outputIndex},"item":${JSON.stringify(this.item)}`);
  }

  text(delta: string, logprobs: readonly JsonObject[] = []): void {
    this.#write('text', delta, logprobs);
  }

  refusal(delta: string): void {
    this.#write('refusal', delta);
  }

  summary(delta: string): void {
    this.#write('summary', delta);
  }

  reasoning(delta: string): void {
    this.#write('reasoning', delta);
  }

  arguments(delta: string): void {
    this.#write(this.#kind?.call ?? 'arguments', delta);
  }

  annotation(annotation: JsonObject): void {
    if (this.#closed) return;
    const { place, part } = this.#channel('text');
    const annotations = part!.annotations as JsonObject[];
    const index = annotations.push(annotation) - 1;
    this.#emit?.(
      'response.output_text.annotation.added',
      `${place},"annotation_index":${index},"annotation":${JSON.stringify(annotation)}`,
    );
  }

  encrypted(content: string): void {
    if (!this.#closed) this.item.encrypted_content = content;
  }

  close(status: ItemEnd = 'completed'): void {
    if (this.#closed) return;
    const call = this.#kind?.call;
    if (call && status === 'incomplete') {
      // Codex runs a call as soon as it is done, whatever its status says (0.122.0 and 0.169.0, measured).
      this.abandon();
      return;
    }
    if (call) this.#channel(call);
    this.#closeText();
    this.#closed = true;
    if (this.#kind) this.item.status = status;
    this.#emit?.(
      'response.output_item.done',
      `"output_index":${this.#outputIndex},"item":${JSON.stringify(this.item)}`,
    );
  }

  /** The item stays as it is, without a `done` event. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#open) this.#settle(this.#open);
    if (this.#kind) this.item.status = 'incomplete';
  }

  #write(name: ChannelName, delta: string, logprobs?: readonly JsonObject[]): void {
    if (delta === '' || this.#closed) return;
    const open = this.#channel(name);
    let text = open.held + delta;
    if (endsInHalf(text)) {
      open.held = text.slice(-1);
      text = text.slice(0, -1);
    } else open.held = '';
    if (text !== '') this.#emitDelta(open, wellFormed(text), logprobs);
  }

  #emitDelta(open: OpenText, text: string, logprobs: readonly JsonObject[] = []): void {
    open.text += text;
    if (logprobs.length > 0) open.logprobs.push(...logprobs);
    if (!this.#emit) return;
    const head = `${open.place},"delta":${JSON.stringify(text)}`;
    if (open.name !== 'text') {
      this.#emit(`${open.channel.event}.delta`, head);
      return;
    }
    const told = logprobs.length === 0 ? '[]' : JSON.stringify(logprobs.map(withoutBytes));
    this.#emit('response.output_text.delta', `${head},"logprobs":${told}`);
  }

  /** The open text of that channel; another one is closed before. */
  #channel(name: ChannelName): OpenText {
    if (this.#open?.name === name) return this.#open;
    if (!this.#kind?.channels.includes(name)) throw new Error(`a ${String(this.item.type)} item has no ${name}`);
    this.#closeText();
    this.#open = this.#openText(name, CHANNELS[name]);
    return this.#open;
  }

  #openText(name: ChannelName, channel: Channel): OpenText {
    const open: OpenText = { name, channel, place: this.#place, text: '', held: '', part: undefined, logprobs: [] };
    if (!channel.part) return open;
    const { event, list, type } = channel.part;
    const part: JsonObject = { type, [channel.field]: '' };
    if (type === 'output_text') part.annotations = [];
    const parts = (this.item[list] as JsonObject[] | undefined) ?? [];
    this.item[list] = parts;
    open.place = `${this.#place},"${list}_index":${parts.length}`;
    open.part = part;
    parts.push(part);
    this.#emit?.(`${event}.added`, `${open.place},"part":${JSON.stringify(part)}`);
    return open;
  }

  #closeText(): void {
    const open = this.#open;
    if (!open) return;
    if (open.held !== '') this.#emitDelta(open, wellFormed(open.held));
    this.#settle(open);
    this.#open = undefined;
    if (!this.#emit) return;
    const { event, field, part } = open.channel;
    const logprobs = open.name === 'text' ? `,"logprobs":${JSON.stringify(open.logprobs.map(withoutBytes))}` : '';
    this.#emit(`${event}.done`, `${open.place},"${field}":${JSON.stringify(open.text)}${logprobs}`);
    if (part) this.#emit(`${part.event}.done`, `${open.place},"part":${JSON.stringify(open.part)}`);
  }

  /** Writes the text into the item. */
  #settle(open: OpenText): void {
    const target = open.part ?? this.item;
    target[open.channel.field] = open.text;
    if (open.logprobs.length > 0) target.logprobs = open.logprobs;
  }
}

function newItem(source: NewItem, kind: ItemKind, newId: (prefix: string) => string): JsonObject {
  return { type: source.type, id: newId(kind.prefix), status: 'in_progress', ...kind.fields(source) };
}

/** An item that says no id gets one by its type: `web_search_call` begins with `ws_`, say. */
function withId(item: JsonObject, newId: (prefix: string) => string): JsonObject {
  if (typeof item.id === 'string') return { ...item };
  const initials = String(item.type)
    .replace(/_call$/, '')
    .split('_')
    .map((word) => word.slice(0, 1))
    .join('');
  return { ...item, id: newId(`${initials}_`) };
}

/** Events tell tokens without their bytes, the finished part with them. */
function withoutBytes({ token, logprob, top_logprobs }: JsonObject): JsonObject {
  const top = Array.isArray(top_logprobs) ? (top_logprobs as JsonObject[]) : [];
  return { token, logprob, top_logprobs: top.map((one) => ({ token: one.token, logprob: one.logprob })) };
}

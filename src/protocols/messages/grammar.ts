import {
  asNumber,
  asObject,
  asString,
  dataValue,
  type Grammar,
  type GrammarEvent,
  type GrammarRule,
  type JsonObject,
  parseData,
  quote,
  type Severity,
  type StreamEnd,
  type Violation,
} from '../grammar.ts';

const API = 'Messages API, streaming';
const SDK = '@anthropic-ai/sdk@1.11.0 Stream';

/** Rules of a Messages stream. `tolerant` lets blocks overlap, as llama-server sends them. */
const RULES = {
  'not-json': rule(API, 'error', 'error'),
  'no-type': rule(API, 'error', 'error'),
  // The SDK chooses what to parse by the event line, so an event without one is never seen.
  'event-line': rule(SDK, 'error', 'error'),
  'start-first': rule(API, 'error', 'error'),
  'start-twice': rule(API, 'error', 'error'),
  'block-index': rule(API, 'error', 'error'),
  'blocks-overlap': rule(API, 'error'),
  'block-not-open': rule(API, 'error', 'error'),
  'block-not-stopped': rule(API, 'error', 'error'),
  'delta-type': rule(SDK, 'error', 'error'),
  'input-not-json': rule(SDK, 'error', 'warning'),
  'block-after-delta': rule(API, 'error', 'error'),
  'no-message-delta': rule(API, 'error', 'error'),
  'stop-reason-missing': rule(API, 'error', 'warning'),
  'stop-reason-differs': rule(API, 'error', 'warning'),
  'after-stop': rule(API, 'error', 'error'),
  'no-terminal': rule(API, 'error', 'error'),
} as const satisfies Record<string, GrammarRule>;

type MessagesRule = keyof typeof RULES;

/** Order of a Messages stream. Its terminal events are `message_stop` and `error`; unknown events are let through. */
export const MESSAGES_GRAMMAR: Grammar = { rules: RULES, check };

/** Deltas that belong to the known types of block; a block of another type takes any. */
const DELTAS: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  redacted_thinking: [],
  tool_use: ['input_json_delta'],
  server_tool_use: ['input_json_delta'],
  mcp_tool_use: ['input_json_delta'],
};

function rule(source: string, strict: Severity, tolerant?: Severity): GrammarRule {
  return { source, severity: { strict, ...(tolerant && { tolerant }) } };
}

function check(events: readonly GrammarEvent[], end: StreamEnd): Violation<MessagesRule>[] {
  const run = new Run();
  events.forEach((event, index) => {
    run.read(index, event);
  });
  return run.finish(end);
}

interface BlockState {
  type: string;
  open: boolean;
  input: string;
}

class Run {
  readonly #violations: Violation<MessagesRule>[] = [];
  /** By index; a list would let one event with a huge index make it endless. */
  readonly #blocks = new Map<number, BlockState>();
  #index = -1;
  #started = false;
  #delta = false;
  #stopReason: string | undefined;
  #terminal: string | undefined;

  read(index: number, source: GrammarEvent): void {
    const { name, data } = source;
    this.#index = index;
    const event = asObject(dataValue(source));
    if (!event) {
      this.#report('not-json', `the data is no JSON object: ${quote(data)}`);
      return;
    }
    const type = asString(event.type);
    if (type === undefined) {
      this.#readUntyped(event);
      return;
    }
    if (name !== type) {
      const line = name === undefined ? 'no `event:` line' : `the \`event:\` line says ${name}`;
      this.#report('event-line', `${line}; the SDK goes by it and drops this event`, '/type', type);
    }
    if (this.#terminal !== undefined)
      this.#report('after-stop', `${type} after ${this.#terminal}, which ends the stream`);
    if (!this.#started && Object.hasOwn(this.#handlers, type) && type !== 'message_start' && type !== 'error') {
      this.#report('start-first', `the first event is ${type}, not message_start`);
      this.#started = true;
    }
    if (Object.hasOwn(this.#handlers, type)) this.#handlers[type]!(event);
  }

  finish(end: StreamEnd): Violation<MessagesRule>[] {
    if (this.#terminal === undefined) {
      const how = end === 'truncated' ? 'the connection broke off' : 'the stream ended';
      this.#report('no-terminal', `${how} before message_stop`);
    }
    return this.#violations;
  }

  #readUntyped(event: JsonObject): void {
    if (asObject(event.error)) this.#terminal = 'error';
    this.#report('no-type', '`type` is missing from the data');
  }

  readonly #handlers: Readonly<Record<string, (event: JsonObject) => void>> = {
    message_start: () => {
      if (this.#started) this.#report('start-twice', 'a second message_start');
      this.#started = true;
    },
    content_block_start: (event) => this.#startBlock(event),
    content_block_delta: (event) => this.#readDelta(event),
    content_block_stop: (event) => this.#stopBlock(event),
    message_delta: (event) => this.#readMessageDelta(event),
    message_stop: () => this.#stop(),
    error: () => {
      this.#terminal ??= 'error';
    },
  };

  #startBlock(event: JsonObject): void {
    if (this.#delta) this.#report('block-after-delta', 'a block begins after message_delta');
    const index = asNumber(event.index) ?? this.#blocks.size;
    if (index !== this.#blocks.size) {
      this.#report('block-index', `block ${this.#blocks.size} has index ${index}`, '/index', index);
    }
    for (const [other, block] of this.#blocks) {
      if (block.open) this.#report('blocks-overlap', `block ${other} is still open`, '/index', index);
    }
    const type = asString(asObject(event.content_block)?.type) ?? '';
    this.#blocks.set(index, { type, open: true, input: '' });
  }

  #readDelta(event: JsonObject): void {
    const block = this.#openBlock(event, 'a delta for');
    const delta = asObject(event.delta);
    const type = asString(delta?.type);
    if (!block || type === undefined) return;
    if (Object.hasOwn(DELTAS, block.type) && !DELTAS[block.type]!.includes(type)) {
      this.#report('delta-type', `a ${block.type} block takes no ${type}`, '/delta/type', type);
    }
    block.input += asString(delta?.partial_json) ?? '';
  }

  #stopBlock(event: JsonObject): void {
    const block = this.#openBlock(event, 'the end of');
    if (!block) return;
    block.open = false;
  }

  #openBlock(event: JsonObject, what: string): BlockState | undefined {
    const index = asNumber(event.index) ?? -1;
    const block = this.#blocks.get(index);
    if (block?.open) return block;
    const state = block ? 'which was stopped' : 'which was not started';
    this.#report('block-not-open', `${what} block ${index}, ${state}`, '/index', index);
    return undefined;
  }

  #readMessageDelta(event: JsonObject): void {
    this.#closeBlocks('message_delta');
    this.#delta = true;
    this.#stopReason = asString(asObject(event.delta)?.stop_reason) ?? this.#stopReason;
    this.#checkStopReason();
  }

  #closeBlocks(before: string): void {
    for (const [index, block] of this.#blocks) {
      if (block.open) this.#report('block-not-stopped', `block ${index} is not stopped before ${before}`);
      block.open = false;
    }
  }

  #checkStopReason(): void {
    const reason = this.#stopReason;
    const calls = [...this.#blocks.values()].some((block) => block.type === 'tool_use');
    if (reason === 'tool_use' ? !calls : reason === 'end_turn' && calls) {
      const due = calls ? 'a tool_use block was streamed' : 'no tool_use block was streamed';
      this.#report('stop-reason-differs', due, '/delta/stop_reason', reason);
    }
    // A message cut off by its token limit may end within the JSON.
    if (reason === undefined || reason === 'max_tokens') return;
    for (const [index, block] of this.#blocks) {
      if (block.input === '' || asObject(parseData(block.input))) continue;
      this.#report('input-not-json', `the input of block ${index} is no JSON object: ${quote(block.input)}`);
    }
  }

  #stop(): void {
    this.#closeBlocks('message_stop');
    if (!this.#delta) this.#report('no-message-delta', 'message_stop without a message_delta before it');
    else if (this.#stopReason === undefined)
      this.#report('stop-reason-missing', 'no message_delta said the `stop_reason`');
    this.#terminal ??= 'message_stop';
  }

  #report(broken: MessagesRule, message: string, pointer?: string, value?: unknown): void {
    const where = { ...(pointer !== undefined && { pointer }), ...(value !== undefined && { value }) };
    this.#violations.push({ rule: broken, event: this.#index, message, ...where });
  }
}

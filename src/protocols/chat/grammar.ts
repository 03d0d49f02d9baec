import {
  asArray,
  asNumber,
  asObject,
  asString,
  dataValue,
  type Grammar,
  type GrammarEvent,
  type GrammarRule,
  type JsonObject,
  quote,
  type Severity,
  type StreamEnd,
  type Violation,
} from '../grammar.ts';

const API = 'Chat Completions API, streaming';
const SDK = 'openai@7.55.0 ChatCompletionStream';

/** Rules of a Chat Completions stream. `tolerant` allows what lenient servers do: the role in every chunk, say. */
const RULES = {
  'not-json': rule(API, 'error', 'error'),
  'role-first': rule(API, 'error'),
  'role-again': rule(API, 'error'),
  'id-changes': rule(API, 'error', 'warning'),
  'delta-after-finish': rule(API, 'error', 'error'),
  'finish-twice': rule(API, 'error', 'error'),
  'finish-missing': rule(SDK, 'error', 'error'),
  'finish-reason-differs': rule(API, 'error', 'warning'),
  'tool-call-start': rule(SDK, 'error', 'error'),
  'tool-call-type': rule(API, 'error'),
  'tool-call-order': rule(API, 'error'),
  'tool-call-changes': rule(SDK, 'error', 'error'),
  'usage-not-last': rule(API, 'error', 'error'),
  'after-done-sentinel': rule(SDK, 'error', 'error'),
  'after-error': rule(SDK, 'error', 'error'),
  'no-terminal': rule(API, 'error', 'error'),
} as const satisfies Record<string, GrammarRule>;

type ChatRule = keyof typeof RULES;

/** Order of a Chat Completions stream. Its terminal event is `[DONE]`, or an `error` object in place of a chunk. */
export const CHAT_GRAMMAR: Grammar = { rules: RULES, check };

function rule(source: string, strict: Severity, tolerant?: Severity): GrammarRule {
  return { source, severity: { strict, ...(tolerant && { tolerant }) } };
}

function check(events: readonly GrammarEvent[], end: StreamEnd): Violation<ChatRule>[] {
  const run = new Run();
  events.forEach((event, index) => {
    run.read(index, event);
  });
  return run.finish(end);
}

interface ChoiceState {
  role: boolean;
  finish: string | undefined;
  /** By `index` of the call. */
  calls: Map<number, { id: string | undefined }>;
}

class Run {
  readonly #violations: Violation<ChatRule>[] = [];
  readonly #choices = new Map<number, ChoiceState>();
  #index = -1;
  #id: string | undefined;
  #usage = false;
  #done = false;
  #error = false;

  read(index: number, event: GrammarEvent): void {
    const { data } = event;
    this.#index = index;
    if (this.#done) {
      this.#report('after-done-sentinel', 'an event after `[DONE]`, where clients stop reading');
      return;
    }
    if (data === '[DONE]') {
      this.#done = true;
      return;
    }
    if (this.#error) this.#report('after-error', 'an event after an error, at which clients stop');
    const chunk = asObject(dataValue(event));
    if (!chunk) {
      this.#report('not-json', `the data is neither a JSON object nor \`[DONE]\`: ${quote(data)}`);
      return;
    }
    if (chunk.error !== undefined && chunk.choices === undefined) {
      this.#error = true;
      return;
    }
    this.#readChunk(chunk);
  }

  finish(end: StreamEnd): Violation<ChatRule>[] {
    if (this.#done && !this.#error) {
      for (const [index, state] of this.#choices) {
        if (state.finish === undefined) this.#report('finish-missing', `choice ${index} never got a \`finish_reason\``);
      }
    }
    if (!this.#done && !this.#error) {
      const how = end === 'truncated' ? 'the connection broke off' : 'the stream ended';
      this.#report('no-terminal', `${how} without \`data: [DONE]\``);
    }
    return this.#violations;
  }

  #readChunk(chunk: JsonObject): void {
    const id = asString(chunk.id);
    if (id !== undefined && this.#id !== undefined && id !== this.#id) {
      this.#report('id-changes', `the id was ${this.#id} before`, '/id', id);
    }
    this.#id ??= id;
    const choices = asArray(chunk.choices);
    if (this.#usage && choices.length > 0) {
      this.#report('usage-not-last', 'a chunk with content after the usage chunk', '/choices');
    }
    // Some servers count in every chunk; only a chunk without choices is the usage chunk.
    this.#usage ||= choices.length === 0 && asObject(chunk.usage) !== undefined;
    choices.forEach((choice, position) => {
      this.#readChoice(asObject(choice) ?? {}, `/choices/${position}`);
    });
  }

  #readChoice(choice: JsonObject, pointer: string): void {
    const index = asNumber(choice.index) ?? 0;
    const state = this.#choices.get(index) ?? { role: false, finish: undefined, calls: new Map() };
    const first = !this.#choices.has(index);
    this.#choices.set(index, state);
    const delta = asObject(choice.delta) ?? {};
    this.#checkRole(first, state, delta, pointer);
    if (state.finish !== undefined && carriesContent(delta)) {
      this.#report('delta-after-finish', `choice ${index} was finished (${state.finish})`, `${pointer}/delta`);
    }
    asArray(delta.tool_calls).forEach((call, position) => {
      this.#readCall(state, asObject(call) ?? {}, `${pointer}/delta/tool_calls/${position}`);
    });
    const finish = asString(choice.finish_reason);
    if (finish !== undefined) this.#readFinish(state, finish, `${pointer}/finish_reason`);
  }

  #checkRole(first: boolean, state: ChoiceState, delta: JsonObject, pointer: string): void {
    const role = asString(delta.role);
    if (first && role === undefined) this.#report('role-first', 'the first delta has no `role`', `${pointer}/delta`);
    if (!first && role !== undefined && state.role) {
      this.#report('role-again', '`role` belongs to the first delta alone', `${pointer}/delta/role`, role);
    }
    state.role ||= role !== undefined;
  }

  #readCall(state: ChoiceState, call: JsonObject, pointer: string): void {
    const index = asNumber(call.index) ?? 0;
    const id = asString(call.id);
    const known = state.calls.get(index);
    if (known) {
      if (id !== undefined && id !== '' && known.id !== undefined && id !== known.id) {
        this.#report('tool-call-changes', `call ${index} was ${known.id} before`, `${pointer}/id`, id);
      }
      return;
    }
    const name = asString(asObject(call.function)?.name) ?? asString(asObject(call.custom)?.name);
    const missing = [...(id ? [] : ['id']), ...(name ? [] : ['function.name'])];
    if (missing.length > 0) {
      const names = missing.map((field) => `\`${field}\``).join(' and ');
      this.#report('tool-call-start', `the first delta of call ${index} lacks ${names}`, pointer);
    }
    if (call.type === undefined)
      this.#report('tool-call-type', `the first delta of call ${index} lacks \`type\``, pointer);
    if (index !== state.calls.size) {
      this.#report('tool-call-order', `call ${state.calls.size} has index ${index}`, `${pointer}/index`, index);
    }
    state.calls.set(index, { id });
  }

  #readFinish(state: ChoiceState, finish: string, pointer: string): void {
    if (state.finish !== undefined) {
      this.#report('finish-twice', `it was ${state.finish} before`, pointer, finish);
      return;
    }
    state.finish = finish;
    if (finish === 'tool_calls' && state.calls.size === 0) {
      this.#report('finish-reason-differs', '`tool_calls` without a tool call in the stream', pointer, finish);
    } else if (finish === 'stop' && state.calls.size > 0) {
      this.#report('finish-reason-differs', 'tool calls were streamed, so `tool_calls` is due', pointer, finish);
    }
  }

  #report(broken: ChatRule, message: string, pointer?: string, value?: unknown): void {
    const where = { ...(pointer !== undefined && { pointer }), ...(value !== undefined && { value }) };
    this.#violations.push({ rule: broken, event: this.#index, message, ...where });
  }
}

function carriesContent(delta: JsonObject): boolean {
  return (
    ['content', 'refusal', 'reasoning_content'].some((field) => delta[field]) || asArray(delta.tool_calls).length > 0
  );
}

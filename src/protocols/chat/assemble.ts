import { asArray, asNumber, asObject, asString, type JsonObject } from '../grammar.ts';

export interface AssembledChoice extends JsonObject {
  index: number;
  message: JsonObject;
  /** null: the stream did not say. */
  finish_reason: string | null;
}

/** A chat completion as its chunks tell it; other fields are those of the last chunk that had them. */
export interface AssembledChat extends JsonObject {
  object: 'chat.completion';
  choices: AssembledChoice[];
  /** The error object that stood in place of a chunk. */
  error?: unknown;
}

/** Fields of a chunk that are not the completion's own. */
const OF_CHUNK = new Set(['choices', 'object', 'usage', 'error', 'obfuscation']);

/**
 * The completion that a stream amounts to. Texts of the deltas are joined by field, so a provider's own fields such as
 * `reasoning_content` are kept; tool calls are joined by `index`. Takes any values and never throws.
 * @param chunks parsed data of the events, in order, without `[DONE]`
 */
export function assembleChat(chunks: readonly unknown[]): AssembledChat {
  const result: AssembledChat = { object: 'chat.completion', choices: [] };
  const choices = new Map<number, AssembledChoice>();
  for (const value of chunks) {
    const chunk = asObject(value);
    if (!chunk) continue;
    for (const [name, field] of Object.entries(chunk)) if (!OF_CHUNK.has(name)) setOwn(result, name, field);
    if (asObject(chunk.usage)) result.usage = chunk.usage;
    if (chunk.error !== undefined) result.error = chunk.error;
    for (const choice of asArray(chunk.choices)) readChoice(choices, asObject(choice) ?? {});
  }
  result.choices = [...choices.values()].sort((a, b) => a.index - b.index);
  return result;
}

function readChoice(choices: Map<number, AssembledChoice>, choice: JsonObject): void {
  const index = asNumber(choice.index) ?? 0;
  const state = choices.get(index) ?? { index, message: { role: 'assistant', content: null }, finish_reason: null };
  choices.set(index, state);
  state.finish_reason = asString(choice.finish_reason) ?? state.finish_reason;
  for (const [name, field] of Object.entries(asObject(choice.delta) ?? {})) {
    if (name === 'tool_calls') joinCalls(state.message, asArray(field));
    else if (name === 'role') state.message.role = field;
    else if (typeof field === 'string')
      setOwn(state.message, name, (asString(ownOf(state.message, name)) ?? '') + field);
    else if (field !== null && field !== undefined) setOwn(state.message, name, field);
  }
}

function joinCalls(message: JsonObject, deltas: readonly unknown[]): void {
  message.tool_calls ??= [];
  const calls = message.tool_calls as JsonObject[];
  for (const value of deltas) {
    const delta = asObject(value);
    if (!delta) continue;
    const index = asNumber(delta.index) ?? Math.max(0, calls.length - 1);
    // A gap in the indexes does not leave one in the list.
    const known = calls.find((call) => call.index === index);
    const call = known ?? { index, type: 'function' };
    if (!known) calls.push(call);
    joinCall(call, delta);
  }
}

function joinCall(call: JsonObject, delta: JsonObject): void {
  const id = asString(delta.id);
  if (id) call.id = id;
  if (typeof delta.type === 'string') call.type = delta.type;
  for (const kind of ['function', 'custom']) {
    const part = asObject(delta[kind]);
    if (!part) continue;
    const target = asObject(call[kind]) ?? {};
    call[kind] = target;
    for (const [name, field] of Object.entries(part)) {
      // Names come whole, some servers repeat them; arguments and input grow.
      const grows = name !== 'name' && typeof field === 'string';
      if (grows) setOwn(target, name, (asString(ownOf(target, name)) ?? '') + field);
      else if (field) setOwn(target, name, field);
    }
  }
}

function ownOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A field named `__proto__` in foreign JSON must become a field, not the prototype. */
function setOwn(object: JsonObject, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

import { asArray, asNumber, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { CALLS_PATH, type CallHost, GrowingCall } from './calls.ts';

/** A message that came whole: each entry is a call of its own, although some servers give them no ids or all the same one. */
export function numberCalls(message: JsonObject): JsonObject {
  const calls = asArray(message.tool_calls);
  if (calls.length < 2) return message;
  return { ...message, tool_calls: calls.map((call, index) => (asObject(call) ? { ...asObject(call), index } : call)) };
}

/** The calls of one answer, found by what a delta says of them. */
export class CallList {
  readonly #host: CallHost;
  readonly #byIndex = new Map<number, GrowingCall>();
  readonly #byId = new Map<string, GrowingCall>();
  /** Those that are not closed, in order. */
  readonly #open = new Set<GrowingCall>();
  #last: GrowingCall | undefined;

  constructor(host: CallHost) {
    this.#host = host;
  }

  /** Whether every call that has begun is whole. */
  get whole(): boolean {
    for (const call of this.#open) if (call.hasArguments && !call.whole) return false;
    return true;
  }

  /** One entry of `tool_calls`, of a delta or of a whole message. */
  push(entry: unknown): void {
    const delta = asObject(entry);
    if (!delta) {
      this.#host.losses.add(CALLS_PATH, 'value', 'this is no call');
      return;
    }
    const details = asObject(delta.function) ?? asObject(delta.custom) ?? {};
    const id = asString(delta.id) ?? '';
    const name = asString(details.name) ?? '';
    const text = readArguments(details);
    this.#find(asNumber(delta.index), id, name, text).push(id, name, text);
  }

  /** Closes the calls that are told and whole. */
  closeWhole(): void {
    for (const call of this.#open) if (call.told && call.whole) this.#close(call);
  }

  closeAll(): void {
    for (const call of this.#open) this.#close(call);
  }

  #close(call: GrowingCall): void {
    this.#open.delete(call);
    call.close();
  }

  #find(index: number | undefined, id: string, name: string, text: string): GrowingCall {
    const known = index === undefined ? (this.#byId.get(id) ?? this.#last) : this.#byIndex.get(index);
    if (known && !isAnother(known, id, name, text)) return known;
    const call = new GrowingCall(this.#host);
    this.#open.add(call);
    this.#last = call;
    if (index !== undefined) this.#byIndex.set(index, call);
    if (id !== '') this.#byId.set(id, call);
    return call;
  }
}

/**
 * Some providers give every call the same index, or none: an id beside a name is another call's when it is another id, and
 * so is a name without an id behind whole arguments.
 */
function isAnother(known: GrowingCall, id: string, name: string, text: string): boolean {
  if (name === '' || known.name === '') return false;
  if (id !== '') return known.id !== '' && id !== known.id;
  return text !== '' && known.whole;
}

/** Arguments are text; some providers give them as an object. A custom call has `input`. */
function readArguments(details: Record<string, unknown>): string {
  const value = details.arguments ?? details.input;
  if (typeof value === 'string') return value;
  const object = asObject(value);
  return object ? JSON.stringify(object) : '';
}

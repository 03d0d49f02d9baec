import { sha256Hex } from '../../util/sha256.ts';
import type { TranslateContext } from '../types.ts';

/** OpenAI refuses a longer `call_id` ("string too long. Expected a string with maximum length 64"). */
const OPENAI_CALL_IDS = { pattern: /^[\s\S]+$/, length: 64 };

export type CallKind = 'function' | 'custom';

/** The calls of a conversation on its way to a Responses provider. */
export class ResponsesCalls {
  /** By the provider's id, the client's; only those that differ. */
  readonly callIds = new Map<string, string>();
  readonly #context: TranslateContext;
  /** By the client's id. */
  readonly #calls = new Map<string, { callId: string; kind: CallKind }>();
  /** Names of calls without an id, oldest first, as the `functions` of old have them. */
  readonly #unnamed: { name: string; callId: string }[] = [];

  constructor(context: TranslateContext) {
    this.#context = context;
  }

  /** @returns the `call_id` of a call that the client gave this id */
  add(id: string | undefined, kind: CallKind, name: string): string {
    if (id === undefined || id === '') {
      const callId = this.#fit(this.#context.newId('call_'));
      this.#unnamed.push({ name, callId });
      return callId;
    }
    const callId = this.#fit(id);
    if (callId !== id) this.callIds.set(callId, id);
    this.#calls.set(id, { callId, kind });
    return callId;
  }

  /** The call that an output answers; undefined when there is none before it, which OpenAI refuses. */
  find(id: string): { callId: string; kind: CallKind } | undefined {
    return this.#calls.get(id);
  }

  /** The oldest call of that name that had no id and has no output. */
  takeUnnamed(name: string): string | undefined {
    const at = this.#unnamed.findIndex((call) => call.name === name);
    return at < 0 ? undefined : this.#unnamed.splice(at, 1)[0]!.callId;
  }

  /** The id as it is when the provider takes it, else one made of it: the same in every turn of a conversation. */
  #fit(id: string): string {
    const rule = this.#context.dialect.callIds ?? OPENAI_CALL_IDS;
    const fits = (text: string) => text.length <= rule.length && rule.pattern.test(text);
    if (fits(id)) return id;
    const hash = sha256Hex(id);
    const made = `call_${hash.slice(0, 32)}`;
    return fits(made) ? made : hash.slice(0, rule.length);
  }
}

import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { sha256Hex } from '../../util/sha256.ts';
import type { Dialect } from '../dialects.ts';

/** Items of a Responses request that answer a call. */
const OUTPUT_TYPES: ReadonlySet<unknown> = new Set([
  'function_call_output',
  'custom_tool_call_output',
  'local_shell_call_output',
  'tool_search_output',
]);

/** The ids of the calls of one history, as the client and as the provider know them. */
export interface CallBook {
  /** The next call with that id. `answered`: an output for it comes later. */
  open(clientId: string): { id: string; answered: boolean };
  /** The next output for that id. @returns the provider's id of the call; undefined when there is none to answer */
  answer(clientId: string): string | undefined;
  /** Provider's id to client's, of those that differ. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** The id that joins a call and its output. `local_shell_call_output` has it in `id`, as the API's types say; Codex in `call_id`. */
export function callIdOf(item: JsonObject): string {
  return asString(item.call_id) ?? asString(item.id) ?? '';
}

/** @param input the items, which tell in advance which calls have outputs */
export function createCallBook(input: unknown, rule: Dialect['callIds']): CallBook {
  const outputs = countOutputs(input);
  /** By the client's id: calls that wait for an output. */
  const waiting = new Map<string, string[]>();
  const used = new Set<string>();
  const renamed = new Map<string, string>();
  return {
    renamed,
    open(clientId) {
      const id = freeId(clientId, rule, used);
      used.add(id);
      if (id !== clientId) renamed.set(id, clientId);
      const queue = waiting.get(clientId) ?? [];
      const answered = (outputs.get(clientId) ?? 0) > queue.length;
      if (answered) waiting.set(clientId, [...queue, id]);
      return { id, answered };
    },
    answer(clientId) {
      outputs.set(clientId, (outputs.get(clientId) ?? 0) - 1);
      return waiting.get(clientId)?.shift();
    },
  };
}

function countOutputs(input: unknown): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of asArray(input)) {
    const item = asObject(value);
    if (!item || !OUTPUT_TYPES.has(item.type)) continue;
    const id = callIdOf(item);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** The client's id when the provider takes it and no other call has it, else one made of it, the same in every request. */
function freeId(clientId: string, rule: Dialect['callIds'], used: ReadonlySet<string>): string {
  const fits = (id: string) =>
    id !== '' && !used.has(id) && (!rule || (id.length <= rule.length && rule.pattern.test(id)));
  if (fits(clientId)) return clientId;
  for (let attempt = 0; ; attempt += 1) {
    const hash = sha256Hex(`${clientId}#${attempt}`);
    // Nine characters are too few for a prefix; Mistral's ids have no underscore either.
    const id = [`call_${hash.slice(0, 24)}`, hash.slice(0, rule?.length ?? 24)].find(fits);
    if (id !== undefined) return id;
    // A rule that no hash fits: an id that is told apart from the others is better than none.
    if (rule && attempt > 100) return `${hash.slice(0, rule.length)}`;
  }
}

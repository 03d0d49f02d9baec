import { asObject, asString, type JsonObject, parseData } from '../protocols/grammar.ts';
import { problemOf } from './problem.ts';
import type { Hop, Plan, StreamStep } from './types.ts';

/** The conversations that Responses clients go on with by `previous_response_id`. */
export interface ResponseMemory {
  /** All items of the conversation up to and with that response; undefined when it is not known (any more). */
  get(id: string): readonly unknown[] | undefined;
  set(id: string, items: readonly unknown[]): void;
}

/**
 * Gives a provider that keeps nothing the whole conversation: `previous_response_id` is looked up and its items put in front of the new
 * ones. A response is remembered unless its request said `store: false`, as Codex's do over HTTP.
 */
export function withMemory(hop: Hop, memory: ResponseMemory): Hop {
  return {
    ...hop,
    request(body, context) {
      const { previous_response_id: id } = body;
      const before = typeof id === 'string' ? memory.get(id) : [];
      if (before === undefined) {
        const message = `Previous response with id '${id}' not found.`;
        return problemOf(400, 'previous_response_not_found', message);
      }
      const items = inputItems(body.input);
      const translated = hop.request(withHistory(body, before, items), context);
      if ('problem' in translated || body.store === false) return translated;
      // In this order: fields that are added behind those of another object cost V8 microseconds each.
      return { ...translated, plan: { history: [...before, ...items], ...translated.plan } };
    },
    response(body, context) {
      const translated = hop.response(body, context);
      remember(memory, context.plan, translated.body);
      return translated;
    },
    stream(context) {
      const stream = hop.stream(context);
      if (context.plan.history === undefined) return stream;
      const look = (step: StreamStep): StreamStep => {
        for (const { name, data } of step.events) {
          if (name !== 'response.completed' && name !== 'response.incomplete') continue;
          remember(memory, context.plan, asObject(asObject(parseData(data))?.response) ?? {});
        }
        return step;
      };
      return { push: (event) => look(stream.push(event)), end: (how) => look(stream.end(how)) };
    },
  };
}

/** The request as a provider gets it that does not know what came before. */
function withHistory(body: JsonObject, before: readonly unknown[], items: readonly unknown[]): JsonObject {
  const { previous_response_id: _, ...rest } = body;
  return before.length > 0 ? { ...rest, input: [...before, ...items] } : rest;
}

/** A conversation goes on from what it was compacted to. One that failed goes on from where it was. */
function remember(memory: ResponseMemory, { history, compacting }: Plan, response: JsonObject): void {
  const { output, status } = response;
  const id = asString(response.id);
  if (id === undefined || !history || !Array.isArray(output) || status === 'failed') return;
  memory.set(id, compacting ? output : [...history, ...output]);
}

/** The items of a request's input; a text is a user's message. */
export function inputItems(input: unknown): unknown[] {
  if (Array.isArray(input)) return input;
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : [];
}

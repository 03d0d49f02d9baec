import type { Protocol } from '../../../util/types.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { StreamEvent } from '../../provider/events.ts';
import type { ScriptedItem } from '../../provider/responses.ts';
import type { Answer } from '../../script.ts';

type Json = Record<string, unknown>;

/** Changes one JSON object of an answer in place: an event's data, or the whole document. */
export type Change = (data: Json) => void;

/** Makes the provider say something in whatever protocol it is asked, changed in the words of that protocol. */
export function say(t: Trial, items: readonly ScriptedItem[], changes: Record<Protocol, Change>): void {
  t.upstream.answer((request, context) =>
    changed(answerItems({ items })(request, context), changes[request.protocol ?? 'responses']),
  );
}

/** An answer with a change made to each of its objects; an event is called what its data is called afterwards. */
export function changed(answer: Answer, change: Change): Answer {
  if (answer.kind === 'events') return { ...answer, events: answer.events.map((event) => changedEvent(event, change)) };
  if (answer.kind !== 'body' || typeof answer.body === 'string') return answer;
  const body = structuredClone(answer.body) as Json;
  change(body);
  return { ...answer, body };
}

function changedEvent(event: StreamEvent, change: Change): StreamEvent {
  if (typeof event.data === 'string') return event;
  const data = structuredClone(event.data) as Json;
  change(data);
  return { ...(event.event === undefined ? {} : { event: String(data.type) }), data };
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** Ends an answer as cut at its limit, or by a filter, in the words of each protocol. */
export function ending(how: 'length' | 'filter'): Record<Protocol, Change> {
  const chat = { length: 'length', filter: 'content_filter' }[how];
  const messages = { length: 'max_tokens', filter: 'refusal' }[how];
  const reason = { length: 'max_output_tokens', filter: 'content_filter' }[how];
  return {
    responses(data) {
      const response = (data.object === 'response' ? data : data.response) as Json | undefined;
      if (response?.status !== 'completed') return;
      if (data.type === 'response.completed') data.type = 'response.incomplete';
      response.status = 'incomplete';
      response.incomplete_details = { reason };
      const last = listOf(response.output).at(-1);
      if (last) last.status = 'incomplete';
    },
    chat(data) {
      for (const choice of listOf(data.choices)) if (choice.finish_reason) choice.finish_reason = chat;
    },
    messages(data) {
      const place = (data.type === 'message_delta' ? data.delta : data) as Json;
      if (place.stop_reason) place.stop_reason = messages;
    },
  };
}

/** Tokens as a provider counted them: all of the input, how much of it was cached, and all of the output. */
export interface Counted {
  input: number;
  cached: number;
  output: number;
  /** Of the output; Messages does not tell it. */
  reasoning: number;
}

/** Puts these tokens into every usage, in the words of each protocol: Messages counts what was cached beside the input. */
export function counting({ input, cached, output, reasoning }: Counted): Record<Protocol, Change> {
  const total_tokens = input + output;
  const put = (holder: Json | undefined, usage: Json) => {
    if (holder?.usage) holder.usage = { ...(holder.usage as Json), ...usage };
  };
  return {
    responses: (data) =>
      put((data.object === 'response' ? data : data.response) as Json | undefined, {
        ...{ input_tokens: input, input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 } },
        ...{ output_tokens: output, output_tokens_details: { reasoning_tokens: reasoning }, total_tokens },
      }),
    chat: (data) =>
      put(data, {
        ...{ prompt_tokens: input, prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 } },
        ...{ completion_tokens: output, completion_tokens_details: { reasoning_tokens: reasoning }, total_tokens },
      }),
    messages(data) {
      const inputs = { input_tokens: input - cached, cache_read_input_tokens: cached };
      if (data.type === 'message_start') put(data.message as Json, inputs);
      else put(data, { ...inputs, output_tokens: output });
    },
  };
}

import type { Protocol } from '../../../util/types.ts';
import type { Trial } from '../../harness/trial.ts';

type Json = Record<string, unknown>;

/** One thing of a conversation, in words that every protocol has. Consecutive calls are calls of one answer. */
export type Past =
  | { user: string }
  | { assistant: string }
  | { call: string; name?: string; arguments: Json }
  /** Parts are texts, or PNGs in base64. */
  | { result: string; output: string | readonly ({ text: string } | { image: string })[]; failed?: true }
  /** Responses alone. */
  | { developer: string };

const BUILDERS: Record<Protocol, (items: readonly Past[], name: string) => Json> = {
  responses: (items, name) => ({ input: items.map((item) => responsesItem(item, name)) }),
  chat: (items, name) => ({ messages: items.reduce<Json[]>((list, item) => addToChat(list, item, name), []) }),
  messages: (items, name) => ({ messages: items.reduce<Json[]>((list, item) => addToMessages(list, item, name), []) }),
};

/** Body of a request whose conversation is this; the marker stands in its first text of the user. */
export function conversation(t: Trial, items: readonly Past[], more: Json = {}): Json {
  const first = items.findIndex((item) => 'user' in item);
  const marked = items.map(
    (item, i): Past => (i === first && 'user' in item ? { user: `${item.user} [${t.marker}]` } : item),
  );
  return { ...t.prompt(), ...BUILDERS[t.protocol](marked, 'get_weather'), ...more };
}

function responsesItem(item: Past, name: string): Json {
  const message = (role: string, type: string, text: string) => ({ type: 'message', role, content: [{ type, text }] });
  if ('user' in item) return message('user', 'input_text', item.user);
  if ('developer' in item) return message('developer', 'input_text', item.developer);
  if ('assistant' in item) return message('assistant', 'output_text', item.assistant);
  if ('call' in item)
    return {
      type: 'function_call',
      call_id: item.call,
      name: item.name ?? name,
      arguments: JSON.stringify(item.arguments),
    };
  const part = (one: { text: string } | { image: string }) =>
    'text' in one
      ? { type: 'input_text', text: one.text }
      : { type: 'input_image', image_url: `data:image/png;base64,${one.image}` };
  const output = typeof item.output === 'string' ? item.output : item.output.map(part);
  return { type: 'function_call_output', call_id: item.result, output };
}

function addToChat(list: Json[], item: Past, name: string): Json[] {
  if ('user' in item) return [...list, { role: 'user', content: item.user }];
  if ('developer' in item) return [...list, { role: 'developer', content: item.developer }];
  if ('assistant' in item) return [...list, { role: 'assistant', content: item.assistant }];
  if ('call' in item) {
    const call = { name: item.name ?? name, arguments: JSON.stringify(item.arguments) };
    const made = { id: item.call, type: 'function', function: call };
    const last = list.at(-1);
    if (last?.role !== 'assistant') return [...list, { role: 'assistant', content: null, tool_calls: [made] }];
    return [...list.slice(0, -1), { ...last, tool_calls: [...((last.tool_calls as Json[]) ?? []), made] }];
  }
  const content =
    typeof item.output === 'string'
      ? item.output
      : item.output.flatMap((one) => ('text' in one ? { type: 'text', ...one } : []));
  return [...list, { role: 'tool', tool_call_id: item.result, content }];
}

function addToMessages(list: Json[], item: Past, name: string): Json[] {
  const [role, block] = messagesBlock(item, name);
  const last = list.at(-1);
  if (last?.role !== role) return [...list, { role, content: [block] }];
  return [...list.slice(0, -1), { ...last, content: [...(last.content as Json[]), block] }];
}

function messagesBlock(item: Past, name: string): ['user' | 'assistant', Json] {
  if ('user' in item) return ['user', { type: 'text', text: item.user }];
  if ('developer' in item) return ['user', { type: 'text', text: item.developer }];
  if ('assistant' in item) return ['assistant', { type: 'text', text: item.assistant }];
  if ('call' in item)
    return ['assistant', { type: 'tool_use', id: item.call, name: item.name ?? name, input: item.arguments }];
  const part = (one: { text: string } | { image: string }) =>
    'text' in one
      ? { type: 'text', text: one.text }
      : { type: 'image', source: { type: 'base64', media_type: 'image/png', data: one.image } };
  const content = typeof item.output === 'string' ? item.output : item.output.map(part);
  const failed = item.failed ? { is_error: true } : {};
  return ['user', { type: 'tool_result', tool_use_id: item.result, content, ...failed }];
}

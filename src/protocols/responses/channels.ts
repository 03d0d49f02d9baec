import { asArray, asObject, asString, type JsonObject } from '../grammar.ts';

/** The kinds of channel: field of the `done` event, name of the index, and the part that must be open. */
export interface ChannelKind {
  field: string;
  index?: 'content_index' | 'summary_index';
  part?: 'content' | 'summary';
}

/** By event type without `.delta` or `.done`. */
export const CHANNELS: Readonly<Record<string, ChannelKind>> = {
  'response.output_text': { field: 'text', index: 'content_index', part: 'content' },
  'response.refusal': { field: 'refusal', index: 'content_index', part: 'content' },
  'response.reasoning_text': { field: 'text', index: 'content_index' },
  'response.reasoning_summary_text': { field: 'text', index: 'summary_index', part: 'summary' },
  'response.function_call_arguments': { field: 'arguments' },
  'response.custom_tool_call_input': { field: 'input' },
  'response.mcp_call_arguments': { field: 'arguments' },
  'response.code_interpreter_call_code': { field: 'code' },
};

/** Where a finished item repeats the texts of its channels. */
const FINAL_TEXTS: Readonly<Record<string, (item: JsonObject) => [channel: string, pointer: string, text: unknown][]>> =
  {
    message: (item) =>
      asArray(item.content).map((part, i) => {
        const refusal = asObject(part)?.type === 'refusal';
        const field = refusal ? 'refusal' : 'text';
        return [
          `response.${refusal ? 'refusal' : 'output_text'} ${i}`,
          `/content/${i}/${field}`,
          asObject(part)?.[field],
        ];
      }),
    reasoning: (item) => [
      ...indexedTexts(item.summary, 'response.reasoning_summary_text', 'summary'),
      ...indexedTexts(item.content, 'response.reasoning_text', 'content'),
    ],
    function_call: (item) => [['response.function_call_arguments 0', '/arguments', item.arguments]],
    custom_tool_call: (item) => [['response.custom_tool_call_input 0', '/input', item.input]],
    mcp_call: (item) => [['response.mcp_call_arguments 0', '/arguments', item.arguments]],
    code_interpreter_call: (item) => [['response.code_interpreter_call_code 0', '/code', item.code]],
  };

/** The texts that a finished item repeats, with the key of the channel and the pointer within the item. */
export function finalTexts(item: JsonObject): [channel: string, pointer: string, text: unknown][] {
  const type = asString(item.type) ?? '';
  return Object.hasOwn(FINAL_TEXTS, type) ? FINAL_TEXTS[type]!(item) : [];
}

function indexedTexts(list: unknown, channel: string, name: string): [string, string, unknown][] {
  return asArray(list).map((part, i) => [`${channel} ${i}`, `/${name}/${i}/text`, asObject(part)?.text]);
}

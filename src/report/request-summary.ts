import type { Protocol } from '../util/types.ts';
import { asText, type Fields, fieldsOf, jsonOf, listOf, nameOf, textOf } from './fields.ts';

/** What a request asks for, short enough to read. */
export interface RequestSummary {
  model?: string;
  stream: boolean;
  /** Characters of `instructions` or `system`. */
  instructions?: number;
  items: ItemSummary[];
  tools: ToolSummary[];
  /** Every other field of the body, as JSON. */
  settings: Record<string, string>;
}

export interface ItemSummary {
  role?: string;
  type: string;
  /** What it says, whole; the printer cuts it. */
  text: string;
  /** Characters of the item as JSON. */
  chars: number;
}

export interface ToolSummary {
  kind: string;
  name?: string;
  /** Tools inside a namespace, or an additional-tools item. */
  inner?: ToolSummary[];
}

/** A request of one of the three protocols; undefined for anything else. */
export function summariseRequest(protocol: Protocol | null, body: unknown): RequestSummary | undefined {
  const fields = fieldsOf(body);
  if (protocol === null || Object.keys(fields).length === 0) return undefined;
  return SUMMARIES[protocol](fields);
}

const SUMMARIES: Record<Protocol, (body: Fields) => RequestSummary> = {
  responses: (body) => {
    const input =
      typeof body.input === 'string' ? [{ type: 'message', role: 'user', content: body.input }] : body.input;
    const carried = listOf(input)
      .map(fieldsOf)
      .filter((item) => item.type === 'additional_tools')
      .flatMap((item) => listOf(item.tools));
    return {
      ...common(body, 'input', 'instructions'),
      ...sized('instructions', body.instructions),
      items: listOf(input).map(summariseItem),
      tools: [...listOf(body.tools), ...carried].map(summariseTool),
    };
  },
  chat: (body) => ({
    ...common(body, 'messages'),
    items: listOf(body.messages).map((message) => summariseMessage(fieldsOf(message))),
    tools: listOf(body.tools).map(summariseTool),
  }),
  messages: (body) => ({
    ...common(body, 'messages', 'system'),
    ...sized('instructions', typeof body.system === 'string' ? body.system : partsText(body.system)),
    items: listOf(body.messages).map((message) => summariseMessage(fieldsOf(message))),
    tools: listOf(body.tools).map(summariseTool),
  }),
};

function common(body: Fields, ...shown: string[]): Pick<RequestSummary, 'model' | 'stream' | 'settings'> {
  const model = nameOf(body.model);
  const rest = Object.entries(body).filter(([name]) => !['model', 'stream', 'tools', ...shown].includes(name));
  return {
    ...(model === undefined ? {} : { model }),
    stream: body.stream === true,
    settings: Object.fromEntries(rest.map(([name, value]) => [name, jsonOf(value)])),
  };
}

function sized(name: 'instructions', value: unknown): { instructions?: number } {
  return typeof value === 'string' && value !== '' ? { [name]: value.length } : {};
}

/** What an input item of the Responses protocol says, by its type. */
const ITEM_TEXTS: Record<string, (item: Fields) => string> = {
  message: (item) => (typeof item.content === 'string' ? item.content : partsText(item.content)),
  function_call: (item) => `${qualified(item)}(${asText(item.arguments)})`,
  custom_tool_call: (item) => `${qualified(item)} ${asText(item.input)}`,
  local_shell_call: (item) => asText(item.action),
  web_search_call: (item) => asText(item.action),
  function_call_output: (item) => outputText(item.output),
  custom_tool_call_output: (item) => outputText(item.output),
  local_shell_call_output: (item) => outputText(item.output),
  reasoning: (item) => [partsText(item.summary), partsText(item.content), encrypted(item)].filter(Boolean).join(' '),
  compaction: encrypted,
  compaction_trigger: () => '',
  additional_tools: (item) => `${listOf(item.tools).length} tools`,
};

function summariseItem(value: unknown): ItemSummary {
  const item = fieldsOf(value);
  // The Responses protocol lets a message go without its type.
  const type = nameOf(item.type) ?? (item.role === undefined ? 'unknown' : 'message');
  const role = nameOf(item.role);
  const text = Object.hasOwn(ITEM_TEXTS, type) ? ITEM_TEXTS[type]!(item) : asText(value);
  return { ...(role === undefined ? {} : { role }), type, text, chars: asText(value).length };
}

function qualified(item: Fields): string {
  return [nameOf(item.namespace), textOf(item.name)].filter((part) => part !== undefined).join('.');
}

function encrypted(item: Fields): string {
  const content = nameOf(item.encrypted_content);
  return content === undefined ? '' : `[encrypted, ${content.length} characters]`;
}

function outputText(output: unknown): string {
  return Array.isArray(output) ? partsText(output) : asText(output);
}

function summariseMessage(message: Fields): ItemSummary {
  const calls = listOf(message.tool_calls).map((call) => {
    const { name, arguments: args } = fieldsOf(fieldsOf(call).function);
    return `${textOf(name)}(${asText(args)})`;
  });
  const content = typeof message.content === 'string' ? message.content : partsText(message.content);
  return {
    ...(nameOf(message.role) === undefined ? {} : { role: textOf(message.role) }),
    type: message.role === 'tool' ? 'tool result' : calls.length > 0 ? 'tool calls' : blockTypes(message.content),
    text: [content, ...calls].filter(Boolean).join(' '),
    chars: asText(message).length,
  };
}

function blockTypes(content: unknown): string {
  const types = new Set(listOf(content).map((part) => textOf(fieldsOf(part).type)));
  types.delete('text');
  return types.size === 0 ? 'message' : [...types].join(', ');
}

/** What one content part says, by its type: parts of all three protocols. */
const PART_TEXTS: Record<string, (part: Fields) => string> = {
  input_image: (part) => `[image ${imageSize(part.image_url)}]`,
  image_url: (part) => `[image ${imageSize(fieldsOf(part.image_url).url)}]`,
  image: (part) => `[image ${imageSize(fieldsOf(part.source).data)}]`,
  tool_use: (part) => `${textOf(part.name)}(${asText(part.input)})`,
  tool_result: (part) => (typeof part.content === 'string' ? part.content : partsText(part.content)),
  thinking: (part) => textOf(part.thinking),
  refusal: (part) => textOf(part.refusal),
};

function partsText(parts: unknown): string {
  return listOf(parts)
    .map((value) => {
      const part = fieldsOf(value);
      const type = textOf(part.type);
      if (Object.hasOwn(PART_TEXTS, type)) return PART_TEXTS[type]!(part);
      return typeof part.text === 'string' ? part.text : `[${type || 'unknown'}]`;
    })
    .join(' ');
}

function imageSize(value: unknown): string {
  const text = textOf(value);
  return /^https?:/.test(text) ? text : `${text.length} characters`;
}

function summariseTool(value: unknown): ToolSummary {
  const tool = fieldsOf(value);
  const name = nameOf(tool.name) ?? nameOf(fieldsOf(tool.function).name);
  const inner = listOf(tool.tools).map(summariseTool);
  return {
    // Tools of the Messages protocol have a type only when the provider runs them.
    kind: nameOf(tool.type) ?? 'tool',
    ...(name === undefined ? {} : { name }),
    ...(inner.length === 0 ? {} : { inner }),
  };
}

import type { Protocol } from '../../../util/types.ts';

type Json = Record<string, unknown>;

/** What a request tells a model, in whatever protocol: what a translation has to keep. */
export interface ToldModel {
  /** Instructions, system and developer texts, joined in order. */
  system: string;
  /** What was said and called, in order. */
  turns: Turn[];
  tools: { name: string; description: string; parameters: unknown }[];
  /** `none`, `auto`, `required`, or the name of the tool that must be called; undefined where nothing is said. */
  choice: string | undefined;
  /** Whether several calls at once are allowed; undefined where nothing is said. */
  parallel: boolean | undefined;
  /** Texts at which the answer stops. */
  stop: unknown;
  /** Whatever says how much to think; undefined where nothing does. */
  effort: unknown;
  topP: unknown;
  maxTokens: unknown;
  temperature: unknown;
  /** Whether a schema for the answer stands somewhere. */
  schema: unknown;
  stream: boolean;
}

export type Turn =
  | { kind: 'text'; role: 'user' | 'assistant'; text: string }
  | { kind: 'image'; data: string }
  | { kind: 'call'; id: string; name: string; arguments: unknown }
  | { kind: 'result'; id: string; text: string };

const READERS: Record<Protocol, (json: Json) => ToldModel> = {
  responses: readResponses,
  chat: readChat,
  messages: readMessages,
};

/** Reads the request that a provider of that protocol got. Never throws; what is not understood is left out. */
export function readToldModel(protocol: Protocol, json: Json): ToldModel {
  return READERS[protocol](json);
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]).filter((one) => typeof one === 'object' && one !== null) : [];
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return list(value)
    .map((part) => (typeof part.text === 'string' ? part.text : ''))
    .join('');
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** The base64 of a data URL. */
function dataOf(url: unknown): string {
  return typeof url === 'string' ? (/^data:[^,]*;base64,(.*)$/s.exec(url)?.[1] ?? url) : '';
}

const IMAGES: Record<string, (part: Json) => string> = {
  input_image: (part) => dataOf(part.image_url),
  image_url: (part) => dataOf((part.image_url as Json | undefined)?.url ?? part.image_url),
  image: (part) => String((part.source as Json | undefined)?.data ?? (part.source as Json | undefined)?.url ?? ''),
};

function contentTurns(role: 'user' | 'assistant', content: unknown): Turn[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', role, text: content }];
  return list(content).flatMap((part): Turn[] => {
    const image = IMAGES[String(part.type)];
    if (image) return [{ kind: 'image', data: image(part) }];
    return typeof part.text === 'string' ? [{ kind: 'text', role, text: part.text }] : [];
  });
}

function isInstruction(role: unknown): boolean {
  return role === 'system' || role === 'developer';
}

function toolOf({ name, description }: Json, parameters: unknown): ToldModel['tools'][number] {
  return { name: String(name), description: typeof description === 'string' ? description : '', parameters };
}

function booleanOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** Messages says `any` where OpenAI says `required`; a tool is named at the top, or under its kind. */
function choiceOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const choice = value as Json;
  const inner = (choice.function ?? choice.custom ?? choice) as Json;
  if (typeof inner.name === 'string') return inner.name;
  const mode = choice.type === 'allowed_tools' ? (choice.mode ?? (choice.allowed_tools as Json)?.mode) : choice.type;
  return mode === 'any' ? 'required' : String(mode);
}

function readResponses(json: Json): ToldModel {
  const input = typeof json.input === 'string' ? [{ role: 'user', content: json.input }] : list(json.input);
  const instructions = input.filter(({ role }) => isInstruction(role)).map(({ content }) => text(content));
  return {
    system: [text(json.instructions), ...instructions].filter(Boolean).join('\n'),
    turns: input.flatMap((item: Json): Turn[] => {
      const id = String(item.call_id);
      if (item.type === 'function_call' || item.type === 'custom_tool_call')
        return [{ kind: 'call', id, name: String(item.name), arguments: parsed(item.arguments ?? item.input) }];
      if (String(item.type).endsWith('_output'))
        return [
          { kind: 'result', id, text: text(item.output) },
          ...contentTurns('user', item.output).filter(({ kind }) => kind === 'image'),
        ];
      if (item.role === 'user' || item.role === 'assistant') return contentTurns(item.role, item.content);
      return [];
    }),
    tools: list(json.tools).map((tool) => toolOf(tool, tool.parameters)),
    choice: choiceOf(json.tool_choice),
    parallel: booleanOf(json.parallel_tool_calls),
    stop: undefined,
    effort: (json.reasoning as Json | undefined)?.effort,
    topP: json.top_p,
    maxTokens: json.max_output_tokens,
    temperature: json.temperature,
    schema: ((json.text as Json | undefined)?.format as Json | undefined)?.schema,
    stream: json.stream === true,
  };
}

function readChat(json: Json): ToldModel {
  const messages = list(json.messages);
  const format = json.response_format as Json | undefined;
  return {
    system: messages
      .filter(({ role }) => isInstruction(role))
      .map(({ content }) => text(content))
      .join('\n'),
    turns: messages.flatMap((message): Turn[] => {
      if (message.role === 'tool')
        return [{ kind: 'result', id: String(message.tool_call_id), text: text(message.content) }];
      if (message.role !== 'user' && message.role !== 'assistant') return [];
      const calls = list(message.tool_calls).map((call): Turn => {
        const { name, arguments: args } = (call.function ?? {}) as Json;
        return { kind: 'call', id: String(call.id), name: String(name), arguments: parsed(args) };
      });
      return [...contentTurns(message.role, message.content), ...calls];
    }),
    tools: list(json.tools).map((tool) => {
      const inner = (tool.function ?? tool.custom ?? {}) as Json;
      return toolOf(inner, inner.parameters);
    }),
    choice: choiceOf(json.tool_choice),
    parallel: booleanOf(json.parallel_tool_calls),
    stop: json.stop,
    effort: json.reasoning_effort ?? json.reasoning,
    topP: json.top_p,
    maxTokens: json.max_completion_tokens ?? json.max_tokens,
    temperature: json.temperature,
    schema: (format?.json_schema as Json | undefined)?.schema,
    stream: json.stream === true,
  };
}

function readMessages(json: Json): ToldModel {
  const single = booleanOf((json.tool_choice as Json | undefined)?.disable_parallel_tool_use);
  const format = ((json.output_config as Json | undefined)?.format ?? json.output_format) as Json | undefined;
  return {
    system: text(json.system),
    turns: list(json.messages).flatMap(({ role, content }): Turn[] => {
      const speaker = role === 'assistant' ? 'assistant' : 'user';
      if (typeof content === 'string') return contentTurns(speaker, content);
      return list(content).flatMap((block): Turn[] => {
        if (block.type === 'tool_use')
          return [{ kind: 'call', id: String(block.id), name: String(block.name), arguments: block.input }];
        if (block.type === 'tool_result')
          return [
            { kind: 'result', id: String(block.tool_use_id), text: text(block.content) },
            ...contentTurns('user', block.content).filter(({ kind }) => kind === 'image'),
          ];
        return contentTurns(speaker, [block]);
      });
    }),
    tools: list(json.tools).map((tool) => toolOf(tool, tool.input_schema)),
    choice: choiceOf(json.tool_choice),
    parallel: single === undefined ? undefined : !single,
    stop: json.stop_sequences,
    effort: (json.output_config as Json | undefined)?.effort ?? json.thinking,
    topP: json.top_p,
    maxTokens: json.max_tokens,
    temperature: json.temperature,
    schema: format?.schema,
    stream: json.stream === true,
  };
}

import { type Fields, fieldsOf, listOf, nameOf, textOf } from '../report/fields.ts';
import type { Protocol } from '../util/types.ts';

/** What a request says, whatever protocol it says it in. Pointers are those of its own body. */
export interface RequestMeaning {
  texts: Said[];
  tools: OfferedTool[];
  calls: MadeCall[];
  /** Payloads of images and files: base64 without its prefix, or a URL. */
  media: Said[];
  settings: Map<string, { pointer: string; value: unknown }>;
}

export interface Said {
  /** `system` (with developer), `user`, `assistant`, `tool`. */
  role: string;
  text: string;
  pointer: string;
}

export interface OfferedTool {
  name: string;
  pointer: string;
  /** The provider runs it: what becomes of it in another protocol differs from provider to provider. */
  hosted: boolean;
  /** Names of its parameters, where it has a schema. */
  parameters: string[] | undefined;
}

export interface MadeCall {
  id: string | undefined;
  name: string;
  /** As text, or as the value that it is. */
  arguments: unknown;
  pointer: string;
}

/** Reads a body of one of the protocols. */
export function readMeaning(protocol: Protocol, body: Fields): RequestMeaning {
  const meaning: RequestMeaning = { texts: [], tools: [], calls: [], media: [], settings: new Map() };
  readTools(meaning, body.tools, '/tools', '');
  // Chat has no tool for it, but a field of its own.
  if (protocol === 'chat' && body.web_search_options) {
    meaning.tools.push({ name: 'web_search', pointer: '/web_search_options', hosted: true, parameters: undefined });
  }
  if (protocol === 'responses') readResponses(meaning, body);
  else readMessages(meaning, body, protocol);
  for (const [name, places] of Object.entries(SETTINGS)) readSetting(meaning, name, places[protocol], body);
  return meaning;
}

type Place = readonly (string | [pointer: string, read: (value: unknown) => unknown])[];

/** Settings that have a place in more than one protocol. A setting that a protocol has no place for is not compared. */
const SETTINGS: Record<string, Partial<Record<Protocol, Place>>> = {
  temperature: { responses: ['/temperature'], chat: ['/temperature'], messages: ['/temperature'] },
  'top p': { responses: ['/top_p'], chat: ['/top_p'], messages: ['/top_p'] },
  'most output tokens': {
    responses: ['/max_output_tokens'],
    chat: ['/max_completion_tokens', '/max_tokens'],
    messages: ['/max_tokens'],
  },
  'several calls at once': {
    responses: ['/parallel_tool_calls'],
    chat: ['/parallel_tool_calls'],
    messages: [['/tool_choice/disable_parallel_tool_use', (value) => value !== true]],
  },
  'choice of tools': {
    responses: [['/tool_choice', choiceOf]],
    chat: [['/tool_choice', choiceOf]],
    messages: [['/tool_choice', choiceOf]],
  },
  'effort of reasoning': {
    responses: [['/reasoning/effort', isThere]],
    chat: [
      ['/reasoning_effort', isThere],
      ['/reasoning/effort', isThere],
      ['/thinking', isThere],
    ],
    messages: [
      ['/thinking', isThere],
      ['/output_config/effort', isThere],
    ],
  },
  'schema of the answer': {
    responses: [['/text/format', schemaOf]],
    chat: [['/response_format', schemaOf]],
    messages: [
      ['/output_config/format', schemaOf],
      ['/output_format', schemaOf],
    ],
  },
  'stop sequences': { chat: [['/stop', listed]], messages: [['/stop_sequences', listed]] },
  'cache key': { responses: ['/prompt_cache_key'], chat: ['/prompt_cache_key'] },
  verbosity: { responses: ['/text/verbosity'], chat: ['/verbosity'] },
};

function readSetting(meaning: RequestMeaning, name: string, places: Place | undefined, body: Fields): void {
  for (const place of places ?? []) {
    const [pointer, read] = typeof place === 'string' ? [place, (value: unknown) => value] : place;
    let value: unknown = body;
    for (const token of pointer.slice(1).split('/')) value = fieldsOf(value)[token];
    if (value === undefined || value === null) continue;
    const found = read(value);
    if (found === undefined) continue;
    meaning.settings.set(name, { pointer, value: found });
    return;
  }
}

/** The settings that can be said in both protocols. */
export function commonSettings(a: Protocol, b: Protocol): string[] {
  return Object.entries(SETTINGS).flatMap(([name, places]) => (places[a] && places[b] ? [name] : []));
}

function isThere(value: unknown): unknown {
  const { type } = fieldsOf(value);
  return value === 'none' || type === 'disabled' ? undefined : 'set';
}

function listed(value: unknown): unknown {
  return Array.isArray(value) ? value : [value];
}

/** A choice that says nothing but the default is none. */
function choiceOf(value: unknown): unknown {
  const fields = fieldsOf(value);
  const word = textOf(value) || textOf(fields.type);
  if (word === 'auto' || word === 'allowed_tools') return undefined;
  if (word === 'any' || word === 'required') return 'required';
  if (word === 'none') return 'none';
  return nameOf(fields.name) ?? nameOf(fieldsOf(fields.function).name) ?? nameOf(fieldsOf(fields.custom).name) ?? word;
}

function schemaOf(value: unknown): unknown {
  const { type } = fieldsOf(value);
  return type === 'text' || type === undefined ? undefined : 'set';
}

const RUN_BY_CLIENT: ReadonlySet<string> = new Set(['function', 'custom', 'tool']);

function readTools(meaning: RequestMeaning, tools: unknown, pointer: string, namespace: string): void {
  for (const [i, value] of listOf(tools).entries()) {
    const tool = fieldsOf(value);
    const inner = fieldsOf(tool.function);
    const type = nameOf(tool.type) ?? 'tool';
    const name = nameOf(tool.name) ?? nameOf(inner.name) ?? nameOf(fieldsOf(tool.custom).name) ?? type;
    const place = `${pointer}/${i}`;
    if (Array.isArray(tool.tools)) {
      readTools(meaning, tool.tools, `${place}/tools`, name);
      continue;
    }
    const schema = tool.parameters ?? inner.parameters ?? tool.input_schema;
    const parameters = schema === undefined ? undefined : Object.keys(fieldsOf(fieldsOf(schema).properties));
    const full = namespace === '' ? name : `${namespace}.${name}`;
    meaning.tools.push({ name: full, pointer: place, hosted: !RUN_BY_CLIENT.has(type), parameters });
  }
}

function readResponses(meaning: RequestMeaning, body: Fields): void {
  say(meaning, 'system', body.instructions, '/instructions');
  if (typeof body.input === 'string') say(meaning, 'user', body.input, '/input');
  for (const [i, value] of listOf(body.input).entries()) {
    const item = fieldsOf(value);
    const pointer = `/input/${i}`;
    const type = nameOf(item.type) ?? 'message';
    if (type === 'message') readContent(meaning, roleOf(item.role), item.content, `${pointer}/content`);
    else if (type === 'additional_tools') readTools(meaning, item.tools, `${pointer}/tools`, '');
    else if (type === 'function_call' || type === 'custom_tool_call') {
      const args = item.arguments ?? item.input;
      meaning.calls.push({ id: nameOf(item.call_id), name: textOf(item.name), arguments: args, pointer });
    } else if (type.endsWith('_call_output')) readContent(meaning, 'tool', item.output, `${pointer}/output`);
  }
}

function readMessages(meaning: RequestMeaning, body: Fields, protocol: Protocol): void {
  readContent(meaning, 'system', body.system, '/system');
  for (const [i, value] of listOf(body.messages).entries()) {
    const message = fieldsOf(value);
    const pointer = `/messages/${i}`;
    readContent(meaning, roleOf(message.role), message.content, `${pointer}/content`);
    if (protocol !== 'chat') continue;
    for (const [k, call] of listOf(message.tool_calls).entries()) {
      const { id, function: made, custom } = fieldsOf(call);
      const { name, arguments: args, input } = fieldsOf(made ?? custom);
      const place = `${pointer}/tool_calls/${k}`;
      meaning.calls.push({ id: nameOf(id), name: textOf(name), arguments: args ?? input, pointer: place });
    }
  }
}

function roleOf(role: unknown): string {
  return role === 'developer' ? 'system' : textOf(role) || 'user';
}

function say(meaning: RequestMeaning, role: string, text: unknown, pointer: string): void {
  if (typeof text === 'string' && text.trim() !== '') meaning.texts.push({ role, text, pointer });
}

function readContent(meaning: RequestMeaning, role: string, content: unknown, pointer: string): void {
  say(meaning, role, content, pointer);
  for (const [i, value] of listOf(content).entries()) {
    const part = fieldsOf(value);
    const place = `${pointer}/${i}`;
    if (part.type === 'tool_use') {
      meaning.calls.push({ id: nameOf(part.id), name: textOf(part.name), arguments: part.input, pointer: place });
    } else if (part.type === 'tool_result') readContent(meaning, 'tool', part.content, `${place}/content`);
    else if (part.type !== 'thinking' && part.type !== 'reasoning') {
      say(meaning, role, part.text, `${place}/text`);
      const media = mediaOf(part);
      if (media !== undefined) meaning.media.push({ role, text: media, pointer: place });
    }
  }
}

function mediaOf(part: Fields): string | undefined {
  const source = fieldsOf(part.source);
  const address =
    nameOf(part.image_url) ??
    nameOf(fieldsOf(part.image_url).url) ??
    nameOf(part.file_data) ??
    nameOf(source.data) ??
    nameOf(source.url);
  return address?.replace(/^data:[^,]*,/, '');
}

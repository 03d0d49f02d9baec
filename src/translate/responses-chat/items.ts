import { asArray, asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { introduceAgent } from '../shared/agent-message.ts';
import { callIdOf } from '../shared/call-book.ts';
import { INPUT_PROPERTY } from '../shared/input-reader.ts';
import { openOpaque } from '../shared/opaque.ts';
import type { PlannedTool } from '../types.ts';
import { imagePart, isText, joinText, type Part, readContent } from './content.ts';
import type { Role } from './conversation.ts';
import { type RequestScope, refuse, saysNothing, tellUnread } from './scope.ts';
import { readSettings } from './settings.ts';

interface ItemReader {
  /** The fields that are read, and those that say nothing to anyone but the server that made the item. */
  fields: ReadonlySet<string>;
  add(item: JsonObject, path: string, scope: RequestScope): void;
}

/** By the type of the item. */
const ITEMS: Readonly<Record<string, ItemReader>> = {
  message: reader(['role', 'content'], addMessage),
  agent_message: reader(['author', 'recipient', 'content'], addAgentMessage),
  reasoning: reader(['content', 'encrypted_content', 'summary'], addReasoning),
  function_call: reader(['arguments', 'call_id', 'name', 'namespace'], (item, path, scope) =>
    addCall('function', item, readArguments(item.arguments, `${path}/arguments`, scope), path, scope),
  ),
  custom_tool_call: reader(['input', 'call_id', 'name', 'namespace'], (item, path, scope) =>
    addCall('custom', item, JSON.stringify({ [INPUT_PROPERTY]: asString(item.input) ?? '' }), path, scope),
  ),
  local_shell_call: reader(['action', 'call_id'], (item, path, scope) =>
    addCall('local_shell', item, readAction(item.action, `${path}/action`, scope), path, scope),
  ),
  tool_search_call: reader(['arguments', 'call_id'], (item, path, scope) =>
    addCall('tool_search', item, readArguments(item.arguments, `${path}/arguments`, scope), path, scope),
  ),
  function_call_output: reader(['call_id', 'output'], addOutput),
  custom_tool_call_output: reader(['call_id', 'output'], addOutput),
  local_shell_call_output: reader(['call_id', 'output'], addOutput),
  tool_search_output: reader(['call_id', 'tools'], addSearchOutput),
  image_generation_call: reader(['result', 'output_format'], addGeneratedImage),
  // Its tools are told with the others.
  additional_tools: reader(['role', 'tools'], () => {}),
  configuration_update: reader(['reasoning', 'text'], updateSettings),
  compaction: reader(['encrypted_content'], addCompaction),
  compaction_trigger: reader([], (_item, _path, scope) => {
    scope.refusal ??= refuse('unsupported_parameter', 'A provider of Chat Completions cannot compact a conversation.');
  }),
  item_reference: reader([], (item, _path, scope) => {
    const id = JSON.stringify(item.id ?? null);
    scope.refusal ??= refuse('item_not_found', `Item ${id} is not stored: a provider of Chat Completions stores none.`);
  }),
};

function reader(fields: readonly string[], add: ItemReader['add']): ItemReader {
  return { fields: new Set(['type', ...fields]), add };
}

/** Reads the whole input into the scope. */
export function readInput(input: unknown, scope: RequestScope): void {
  if (typeof input === 'string') {
    scope.conversation.addMessage('user', [{ type: 'text', text: input }], '/input');
    return;
  }
  if (!Array.isArray(input)) {
    if (!saysNothing(input)) scope.losses.add('/input', 'value', 'this is no input');
    return;
  }
  input.forEach((value, index) => {
    readItem(value, `/input/${index}`, scope);
  });
}

function readItem(value: unknown, path: string, scope: RequestScope): void {
  const item = asObject(value) ?? {};
  // A message may leave its type out (`EasyInputMessage`).
  const type = asString(item.type) ?? (typeof item.role === 'string' ? 'message' : '');
  if (!Object.hasOwn(ITEMS, type)) {
    scope.losses.add(path, 'item', `Chat Completions knows no item ${JSON.stringify(type)}`);
    return;
  }
  const { fields, add } = ITEMS[type]!;
  tellUnread(item, fields, path, scope.losses, USUAL);
  add(item, path, scope);
}

/** That an item is complete, and that the client runs a search of its tools, goes without saying. */
const USUAL: Readonly<JsonObject> = { status: 'completed', execution: 'client' };

const ROLES: ReadonlySet<unknown> = new Set<Role>(['system', 'developer', 'user', 'assistant']);

function addMessage(item: JsonObject, path: string, scope: RequestScope): void {
  const parts = readContent(item.content, `${path}/content`, scope);
  const { role } = item;
  if (role === 'assistant') {
    addAssistant(parts, path, scope);
    return;
  }
  if (!ROLES.has(role)) scope.losses.add(`${path}/role`, 'value', 'no such role: it is told as the user');
  const known = ROLES.has(role) ? (role as Role) : 'user';
  scope.conversation.addMessage(known, known === 'user' ? withoutRefusals(parts) : textOnly(parts, path, scope), path);
}

/** What one agent of the client tells another; what is encrypted for their provider is lost with its part. */
function addAgentMessage(item: JsonObject, path: string, scope: RequestScope): void {
  const parts = withoutRefusals(readContent(item.content, `${path}/content`, scope));
  if (parts.length === 0) {
    scope.losses.add(path, 'item', 'there is nothing to read in the message of the agent');
    return;
  }
  scope.losses.add(path, 'item', 'no message comes from another agent: it is told as a message of the user');
  scope.conversation.addMessage('user', [{ type: 'text', text: introduceAgent(item) }, ...parts], path);
}

function addAssistant(parts: readonly Part[], path: string, scope: RequestScope): void {
  const refusals = parts.flatMap((part) => (part.type === 'refusal' ? [String(part.refusal)] : []));
  const others = parts.some((part) => part.type !== 'refusal' && !isText(part));
  if (others) scope.losses.add(`${path}/content`, 'part', "an assistant's message holds text alone");
  // Parts of one answer are one text: clients join them with nothing between.
  const text = joinText(parts, '');
  const refusal = refusals.length > 0 ? refusals.join('') : undefined;
  if (refusal === undefined || !scope.dialect.lacks.includes('refusal')) {
    scope.conversation.addAssistant(text, refusal, path);
    return;
  }
  scope.losses.add(`${path}/content`, 'part', 'the provider knows no refusals: it is told as text');
  scope.conversation.addAssistant(text + refusal, undefined, path);
}

function withoutRefusals(parts: readonly Part[]): Part[] {
  return parts.map((part) => (part.type === 'refusal' ? { type: 'text', text: String(part.refusal) } : part));
}

function textOnly(parts: readonly Part[], path: string, scope: RequestScope): Part[] {
  if (!parts.every(isText)) scope.losses.add(`${path}/content`, 'part', 'instructions hold text alone');
  return parts.filter(isText);
}

/** Thoughts as the provider gave them: their text stands in the content or the summary, what it alone can read is sealed. */
function addReasoning(item: JsonObject, path: string, scope: RequestScope): void {
  const { reasoning } = scope.dialect;
  if (!reasoning || reasoning.replay === 'never') {
    scope.losses.add(path, 'item', 'the provider takes no thoughts back');
    return;
  }
  const content = readContent(item.content, `${path}/content`, scope);
  const summary = readContent(item.summary, `${path}/summary`, scope);
  const text = joinText(content.length > 0 ? content : summary, '\n\n');
  if (content.length > 0 && joinText(summary, '') !== '') {
    scope.losses.add(`${path}/summary`, 'field', 'the thoughts themselves are told, not their summary');
  }
  const details = readSealed(item.encrypted_content, `${path}/encrypted_content`, scope);
  if (text !== '' || details.length > 0) scope.conversation.addThoughts(text, details, path);
}

function readSealed(value: unknown, path: string, scope: RequestScope): readonly unknown[] {
  const text = asString(value) ?? '';
  if (text === '') return [];
  const sealed = openOpaque(text);
  const takesDetails = scope.dialect.extras.includes('/messages/*/reasoning_details');
  if (sealed?.protocol === 'chat' && takesDetails) return sealed.blocks;
  scope.losses.add(path, 'field', 'only its maker can read it');
  return [];
}

function addCall(kind: PlannedTool['kind'], item: JsonObject, text: string, path: string, scope: RequestScope): void {
  const name = scope.tools.providerName(kind, asString(item.name) ?? kind, asString(item.namespace));
  const { id, answered } = scope.calls.open(callIdOf(item));
  scope.conversation.addCall({ id, type: 'function', function: { name, arguments: text } }, path, answered);
}

/** Arguments as they are when they are a JSON object; providers refuse a history with any other (llama-server, measured). */
function readArguments(value: unknown, path: string, scope: RequestScope): string {
  if (typeof value !== 'string') return JSON.stringify(asObject(value) ?? {});
  if (value.trim() === '') return '{}';
  if (asObject(parseData(value))) return value;
  scope.losses.add(path, 'value', 'the arguments are no JSON object: they are told under the name `arguments`');
  return JSON.stringify({ arguments: value });
}

const ACTION_FIELDS: ReadonlySet<string> = new Set(['type', 'command', 'working_directory', 'timeout_ms']);

function readAction(value: unknown, path: string, scope: RequestScope): string {
  const action = asObject(value) ?? {};
  // An empty environment adds nothing.
  const { env, ...rest } = action;
  tellUnread(Object.keys(asObject(env) ?? {}).length > 0 ? action : rest, ACTION_FIELDS, path, scope.losses);
  const { command, working_directory, timeout_ms } = action;
  return JSON.stringify({
    command: command ?? [],
    ...(!saysNothing(working_directory) && { working_directory }),
    ...(!saysNothing(timeout_ms) && { timeout_ms }),
  });
}

function addOutput(item: JsonObject, path: string, scope: RequestScope): void {
  const { output } = item;
  if (typeof output === 'string' || Array.isArray(output)) {
    answer(item, withoutRefusals(readContent(output, `${path}/output`, scope)), path, scope);
    return;
  }
  if (saysNothing(output)) {
    answer(item, [], path, scope);
    return;
  }
  scope.losses.add(`${path}/output`, 'value', 'the output is neither text nor a list of parts: it is told as JSON');
  answer(item, [{ type: 'text', text: JSON.stringify(output) }], path, scope);
}

/** The tools that a search has found are offered with the others; the model reads what it has found. */
function addSearchOutput(item: JsonObject, path: string, scope: RequestScope): void {
  answer(item, [{ type: 'text', text: JSON.stringify({ tools: asArray(item.tools) }) }], path, scope);
}

/** An output without its call is refused: what it says is told by the user. */
function answer(item: JsonObject, parts: readonly Part[], path: string, scope: RequestScope): void {
  const clientId = callIdOf(item);
  const id = scope.calls.answer(clientId);
  if (id !== undefined) {
    scope.conversation.addOutput(id, parts, path);
    return;
  }
  scope.losses.add(path, 'item', 'the output has no call, which providers refuse: it is told as a message of the user');
  const preface: Part = { type: 'text', text: `Output of the tool call ${clientId}:` };
  scope.conversation.addMessage('user', [preface, ...parts], path);
}

/** A model of Chat Completions makes no images, so that the user has to show it. */
function addGeneratedImage(item: JsonObject, path: string, scope: RequestScope): void {
  const result = asString(item.result) ?? '';
  if (result === '') {
    scope.losses.add(path, 'item', 'there is no image in it');
    return;
  }
  scope.losses.add(
    path,
    'item',
    'no message of Chat Completions holds an image that the model made: the user shows it',
  );
  const url = `data:image/${asString(item.output_format) ?? 'png'};base64,${result}`;
  scope.conversation.addMessage('user', [imagePart(url, undefined, `${path}/result`, scope)], path);
}

function updateSettings(item: JsonObject, path: string, scope: RequestScope): void {
  readSettings(item.reasoning, `${path}/reasoning`, scope.settings.reasoning, scope.losses);
  readSettings(item.text, `${path}/text`, scope.settings.text, scope.losses);
}

/** A compaction of our own holds the text of a summary; that of another maker is known to that maker alone. */
function addCompaction(item: JsonObject, path: string, scope: RequestScope): void {
  const blocks = openOpaque(asString(item.encrypted_content) ?? '')?.blocks ?? [];
  const parts = blocks.flatMap((value): Part[] => {
    const block = asObject(value);
    return block?.type === 'text' && typeof block.text === 'string' ? [{ type: 'text', text: block.text }] : [];
  });
  if (parts.length === 0) scope.losses.add(path, 'item', 'only its maker can read this compaction');
  else scope.conversation.addMessage('user', parts, path);
}

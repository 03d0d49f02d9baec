import { asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { introduceAgent } from '../shared/agent-message.ts';
import { callIdOf } from '../shared/call-book.ts';
import { INPUT_PROPERTY } from '../shared/input-reader.ts';
import { pointerStep } from '../shared/losses.ts';
import { openOpaque } from '../shared/opaque.ts';
import type { PlannedTool } from '../types.ts';
import { readArguments } from './arguments.ts';
import { imageBlock, objectsOf, readContent, tellUnread, textBlock } from './content.ts';
import { addMessage } from './messages.ts';
import { type InputScope, refuse } from './scope.ts';

type ReadItem = (item: JsonObject, path: string, scope: InputScope) => void;

/** By the type of the item. `read`: the fields that say all, and those that change nothing when they are left out. */
const ITEMS: Readonly<Record<string, { read: readonly string[]; add: ReadItem }>> = {
  message: { read: ['role', 'content'], add: addMessage },
  agent_message: { read: ['author', 'recipient', 'content'], add: addAgentMessage },
  reasoning: { read: ['content', 'encrypted_content', 'summary'], add: addReasoning },
  function_call: {
    read: ['arguments', 'call_id', 'name', 'namespace'],
    add: (item, path, scope) =>
      addCall('function', item, path, scope, readArguments(item.arguments, `${path}/arguments`, scope.losses)),
  },
  custom_tool_call: {
    read: ['input', 'call_id', 'name', 'namespace'],
    add: (item, path, scope) => addCall('custom', item, path, scope, { [INPUT_PROPERTY]: asString(item.input) ?? '' }),
  },
  local_shell_call: {
    read: ['action', 'call_id'],
    add: (item, path, scope) => addCall('local_shell', item, path, scope, shellInput(item, path, scope)),
  },
  tool_search_call: {
    read: ['arguments', 'call_id'],
    add: (item, path, scope) =>
      addCall('tool_search', item, path, scope, readArguments(item.arguments, `${path}/arguments`, scope.losses)),
  },
  function_call_output: { read: ['call_id', 'output'], add: addOutput },
  custom_tool_call_output: { read: ['call_id', 'output'], add: addOutput },
  local_shell_call_output: { read: ['call_id', 'output'], add: addOutput },
  tool_search_output: { read: ['call_id', 'tools'], add: addSearchOutput },
  web_search_call: { read: ['action'], add: addWebSearch },
  image_generation_call: { read: ['result', 'output_format'], add: addGeneratedImage },
  // Its tools are told with the others.
  additional_tools: { read: ['role', 'tools'], add: () => {} },
  configuration_update: { read: ['reasoning', 'text'], add: updateSettings },
  compaction: {
    read: ['encrypted_content'],
    add: (_item, path, scope) => scope.losses.add(path, 'item', 'only its maker can read this compaction'),
  },
  compaction_trigger: {
    read: [],
    add: (_item, _path, scope) => {
      scope.refusal ??= refuse('unsupported_parameter', 'A provider of Messages cannot compact a conversation.');
    },
  },
  item_reference: {
    read: [],
    add: (item, _path, scope) => {
      const id = JSON.stringify(item.id ?? null);
      scope.refusal ??= refuse('item_not_found', `Item ${id} is not stored: a provider of Messages stores none.`);
    },
  },
};

/** Items before which instructions still count as leading ones. */
const SETTINGS_TYPES: ReadonlySet<unknown> = new Set(['additional_tools', 'configuration_update']);

/** Reads the whole input into the scope. */
export function readInput(input: unknown, scope: InputScope): void {
  if (typeof input === 'string') {
    scope.conversation.addMessage('user', readContent(input, '/input', scope));
    return;
  }
  if (!Array.isArray(input)) {
    if (input != null) scope.losses.add('/input', 'value', 'this is no input');
    return;
  }
  input.forEach((value, index) => {
    readItem(asObject(value) ?? {}, `/input/${index}`, scope);
  });
}

function readItem(item: JsonObject, path: string, scope: InputScope): void {
  // A message may leave its type out (`EasyInputMessage`).
  const type = asString(item.type) ?? (typeof item.role === 'string' ? 'message' : '');
  const instructs = type === 'message' && (item.role === 'system' || item.role === 'developer');
  if (!instructs && !SETTINGS_TYPES.has(type)) scope.leading = false;
  const reader = entryOf(ITEMS, type);
  if (!reader) {
    scope.losses.add(path, 'item', `Messages knows no item ${JSON.stringify(type)}`);
    return;
  }
  tellUnread({ ...item, ...unusual(item) }, ['type', ...reader.read], path, scope);
  reader.add(item, path, scope);
}

/** What is over is what a history has anyway; an item that is not says so. */
function unusual({ status, execution }: JsonObject): JsonObject {
  return {
    status: status === 'completed' ? undefined : status,
    execution: execution === 'client' ? undefined : execution,
  };
}

/** Types of the blocks that sealed content may bring back. */
const SEALED_TYPES: ReadonlySet<unknown> = new Set([
  'thinking',
  'redacted_thinking',
  'server_tool_use',
  'web_search_tool_result',
]);

/** What one agent of the client tells another; what is encrypted for their provider is lost with its part. */
function addAgentMessage(item: JsonObject, path: string, scope: InputScope): void {
  const blocks = readContent(item.content, `${path}/content`, scope);
  if (blocks.length === 0) {
    scope.losses.add(path, 'item', 'there is nothing to read in the message of the agent');
    return;
  }
  scope.losses.add(path, 'item', 'no message comes from another agent: it is told as a message of the user');
  scope.conversation.addMessage('user', [{ type: 'text', text: introduceAgent(item) }, ...blocks]);
}

function addReasoning(item: JsonObject, path: string, scope: InputScope): void {
  const { encrypted_content: text } = item;
  const sealed = typeof text === 'string' ? openOpaque(text) : undefined;
  const own = sealed?.protocol === 'messages' ? sealed : undefined;
  const known = objectsOf(own?.blocks).filter(({ type }) => SEALED_TYPES.has(type));
  if (known.length === 0 || known.length < own!.blocks.length) {
    scope.losses.add(path, 'item', 'Messages takes back only thinking that it has signed itself');
  }
  scope.sealedSearches += known.filter(({ type }) => type === 'server_tool_use').length;
  scope.conversation.addThinking(known, path);
}

function addCall(
  kind: PlannedTool['kind'],
  item: JsonObject,
  path: string,
  scope: InputScope,
  input: JsonObject,
): void {
  const name = scope.tools.providerName(kind, asString(item.name) ?? kind, asString(item.namespace));
  const { id, answered } = scope.calls.open(callIdOf(item));
  scope.conversation.addCall({ type: 'tool_use', id, name, input }, path, answered);
}

/** The action without its type; what only the client knows of it is a loss. */
function shellInput(item: JsonObject, path: string, scope: InputScope): JsonObject {
  const { command, working_directory, timeout_ms, ...rest } = asObject(item.action) ?? {};
  tellUnread(rest, ['type'], `${path}/action`, scope);
  return {
    ...(command !== undefined && { command }),
    ...(working_directory !== undefined && { working_directory }),
    ...(timeout_ms !== undefined && { timeout_ms }),
  };
}

function addOutput(item: JsonObject, path: string, scope: InputScope): void {
  const { output } = item;
  if (typeof output === 'string' || Array.isArray(output)) {
    const content = typeof output === 'string' ? output : readContent(output, `${path}/output`, scope);
    addResult(item, content, path, scope);
    return;
  }
  if (output != null) {
    scope.losses.add(`${path}/output`, 'value', 'the output is neither text nor a list of parts: it is told as JSON');
  }
  addResult(item, output == null ? '' : JSON.stringify(output), path, scope);
}

/** The tools that a search has found are offered with the others; the model reads what it has found. */
function addSearchOutput(item: JsonObject, path: string, scope: InputScope): void {
  addResult(item, JSON.stringify({ tools: item.tools ?? [] }), path, scope);
}

/** An output without its call is refused: what it says is told by the user. */
function addResult(item: JsonObject, content: string | JsonObject[], path: string, scope: InputScope): void {
  const id = scope.calls.answer(callIdOf(item));
  if (id !== undefined) {
    scope.conversation.addResult({ type: 'tool_result', tool_use_id: id, content });
    return;
  }
  scope.losses.add(path, 'item', 'the output has no call, which Messages refuses: it is told as a message of the user');
  const blocks = typeof content === 'string' ? objectsOf([textBlock(content, `${path}/output`, scope)]) : content;
  scope.conversation.addMessage('user', blocks);
}

function addWebSearch(_item: JsonObject, path: string, scope: InputScope): void {
  // The search and its results stand in the sealed content before it.
  if (scope.sealedSearches > 0) scope.sealedSearches -= 1;
  else scope.losses.add(path, 'item', 'Messages takes back only searches whose results it has encrypted itself');
}

/** A model of Messages makes no images, so that the user has to show it. */
function addGeneratedImage(item: JsonObject, path: string, scope: InputScope): void {
  const result = asString(item.result);
  if (result === undefined || result === '') {
    scope.losses.add(path, 'item', 'there is no image in it');
    return;
  }
  scope.losses.add(path, 'item', 'a model of Messages makes no images: it is told as an image of the user');
  const url = `data:image/${asString(item.output_format) ?? 'png'};base64,${result}`;
  const block = imageBlock(url, `${path}/result`, scope);
  if (block) scope.conversation.addMessage('user', [block]);
}

function updateSettings(item: JsonObject, path: string, scope: InputScope): void {
  for (const name of ['reasoning', 'text']) {
    const before = asObject(scope.settings[name]) ?? {};
    const update = asObject(item[name]) ?? {};
    for (const field of Object.keys(update)) {
      const own = `/${name}${pointerStep(field)}`;
      if (before[field] != null) {
        scope.losses.add(scope.origins.get(own) ?? own, 'value', 'a later item of the input sets it anew');
      }
      scope.origins.set(own, path + own);
    }
    if (Object.keys(update).length > 0) scope.settings[name] = { ...before, ...update };
  }
}

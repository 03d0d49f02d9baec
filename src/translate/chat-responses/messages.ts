import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { type FieldTable, reportUnread } from '../shared/fields.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';
import { inputMessage, joinTexts, outputMessage, toolOutput } from '../shared/responses-body.ts';
import type { CallKind, ResponsesCalls } from '../shared/responses-calls.ts';
import type { ToolNames } from '../shared/tool-names.ts';
import type { TranslateContext } from '../types.ts';
import { translateContent } from './content.ts';

/** What the messages of one request share. */
export interface MessageScope {
  calls: ResponsesCalls;
  names: ToolNames;
  context: TranslateContext;
  losses: Losses;
}

const NO_NAMES = 'Responses has no names of participants';

interface Role {
  fields: FieldTable;
  translate(message: JsonObject, path: string, scope: MessageScope): JsonObject[];
}

const WORDS: Role = { fields: { read: ['role', 'content'], lost: { name: NO_NAMES } }, translate: translateWords };

const ROLES: Readonly<Record<string, Role>> = {
  system: WORDS,
  developer: WORDS,
  user: WORDS,
  assistant: {
    fields: {
      read: ['role', 'content', 'refusal', 'tool_calls', 'function_call', 'reasoning_content', 'reasoning'],
      lost: { name: NO_NAMES, audio: 'Responses takes no audio', annotations: 'a past message takes no annotations' },
      neutral: { annotations: [[]] },
    },
    translate: translateAssistant,
  },
  tool: {
    fields: { read: ['role', 'content', 'tool_call_id'], lost: { name: 'the call has the name' } },
    translate: translateToolOutput,
  },
  function: { fields: { read: ['role', 'content', 'name'], lost: {} }, translate: translateFunctionOutput },
};

/** The messages of a Chat request as the input of a Responses request, in their order. */
export function translateMessages(messages: unknown, scope: MessageScope): JsonObject[] {
  return asArray(messages).flatMap((value, index) => {
    const path = `/messages/${index}`;
    const message = asObject(value) ?? {};
    const role = entryOf(ROLES, message.role);
    if (!role) {
      scope.losses.add(path, 'item', 'Chat Completions knows no such role');
      return [];
    }
    reportUnread(message, path, 'field', role.fields, scope.losses);
    return role.translate(message, path, scope);
  });
}

function translateWords({ role, content }: JsonObject, path: string, scope: MessageScope): JsonObject[] {
  if (typeof content === 'string') return [inputMessage(role as string, content)];
  const parts = translateContent(content, `${path}/content`, scope);
  return parts.length === 0 ? [] : [inputMessage(role as string, parts)];
}

/** Thoughts, then what was said, then the calls: the order in which Responses has them. */
function translateAssistant(message: JsonObject, path: string, scope: MessageScope): JsonObject[] {
  const said = outputParts(message, path, scope);
  return [
    ...translateThoughts(message, path, scope),
    ...(said.length > 0 ? [outputMessage(said, () => scope.context.newId('msg_'))] : []),
    ...asArray(message.tool_calls).flatMap((call, i) => translateCall(call, `${path}/tool_calls/${i}`, scope)),
    ...translateFunctionCall(message.function_call, `${path}/function_call`, scope),
  ];
}

function outputParts(message: JsonObject, path: string, { losses }: MessageScope): JsonObject[] {
  const { content, refusal } = message;
  const list = typeof content === 'string' && content !== '' ? [{ type: 'text', text: content }] : asArray(content);
  const parts = list.flatMap((value, index): JsonObject[] => {
    const part = asObject(value) ?? {};
    const at = `${path}/content/${index}`;
    if (part.type === 'text' && typeof part.text === 'string') {
      reportUnread(part, at, 'field', OF_SAID_TEXT, losses);
      return [textPart(part.text)];
    }
    if (part.type === 'refusal' && typeof part.refusal === 'string')
      return [{ type: 'refusal', refusal: part.refusal }];
    losses.add(at, 'part', 'a past answer is text or a refusal');
    return [];
  });
  if (typeof refusal === 'string' && refusal !== '') parts.push({ type: 'refusal', refusal });
  const silent = parts.length === 0 && typeof content === 'string' && message.tool_calls === undefined;
  return silent ? [textPart('')] : parts;
}

const OF_SAID_TEXT: FieldTable = {
  read: ['type', 'text'],
  lost: { prompt_cache_breakpoint: 'a past answer takes no marks for the cache' },
};

function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [] };
}

/** Chat has no field for thoughts; providers that answer with them have two. OpenAI takes none that it did not encrypt. */
function translateThoughts(message: JsonObject, path: string, scope: MessageScope): JsonObject[] {
  const field = ['reasoning_content', 'reasoning'].find((name) => message[name] != null && message[name] !== '');
  if (field === undefined) return [];
  const text = message[field];
  const replay = scope.context.dialect.reasoning?.replay ?? 'never';
  if (typeof text !== 'string' || replay === 'never') {
    scope.losses.add(path + pointerStep(field), 'field', 'the provider takes back no thoughts but those it encrypted');
    return [];
  }
  const content = [{ type: 'reasoning_text', text }];
  return [{ type: 'reasoning', id: scope.context.newId('rs_'), summary: [], content }];
}

/** What a call says, by its kind. */
const SAID: Readonly<Record<CallKind, FieldTable>> = {
  function: { read: ['name', 'arguments'], lost: {} },
  custom: { read: ['name', 'input'], lost: {} },
};

function translateCall(value: unknown, path: string, scope: MessageScope): JsonObject[] {
  const call = asObject(value) ?? {};
  const kind: CallKind = call.type === 'custom' || (call.custom && !call.function) ? 'custom' : 'function';
  const said = asObject(call[kind]) ?? {};
  const { arguments: args, input } = said;
  const name = asString(said.name);
  if (name === undefined) {
    scope.losses.add(path, 'item', 'a call without a name');
    return [];
  }
  // Some clients keep the index that the call had in the stream.
  reportUnread(call, path, 'field', { read: ['type', 'id', 'index', kind], lost: {} }, scope.losses);
  reportUnread(said, `${path}/${kind}`, 'field', SAID[kind], scope.losses);
  return [callItem(scope, { kind, name, id: asString(call.id), text: kind === 'custom' ? input : args })];
}

function translateFunctionCall(value: unknown, path: string, scope: MessageScope): JsonObject[] {
  if (value === undefined || value === null) return [];
  const call = asObject(value) ?? {};
  const name = asString(call.name);
  if (name === undefined) {
    scope.losses.add(path, 'item', 'a call without a name');
    return [];
  }
  reportUnread(call, path, 'field', SAID.function, scope.losses);
  return [callItem(scope, { kind: 'function', name, id: undefined, text: call.arguments })];
}

interface Call {
  kind: CallKind;
  name: string;
  id: string | undefined;
  text: unknown;
}

function callItem({ calls, names }: MessageScope, { kind, name, id, text }: Call): JsonObject {
  const said = { call_id: calls.add(id, kind, name), name: names.call({ kind, name }) };
  // Servers and clients that keep the arguments as an object are many; Responses takes text alone.
  const texts = typeof text === 'string' ? text : JSON.stringify(text ?? {});
  return kind === 'custom'
    ? { type: 'custom_tool_call', ...said, input: text == null ? '' : texts }
    : { type: 'function_call', ...said, arguments: texts };
}

function translateToolOutput(message: JsonObject, path: string, scope: MessageScope): JsonObject[] {
  const { content } = message;
  const id = asString(message.tool_call_id) ?? '';
  const output =
    typeof content === 'string' ? content : toolOutput(translateContent(content, `${path}/content`, scope));
  const call = scope.calls.find(id);
  if (call)
    return [
      { type: `${call.kind === 'custom' ? 'custom_tool_call' : 'function_call'}_output`, call_id: call.callId, output },
    ];
  return [orphan(`call ${id}`, output, path, scope)];
}

function translateFunctionOutput(message: JsonObject, path: string, scope: MessageScope): JsonObject[] {
  const name = asString(message.name) ?? '';
  const output = asString(message.content) ?? joinTexts(asArray(message.content));
  const callId = scope.calls.takeUnnamed(name);
  if (callId !== undefined) return [{ type: 'function_call_output', call_id: callId, output }];
  return [orphan(`function ${name}`, output, path, scope)];
}

/** OpenAI refuses an output without its call ("No tool call found"), and a model can still use what it says. */
function orphan(of: string, output: string | JsonObject[], path: string, { losses }: MessageScope): JsonObject {
  losses.add(path, 'item', 'an output whose call is not in the conversation is told as words of the user');
  const head = `Output of ${of}, which is not in this conversation:`;
  if (typeof output === 'string') return inputMessage('user', `${head}\n${output}`);
  return inputMessage('user', [{ type: 'input_text', text: head }, ...output]);
}

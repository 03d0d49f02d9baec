import { asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { createCallBook } from '../shared/call-book.ts';
import { createLosses, type Losses } from '../shared/losses.ts';
import { flattenTools } from '../shared/tools.ts';
import type { Refusal, RequestTranslation, TranslateContext } from '../types.ts';
import { readContent } from './content.ts';
import { Conversation, type Turn } from './conversation.ts';
import { readInput } from './items.ts';
import { addInstructions } from './messages.ts';
import { findRefusal, writeParameters } from './parameters.ts';
import type { InputScope } from './scope.ts';
import { writeThinking } from './thinking.ts';
import { writeToolChoice, writeTools } from './tools.ts';

/** Name of the hop in losses. */
export const HOP = 'responses->messages';
/** The way back: losses name the direction of the document that they are of. */
export const ANSWER_HOP = 'messages->responses';

/** A Responses request as a Messages request. */
export function translateRequest(request: JsonObject, context: TranslateContext): RequestTranslation | Refusal {
  const refusal = findRefusal(request);
  if (refusal) return refusal;
  const scope = createScope(request, context);
  for (const { path, kind, reason } of scope.tools.losses) scope.losses.add(path, kind as 'tool', reason);
  addInstructions(readContent(request.instructions, '/instructions', scope), '/instructions', scope);
  readInput(request.input, scope);
  if (scope.refusal) return scope.refusal;
  const body = writeBody(scope);
  const plan = {
    request,
    model: asString(request.model) ?? '',
    tools: scope.tools.tools,
    callIds: scope.calls.renamed,
    stream: request.stream === true,
  };
  return { body, losses: scope.losses.list, plan };
}

function createScope(request: JsonObject, { dialect }: TranslateContext): InputScope {
  const losses = createLosses(HOP);
  return {
    dialect,
    losses,
    tools: flattenTools(request, HOP, dialect.toolNames),
    conversation: new Conversation(losses.add),
    calls: createCallBook(request.input, dialect.callIds),
    system: [],
    leading: true,
    sealedSearches: 0,
    settings: { ...request },
    origins: new Map(),
    refusal: undefined,
  };
}

function writeBody(scope: InputScope): JsonObject {
  const { settings: request, dialect } = scope;
  const turns = withMessage(scope.conversation.finish(), scope);
  const fields: JsonObject = {};
  const losses = lossesAtOrigin(scope);
  writeParameters(request, fields, { dialect, losses });
  const { tools, toolChoice } = writeToolFields(turns, scope);
  const maxTokens = fields.max_tokens as number;
  const { thinking, effort } = writeThinking({ request, dialect, losses, turns, toolChoice, maxTokens });
  if (thinking && thinking.type !== 'disabled') dropSampling(fields, scope);
  const outputConfig = { ...asObject(fields.output_config), ...(effort !== undefined && { effort }) };
  if (fields.cache_control !== undefined) markSystem(scope.system);
  return {
    model: asString(request.model) ?? '',
    ...fields,
    ...(scope.system.length > 0 && { system: scope.system }),
    messages: turns,
    ...(tools.length > 0 && { tools }),
    ...(toolChoice && { tool_choice: toolChoice }),
    ...(thinking && { thinking }),
    ...(Object.keys(outputConfig).length > 0 && { output_config: outputConfig }),
  };
}

/** A setting that an item of the input has changed is lost where that item says it. */
function lossesAtOrigin({ losses, origins }: InputScope): Losses {
  return { ...losses, add: (path, kind, reason) => losses.add(originOf(path, origins), kind, reason) };
}

/** Where a setting, or what stands within it, came from. */
function originOf(path: string, origins: ReadonlyMap<string, string>): string {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const origin = origins.get(path.slice(0, end));
    if (origin !== undefined) return origin + path.slice(end);
  }
  return path;
}

/**
 * The API refuses calls in a history without tools ("Requests which include `tool_use` or `tool_result` blocks must define
 * tools", BerriAI/litellm#4689). Codex sends such a history when it compacts: the tools that were called are named, and
 * may not be called.
 */
function writeToolFields(turns: readonly Turn[], scope: InputScope): { tools: JsonObject[]; toolChoice?: JsonObject } {
  const { settings: request } = scope;
  const tools = writeTools(request, scope);
  const offered = tools.map(({ name }) => name);
  const toolChoice = writeToolChoice(request, offered, scope);
  if (tools.length > 0) return { tools, ...(toolChoice && { toolChoice }) };
  const calls = turns.flatMap(({ content }) => content).filter(({ type }) => type === 'tool_use');
  if (calls.length === 0) return { tools };
  const names = new Set(calls.map(({ name }) => name));
  const known = [...names].map((name) => ({ name, input_schema: { type: 'object' } }));
  return { tools: known, toolChoice: { type: 'none' } };
}

/** The API wants a message; a request of instructions alone is told as one of the user. */
function withMessage(turns: Turn[], { system, losses }: InputScope): Turn[] {
  const last = turns.length === 0 ? system.pop() : undefined;
  if (!last) return turns;
  losses.add('/input', 'value', 'Messages wants a message: the last instructions are told as one of the user');
  return [{ role: 'user', content: [last] }];
}

/** Sampling may not be changed together with thinking ("Extended thinking", feature compatibility). */
function dropSampling(fields: JsonObject, { losses }: InputScope): void {
  for (const name of ['temperature', 'top_p']) {
    if (fields[name] === undefined) continue;
    delete fields[name];
    losses.add(`/${name}`, 'parameter', 'Messages refuses it together with thinking');
  }
}

/**
 * The automatic mark of the request moves with the end of the conversation; one of its own keeps tools and instructions, the
 * same in every turn, where a turn has added more blocks than the API looks back over.
 */
function markSystem(system: JsonObject[]): void {
  const last = system.at(-1);
  if (last) last.cache_control = { type: 'ephemeral' };
}

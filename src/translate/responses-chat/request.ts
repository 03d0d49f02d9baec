import { asString, type JsonObject } from '../../protocols/grammar.ts';
import { createCallBook } from '../shared/call-book.ts';
import { createLosses, type LossKind } from '../shared/losses.ts';
import { flattenTools } from '../shared/tools.ts';
import type { Refusal, RequestTranslation, TranslateContext } from '../types.ts';
import { Conversation } from './conversation.ts';
import { readInput } from './items.ts';
import { finishMessages } from './messages.ts';
import { type ParameterScope, readParameters } from './parameters.ts';
import { HOP, saysNothing } from './scope.ts';
import { readSettings } from './settings.ts';
import { writeTools } from './tools.ts';

/** A Responses request as one of Chat Completions in the provider's dialect. Takes any JSON object and never throws. */
export function translateRequest(request: JsonObject, { dialect }: TranslateContext): RequestTranslation | Refusal {
  const losses = createLosses(HOP);
  const tools = flattenTools(request, HOP, dialect.toolNames);
  for (const { path, kind, reason } of tools.losses) losses.add(path, kind as LossKind, reason);
  const body: JsonObject = { model: '', messages: [] };
  const scope: ParameterScope = {
    body,
    dialect,
    losses,
    tools,
    calls: createCallBook(request.input, dialect.callIds),
    conversation: new Conversation(losses),
    settings: { reasoning: new Map(), text: new Map() },
    refusal: undefined,
  };
  readSettings(request.reasoning, '/reasoning', scope.settings.reasoning, losses);
  readSettings(request.text, '/text', scope.settings.text, losses);
  readInstructions(request.instructions, scope);
  readInput(request.input, scope);
  body.messages = finishMessages(scope.conversation.finish(), dialect, losses);
  readParameters(request, scope);
  writeTools(request, scope);
  if (scope.refusal) return scope.refusal;
  const plan = {
    request,
    model: asString(request.model) ?? '',
    tools: tools.tools,
    callIds: scope.calls.renamed,
    stream: request.stream === true,
  };
  return { body, losses: losses.list, plan };
}

function readInstructions(value: unknown, scope: ParameterScope): void {
  if (saysNothing(value) || value === '') return;
  if (typeof value !== 'string') scope.losses.add('/instructions', 'value', 'instructions are text');
  else scope.conversation.addMessage('developer', [{ type: 'text', text: value }], '/instructions');
}

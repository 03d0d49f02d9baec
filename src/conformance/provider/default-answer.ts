import { errorText } from '../../protocols/errors.ts';
import type { Endpoint } from '../../route/endpoints.ts';
import { type Answer, type AnswerContext, inputItems, type ReceivedRequest } from '../script.ts';
import { type ChatTurn, chatEvents, chatObject } from './chat.ts';
import { type SpokenCall, speakCall } from './items.ts';
import { countTokensObject, type MessagesTurn, messagesEvents, messagesObject } from './messages.ts';
import { modelAt, modelList } from './models.ts';
import {
  compactionObject,
  responsesEvents,
  responsesObject,
  type ScriptedItem,
  type ScriptedTurn,
} from './responses.ts';

type Json = Record<string, unknown>;
type Answerer = (request: ReceivedRequest, context: AnswerContext) => Answer;

/** What the upstream says to any prompt that asks for no tool. */
export const DEFAULT_TEXT = 'Hello from the scripted upstream.';

/** What it says when a tool has answered. */
export const AFTER_TOOL_TEXT = 'The command ran. That is all.';

const ANSWERERS: Record<Endpoint, Answerer> = {
  responses: answerResponses,
  'responses.compact': (_request, { mint }) => ok(compactionObject(mint)),
  'chat.completions': answerChat,
  messages: answerMessages,
  'messages.count_tokens': () => ok(countTokensObject()),
  models: () => ok(modelList()),
  other: answerOther,
};

/**
 * What an upstream without a script answers: a short text; a tool call when the prompt ends in `run` and a command in
 * backticks, and a tool that runs commands is offered; a text again once the tool's output is there.
 */
export function defaultAnswer(request: ReceivedRequest, context: AnswerContext): Answer {
  const { problem: undecodable } = request;
  if (undecodable)
    return problem(request, undecodable.status, undecodable.code.replaceAll('-', '_'), undecodable.message);
  if (request.method === 'POST' && !request.json)
    return problem(request, 400, 'invalid_json', 'The body of the request is not a JSON object.');
  return ANSWERERS[request.endpoint](request, context);
}

function answerOther(request: ReceivedRequest): Answer {
  const { method, url } = request;
  const model = modelAt(method, url);
  if (model === undefined) return problem(request, 404, 'not_found', `Nothing answers ${method} ${url}.`);
  return model === null ? problem(request, 404, 'model_not_found', `There is no model of ${url}.`) : ok(model);
}

/** An error in the shape of the request's protocol. */
export function problem(request: ReceivedRequest, status: number, code: string, message: string): Answer {
  const headers = { 'content-type': 'application/json' };
  return { kind: 'body', status, headers, body: errorText(request.protocol, { status, code, message }) };
}

function ok(body: object): Answer {
  return { kind: 'body', status: 200, body };
}

/** The answer to a Responses request: a stream or, without `stream`, one object. */
export function answerTurn(turn: ScriptedTurn): Answerer {
  return (request, { model, mint }) =>
    request.json?.stream === true
      ? { kind: 'events', events: responsesEvents(turn, model, mint) }
      : ok(responsesObject(turn, model, mint));
}

/**
 * The answer of the same model in the protocol of the request: texts, thoughts and calls of the tools that were offered. What
 * only Responses has (a compaction) is a text elsewhere.
 */
export function answerItems(turn: ScriptedTurn): Answerer {
  const inResponses = answerTurn(turn);
  return (request, context) => {
    if (request.protocol === 'chat') return chatAnswer(request, spokenTurn(turn, request), context);
    if (request.protocol === 'messages') return messagesAnswer(request, spokenTurn(turn, request), context);
    return inResponses(request, context);
  };
}

/** What is said to a request to compact the conversation. */
export const SUMMARY_TEXT = 'The tape holds one echo.';

function spokenTurn({ items, usage }: ScriptedTurn, request: ReceivedRequest): ChatTurn {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const calls: SpokenCall[] = [];
  for (const item of items) {
    if (item.type === 'message') texts.push(item.text);
    else if (item.type === 'reasoning') thoughts.push(item.summary);
    else if (item.type === 'compaction') texts.push(SUMMARY_TEXT);
    else calls.push(speakCall(item, request.json ?? {}));
  }
  return {
    ...(texts.length > 0 ? { text: texts.join('') } : {}),
    ...(thoughts.length > 0 ? { reasoning: thoughts.join('') } : {}),
    ...(usage ? { usage } : {}),
    calls,
  };
}

function answerResponses(request: ReceivedRequest, context: AnswerContext): Answer {
  const json = request.json ?? {};
  return answerTurn({ items: [nextItem(json)] })(request, context);
}

function nextItem(json: Json): ScriptedItem {
  const items = inputItems(json);
  const last = items.at(-1);
  if (last?.type === 'compaction_trigger') return { type: 'compaction' };
  if (String(last?.type ?? '').endsWith('_output')) return { type: 'message', text: AFTER_TOOL_TEXT };
  const command = commandIn(textOf(json.input));
  return (command && toolItem(json, command)) || { type: 'message', text: DEFAULT_TEXT };
}

/**
 * The command that a prompt asks to run: what stands in backticks behind its last `run`. Nothing else is one, since the client
 * really runs it: "run the tests" is for a model to understand.
 */
function commandIn(prompt: string): string | undefined {
  return /(?:^|\s)run +`([^`]+)`\W*$/i.exec(prompt)?.[1];
}

/** Text of the last user message, of a prompt that is a plain string, or of a list of content parts. */
function textOf(input: unknown): string {
  if (typeof input === 'string') return input;
  if (!Array.isArray(input)) return '';
  const last = input.findLast((item: Json) => item.role === 'user');
  const content: unknown = last ? last.content : undefined;
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((part: Json) => part.text ?? '').join('\n') : '';
}

/** Names under which clients offer a tool that runs a command, with the arguments each one takes. */
const RUNNERS: Record<string, (command: string) => Json> = {
  exec_command: (cmd) => ({ cmd }),
  shell_command: (command) => ({ command }),
  shell: (command) => ({ command: ['bash', '-lc', command] }),
  bash: (command) => ({ command }),
  Bash: (command) => ({ command }),
};

function toolItem(json: Json, command: string): ScriptedItem | undefined {
  const name = namesOf(json.tools).find((offered) => RUNNERS[offered]);
  if (name) return { type: 'function_call', name, arguments: RUNNERS[name]!(command) };
  // Codex from 0.144 offers some models a tool named `exec` that takes JavaScript, within an input item.
  const more = inputItems(json).find((item) => item.type === 'additional_tools')?.tools;
  const functions = Array.isArray(more) ? more.find((tool: Json) => tool.name === 'functions') : undefined;
  if (!namesOf(functions?.tools).includes('exec')) return undefined;
  const input = `text((await tools.exec_command({cmd: ${JSON.stringify(command)}})).output);`;
  return { type: 'custom_tool_call', name: 'exec', namespace: 'functions', input };
}

/** Names of tools: Responses and Messages have them at the top, Chat Completions under `function`. */
function namesOf(tools: unknown): string[] {
  if (!Array.isArray(tools)) return [];
  return tools.map((tool: Json) => String(tool.name ?? (tool.function as Json | undefined)?.name ?? ''));
}

function answerChat(request: ReceivedRequest, context: AnswerContext): Answer {
  const turn = simpleTurn(request.json ?? {}, (last) => last?.role === 'tool');
  return chatAnswer(request, turn, context);
}

function chatAnswer(request: ReceivedRequest, turn: ChatTurn, { model, mint }: AnswerContext): Answer {
  const json = request.json ?? {};
  if (json.stream !== true) return ok(chatObject(turn, model, mint));
  const includeUsage = (json.stream_options as Json | undefined)?.include_usage === true;
  return { kind: 'events', events: chatEvents(turn, model, includeUsage, mint) };
}

function answerMessages(request: ReceivedRequest, context: AnswerContext): Answer {
  const json = request.json ?? {};
  if (json.thread) return threadsUnsupported();
  const turn = simpleTurn(
    json,
    (last) => Array.isArray(last?.content) && last.content.some((part: Json) => part.type === 'tool_result'),
  );
  return messagesAnswer(request, turn, context);
}

function messagesAnswer(request: ReceivedRequest, turn: ChatTurn, { model, mint }: AnswerContext): Answer {
  const { reasoning, ...rest } = turn;
  const said: MessagesTurn = reasoning === undefined ? rest : { ...rest, thinking: reasoning };
  return request.json?.stream === true
    ? { kind: 'events', events: messagesEvents(said, model, mint) }
    : ok(messagesObject(said, model, mint));
}

/**
 * Anthropic's SDK (2.11 and later, tool runner) keeps the history at the provider by default. With this error it sends the
 * whole history instead; anything else loses the conversation.
 */
function threadsUnsupported(): Answer {
  const details = { error_code: 'thread_unsupported_request' };
  const error = { type: 'invalid_request_error', message: 'Threads are not kept here.', details };
  return { kind: 'body', status: 400, body: { type: 'error', error } };
}

function simpleTurn(json: Json, answered: (last: Json | undefined) => boolean): ChatTurn {
  const messages: Json[] = Array.isArray(json.messages) ? json.messages : [];
  if (answered(messages.at(-1))) return { text: AFTER_TOOL_TEXT };
  const command = commandIn(textOf(messages));
  const name = namesOf(json.tools).find((offered) => RUNNERS[offered]);
  return command && name ? { calls: [{ name, arguments: RUNNERS[name]!(command) }] } : { text: DEFAULT_TEXT };
}

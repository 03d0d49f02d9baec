import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';
import type { BackContext } from '../types.ts';
import type { Answer } from './answer.ts';
import { saysNothing } from './scope.ts';

/** What reading an assistant's message, or a delta of one, needs. */
export interface MessageScope {
  answer: Answer;
  losses: Losses;
  context: BackContext;
}

/** @param tokens of the content, where the provider tells them */
type ReadField = (value: unknown, scope: MessageScope, tokens: readonly JsonObject[]) => void;

const PATH = '/choices/0/message';

/** Fields of an assistant's message and of its deltas, in the order in which they are told. Thoughts come before them. */
const FIELDS: Readonly<Record<string, ReadField>> = {
  reasoning_details: (value, { answer, losses, context }) => {
    if (context.dialect.extras.includes('/messages/*/reasoning_details')) answer.details(asArray(value));
    else losses.add(`${PATH}/reasoning_details`, 'field', 'this dialect takes no such details back');
  },
  content: readContent,
  refusal: (value, { answer }) => answer.refusal(asString(value) ?? ''),
  annotations: (value, { answer }) => answer.annotations(asArray(value)),
  tool_calls: (value, { answer }) => {
    for (const entry of asArray(value)) answer.call(entry);
  },
  // What calls were before there were tools.
  function_call: (value, { answer }) => answer.call({ function: value }),
};

const READERS = Object.entries(FIELDS);

const THOUGHTS = ['reasoning_content', 'reasoning'] as const;

const KNOWN: ReadonlySet<string> = new Set(['role', ...THOUGHTS, ...Object.keys(FIELDS)]);

/** Reads a message, or a delta of one; `logprobs` are those of its choice. */
export function readMessage(message: JsonObject, logprobs: unknown, scope: MessageScope): void {
  const tokens = saysNothing(logprobs) ? [] : readTokens(logprobs, scope.losses);
  readThoughts(message, scope);
  // Servers that know both tell the same call twice.
  const twice = asArray(message.tool_calls).length > 0 && !saysNothing(message.function_call);
  if (twice) scope.losses.add(`${PATH}/function_call`, 'item', 'the calls are told as `tool_calls`');
  for (const [name, read] of READERS) {
    const value = message[name];
    if (value === undefined || value === null || (twice && name === 'function_call')) continue;
    read(value, scope, tokens);
  }
  for (const name in message) {
    if (KNOWN.has(name) || saysNothing(message[name])) continue;
    scope.losses.add(`${PATH}${pointerStep(name)}`, 'field', 'an answer of Responses has no place for it');
  }
}

/** vLLM and OpenRouter have told the same thoughts in two fields; the dialect's own goes before the other. */
function readThoughts(message: JsonObject, { answer, context, losses }: MessageScope): void {
  const own = context.dialect.reasoning?.field === 'reasoning' ? 'reasoning' : 'reasoning_content';
  const other = own === 'reasoning' ? 'reasoning_content' : 'reasoning';
  const [first, second] = [message[own], message[other]];
  const text = asString(first) || asString(second);
  if (text) answer.thoughts(text);
  if (isOf(first, text) && isOf(second, text)) return;
  losses.add(PATH, 'field', 'of two fields with thoughts, the first one counts');
}

/** Whether the field says nothing beyond the text. */
function isOf(value: unknown, text: string | undefined): boolean {
  return value === undefined || value === null || value === '' || value === text;
}

function readContent(value: unknown, scope: MessageScope, tokens: readonly JsonObject[]): void {
  if (typeof value === 'string') scope.answer.text(value, tokens);
  else for (const part of asArray(value)) readPart(part, scope);
}

/** Mistral tells the content of its thinking models as parts. */
function readPart(value: unknown, { answer, losses }: MessageScope): void {
  const part = asObject(value) ?? {};
  if (part.type === 'text' && typeof part.text === 'string') answer.text(part.text);
  else if (part.type === 'thinking') {
    for (const thought of asArray(part.thinking)) answer.thoughts(asString(asObject(thought)?.text) ?? '');
  } else losses.add(`${PATH}/content`, 'part', `Responses knows no part ${JSON.stringify(part.type ?? null)}`);
}

function readTokens(logprobs: unknown, losses: Losses): JsonObject[] {
  const { content, refusal } = asObject(logprobs) ?? {};
  if (!saysNothing(refusal)) {
    losses.add('/choices/0/logprobs/refusal', 'field', 'Responses tells no tokens of a refusal');
  }
  return asArray(content).flatMap((value) => {
    const token = asObject(value);
    return token && typeof token.token === 'string' && typeof token.logprob === 'number' ? [withLists(token)] : [];
  });
}

/** Responses has lists where Chat Completions may have null. */
function withLists({ token, logprob, bytes, top_logprobs }: JsonObject): JsonObject {
  const top = asArray(top_logprobs).flatMap((value) => {
    const one = asObject(value);
    return one ? [{ token: one.token, logprob: one.logprob, bytes: asArray(one.bytes) }] : [];
  });
  return { token, logprob, bytes: asArray(bytes), top_logprobs: top };
}

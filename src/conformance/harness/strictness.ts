import { fromUtf8 } from '../../util/bytes.ts';
import { headerValue } from '../../util/headers.ts';
import { validateDocument } from '../../validate/document.ts';
import type { ReceivedRequest } from '../script.ts';

/** Something in a request that a real provider would not take. */
export interface Refusal {
  /** In the words of the error that the gateway got. */
  message: string;
  /** JSON pointer in the gateway's request. */
  pointer: string;
  rule: string;
  /** Schema and definition. */
  source: string;
}

const ROOTS: Partial<Record<ReceivedRequest['endpoint'], string>> = {
  'chat.completions': 'chat.request',
  messages: 'messages.request',
};

/**
 * What a provider of Chat Completions or Messages refuses, by the schema that is generated from its official SDK: fields, roles,
 * items and tools that its protocol does not have. Responses requests are not held against theirs: Codex itself sends more than it
 * says, and is served.
 */
export function judgeRequest(request: ReceivedRequest): Refusal[] {
  const root = ROOTS[request.endpoint];
  if (root === undefined || !request.decoded) return [];
  return validateDocument(root, fromUtf8(request.decoded), ['strict'])
    .filter(({ severity, rule }) => severity === 'error' && rule.startsWith('schema.'))
    .filter(({ pointer }) => !isTaken(pointer, request))
    .map(({ message, pointer, rule, source }) => ({ message: `${pointer || '/'}: ${message}`, pointer, rule, source }));
}

/** What providers take although the schema does not have it. */
const TAKEN: readonly { pointer: RegExp; when?(request: ReceivedRequest): boolean }[] = [
  // OpenAI refused it for some days of April 2024, and has taken it before and since: clients send back what a stream gave them.
  { pointer: /^\/messages\/\d+\/tool_calls\/\d+\/index$/ },
  // OpenAI's own examples name the tool in its result.
  { pointer: /^\/messages\/\d+\/name$/, when: ({ endpoint }) => endpoint === 'chat.completions' },
  // The form of Anthropic's structured outputs from before they were generally available.
  {
    pointer: /^\/output_format(?:\/|$)/,
    when: ({ headers }) => /structured-outputs/.test(headerValue(headers, 'anthropic-beta') ?? ''),
  },
];

function isTaken(pointer: string, request: ReceivedRequest): boolean {
  return TAKEN.some(({ pointer: taken, when }) => taken.test(pointer) && (when?.(request) ?? true));
}

import { fromUtf8 } from '../../util/bytes.ts';
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
    .map(({ message, pointer, rule, source }) => ({ message: `${pointer || '/'}: ${message}`, pointer, rule, source }));
}

import type { HarHeader } from '../cassette/format.ts';
import type { Protocol } from '../util/types.ts';

/** The documents that stand at one endpoint, as names in ROOTS. */
export interface EndpointDocuments {
  protocol: Protocol | null;
  request?: string;
  /** Answer that is not streamed. */
  answer: string;
  /** The endpoint can stream. */
  streams: boolean;
  error: string;
}

interface Rule extends EndpointDocuments {
  method: string;
  path: RegExp;
}

const RULES: readonly Rule[] = [
  {
    method: 'POST',
    path: /\/responses$/,
    protocol: 'responses',
    request: 'responses.request',
    answer: 'responses.response',
    streams: true,
    error: 'error.openai',
  },
  {
    method: 'POST',
    path: /\/responses\/compact$/,
    protocol: 'responses',
    request: 'responses.compact-request',
    answer: 'responses.compact-response',
    streams: false,
    error: 'error.openai',
  },
  {
    method: 'POST',
    path: /\/chat\/completions$/,
    protocol: 'chat',
    request: 'chat.request',
    answer: 'chat.response',
    streams: true,
    error: 'error.openai',
  },
  {
    method: 'POST',
    // The Assistants API has messages below a thread; they are other documents.
    path: /(?<!\/threads\/[^/]+)\/messages$/,
    protocol: 'messages',
    request: 'messages.request',
    answer: 'messages.response',
    streams: true,
    error: 'error.messages',
  },
  {
    method: 'POST',
    path: /\/messages\/count_tokens$/,
    protocol: 'messages',
    request: 'messages.count-tokens-request',
    answer: 'messages.count-tokens-response',
    streams: false,
    error: 'error.messages',
  },
  { method: 'GET', path: /\/models$/, protocol: null, answer: 'models', streams: false, error: 'error.openai' },
];

/** What is due at an endpoint, by the method, the URL and, for model lists, who asks; undefined for any other path. */
export function findEndpoint(
  method: string,
  url: string,
  headers: readonly HarHeader[],
): EndpointDocuments | undefined {
  const path = `/${url.replace(/[?#].*$/s, '').replace(/^https?:\/\/[^/]*/i, '')}`
    .replace(/\/+/g, '/')
    .replace(/\/$/, '');
  const rule = RULES.find((candidate) => candidate.method === method.toUpperCase() && candidate.path.test(path));
  if (rule?.answer !== 'models') return rule;
  if (hasHeader(headers, 'anthropic-version')) return { ...rule, protocol: 'messages', answer: 'messages.models' };
  // Codex asks for a document of its own at the same path and says so by its version.
  return /[?&]client_version=/.test(url) ? { ...rule, protocol: 'responses', answer: 'codex.models' } : rule;
}

function hasHeader(headers: readonly HarHeader[], name: string): boolean {
  return headers.some((header) => header.name.toLowerCase() === name);
}

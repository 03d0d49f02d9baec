import type { Protocol } from '../util/types.ts';

/** What a request asks for, as far as Tapedeck treats it in its own way; `other` is passed through untouched. */
export type Endpoint =
  | 'responses'
  | 'responses.compact'
  | 'chat.completions'
  | 'messages'
  | 'messages.count_tokens'
  | 'models'
  | 'other';

export interface EndpointClass {
  endpoint: Endpoint;
  /** Null where the path alone does not say it: `models` exists in every API family, `other` in none. */
  protocol: Protocol | null;
}

interface Rule extends EndpointClass {
  method: string;
  /** Last segments of the path. */
  tail: readonly string[];
}

const RULES: readonly Rule[] = [
  { method: 'POST', tail: ['responses'], endpoint: 'responses', protocol: 'responses' },
  { method: 'POST', tail: ['responses', 'compact'], endpoint: 'responses.compact', protocol: 'responses' },
  { method: 'POST', tail: ['chat', 'completions'], endpoint: 'chat.completions', protocol: 'chat' },
  { method: 'POST', tail: ['messages'], endpoint: 'messages', protocol: 'messages' },
  { method: 'POST', tail: ['messages', 'count_tokens'], endpoint: 'messages.count_tokens', protocol: 'messages' },
  { method: 'GET', tail: ['models'], endpoint: 'models', protocol: null },
];

const OTHER: EndpointClass = { endpoint: 'other', protocol: null };

/**
 * Names the endpoint of a request by its method and the end of its path, with or without `/v1` and behind any prefix
 * (`/openai/deployments/x/chat/completions`). Trailing and double slashes and a query do not matter. A WebSocket upgrade is a GET
 * and therefore `other`: whoever answers upgrades sees them before this.
 */
export function classify(method: string, path: string): EndpointClass {
  const segments = pathOf(path).split('/').filter(Boolean);
  // POST /v1/threads/{id}/messages adds a message to an Assistants thread; it is not the Messages API.
  if (segments.at(-3) === 'threads') return OTHER;
  const rule = RULES.find((r) => r.method === method.toUpperCase() && endsWith(segments, r.tail));
  return rule ? { endpoint: rule.endpoint, protocol: rule.protocol } : OTHER;
}

function pathOf(target: string): string {
  return target.replace(/[?#].*$/s, '').replace(/^https?:\/\/[^/]*/i, '');
}

function endsWith(segments: readonly string[], tail: readonly string[]): boolean {
  return tail.every((name, i) => segments[segments.length - tail.length + i] === name);
}

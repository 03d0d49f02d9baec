import type { CodexAnswer } from '../../src/oracle/codex/types.ts';
import { toUtf8 } from '../../src/util/bytes.ts';

/** An answer as Codex got it: 200, plain, whole, at once. */
export function makeAnswer(body: string, changes: Partial<CodexAnswer> = {}): CodexAnswer {
  const chunks = body === '' ? [] : [{ ms: 5, data: toUtf8(body) }];
  return { status: 200, headers: [], chunks, headMs: 5, end: 'complete', endMs: 6, ...changes };
}

/** SSE text of JSON events, without `event:` lines. */
export function sse(...events: unknown[]): string {
  return events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
}

export function messageDone(text: string): unknown {
  const item = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] };
  return { type: 'response.output_item.done', item };
}

export function callDone(name: string, callId: string): unknown {
  return {
    type: 'response.output_item.done',
    item: { type: 'function_call', name, call_id: callId, arguments: '{}' },
  };
}

export function completed(more: Record<string, unknown> = {}): unknown {
  return { type: 'response.completed', response: { id: 'resp_1', ...more } };
}

import type { RawHeaders } from '../../util/types.ts';

/** One answer that Codex got, as far as it matters to it. */
export interface CodexAnswer {
  /** 0: no response (connection refused or closed before a head). */
  status: number;
  headers: RawHeaders;
  /** Decoded body by arrival; `ms` since the request was sent. */
  chunks: readonly { ms: number; data: Uint8Array }[];
  /** Milliseconds since the request was sent until the response head. */
  headMs: number;
  /** How the body ended. */
  end: 'complete' | 'closed' | 'reset' | 'timeout' | 'none';
  endMs: number;
  /** The body came with a content coding that Codex does not undo. */
  coded?: string;
}

/** What Codex does with one answer. */
export interface CodexVerdict {
  action: 'accept' | 'retry' | 'fail' | 'hang' | 'silent';
  /** Why, in one sentence a user understands. */
  reason: string;
  /** Stable id of the rule, e.g. `codex.completed.no-id`; the rules are listed in docs/codex.md. */
  rule: string;
  /** Text that Codex prints for it; undefined when it prints none. */
  message?: string;
  /** With `retry`: which layer repeats, how many requests in all if the answer stays like this, and the first delay. */
  retry?: { layer: 'request' | 'stream'; requests: number; delayMs: number };
  /** Items that Codex keeps from this answer: message texts and tool calls it will run. */
  items: { type: string; text?: string; name?: string; callId?: string }[];
}

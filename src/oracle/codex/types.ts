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
  /** How the body ended. With status 0: `none` is a refused connection, `timeout` an answer that never began. */
  end: 'complete' | 'closed' | 'reset' | 'timeout' | 'none';
  endMs: number;
  /** The body came with a content coding that Codex does not undo. */
  coded?: string;
  /** It came as an error message over a WebSocket, with this code (empty: none); `status` and `headers` are the message's. */
  socketError?: string;
}

/** What a request of Codex asks for. */
export type CodexKind = 'turn' | 'compact' | 'models';

/**
 * How Codex compacts: `endpoint` is `POST /responses/compact` with a JSON answer, `inline` a streamed turn that ends in
 * `compaction_trigger`, `summary` an ordinary turn with a prompt for a summary (providers not named "OpenAI").
 */
export type CompactForm = 'endpoint' | 'inline' | 'summary';

/** What of Codex's configuration decides what it does with an answer. */
export interface CodexSettings {
  /** `request_max_retries` of the provider. */
  requestRetries: number;
  /** `stream_max_retries` of the provider. */
  streamRetries: number;
  /** `stream_idle_timeout_ms` of the provider. */
  idleTimeoutMs: number;
  /** Whether a 401 can be cured by a new token (ChatGPT login, `auth.command`). */
  refreshableToken: boolean;
  /** Form of a compaction; undefined: the one of the version. */
  compactForm?: CompactForm;
  /** Unix milliseconds when the answer came, for a `retry-after` that is a date and an answer without `date`. */
  nowMs?: number;
  /** Over WebSocket: the request generates nothing and only warms the connection up. */
  prewarm?: boolean;
}

/** An item that Codex kept from an answer. */
export interface CodexItem {
  type: string;
  text?: string;
  name?: string;
  callId?: string;
  /** Codex runs it and sends the output in another request. */
  runs?: true;
}

/** Something about one output item that the user would want to know although the answer as a whole may be accepted. */
export interface CodexRemark {
  /** Stable id, e.g. `codex.item.no-call-id`. */
  rule: string;
  /** `type` of the item. */
  item: string;
  reason: string;
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
  items: CodexItem[];
  /** Items that it drops or cannot run. */
  remarks?: CodexRemark[];
}

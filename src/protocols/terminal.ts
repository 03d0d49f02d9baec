import type { Protocol } from '../util/types.ts';

/** The event after which nothing more comes, by protocol, in the text of one SSE event. */
const TERMINAL: Record<Protocol, RegExp> = {
  responses: /^data: ?(?:\[DONE\]|\{[^\n]*"type" ?: ?"(?:response\.(?:completed|failed|incomplete)|error)")/m,
  chat: /^data: ?\[DONE\]/m,
  messages: /^data: ?\{[^\n]*"type" ?: ?"(?:message_stop|error)"/m,
};

/**
 * Whether a stream that stopped after these bytes said all it had to say: its last event is whole and is the one that
 * ends a stream of this protocol. Codex (0.113.0 to 0.169.0) closes the connection as soon as it has read that event, often before
 * the end of the body.
 * @param tail text of the stream from the beginning of its last event, or from anywhere before
 */
export function endsWithTerminalEvent(protocol: Protocol, tail: string): boolean {
  if (!/\r?\n\r?\n$/.test(tail)) return false;
  const events = tail.trimEnd().split(/\r?\n\r?\n/);
  return TERMINAL[protocol].test(events.at(-1) ?? '');
}

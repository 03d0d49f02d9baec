import { type ClientSession, turnMetadata } from '../../client-request.ts';

/** Headers to be put over those of the usual client; an undefined value takes one away. */
export type HeaderChanges = Record<string, string | undefined>;

/** What Codex 0.169.0 says of itself, and older ones did not. */
const NEWER = ['x-codex-beta-features', 'x-codex-window-id', 'x-client-request-id', 'session-id', 'thread-id'];

function without(names: readonly string[]): HeaderChanges {
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

function agentOf(version: string, program: string): string {
  return `codex_exec/${version} (Tapedeck; check client) dumb (${program}; ${version})`;
}

/** Codex 0.113.0: a session, and metadata of two fields. */
export function headersOf0113({ sessionId, turnId }: ClientSession): HeaderChanges {
  return {
    ...without(NEWER),
    'x-codex-turn-metadata': JSON.stringify({ turn_id: turnId, sandbox: 'none' }),
    session_id: sessionId,
    'user-agent': agentOf('0.113.0', 'codex-exec'),
  };
}

/** Codex 0.122.0: a window and a constant request id besides. */
export function headersOf0122({ sessionId, turnId }: ClientSession): HeaderChanges {
  const metadata = { session_id: sessionId, thread_source: 'user', turn_id: turnId, sandbox: 'none' };
  return {
    ...without(NEWER),
    'x-codex-turn-metadata': JSON.stringify(metadata),
    'x-codex-window-id': `${sessionId}:0`,
    'x-client-request-id': sessionId,
    session_id: sessionId,
    'user-agent': agentOf('0.122.0', 'codex_exec'),
  };
}

/** A session that nothing is told of: other clients of Responses, and a Codex behind a proxy that takes such headers away. */
export const NO_SESSION: HeaderChanges = without([...NEWER, 'x-codex-turn-metadata', 'originator']);

/** Codex 0.169.0 when it compacts. */
export function compactionHeaders(session: ClientSession): HeaderChanges {
  return { 'x-codex-turn-metadata': turnMetadata(session, 'compaction') };
}

import { sha256Hex } from '../util/sha256.ts';

/** The Codex version that the built-in client speaks like. */
export const CLIENT_VERSION = '0.169.0';

/** What stays the same over the requests of one session. */
export interface ClientSession {
  sessionId: string;
  turnId: string;
  installationId: string;
  model: string;
  /** Unix milliseconds. */
  startedAt: number;
}

/** A UUID that depends on the seed and the name alone. */
export function seededUuid(seed: string, name: string): string {
  const hex = sha256Hex(`${seed}/${name}`);
  return [hex.slice(0, 8), hex.slice(8, 12), `7${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** The session of a seed: the same seed gives the same requests, byte for byte. */
export function createSession(seed: string, model: string, startedAt: number): ClientSession {
  const id = (name: string) => seededUuid(seed, name);
  return { sessionId: id('session'), turnId: id('turn'), installationId: id('installation'), model, startedAt };
}

/** Why a request is made. */
export type RequestKind = 'turn' | 'compaction';

/** What the metadata of a compaction says besides. */
const COMPACTION = {
  ...{ trigger: 'auto', reason: 'context_limit', implementation: 'responses_compaction_v2' },
  ...{ phase: 'mid_turn', strategy: 'memento' },
};

/** Header `x-codex-turn-metadata`, and the same text again in the body. */
export function turnMetadata(session: ClientSession, kind: RequestKind = 'turn'): string {
  return JSON.stringify({
    installation_id: session.installationId,
    session_id: session.sessionId,
    thread_id: session.sessionId,
    agent_name: '/root',
    turn_id: session.turnId,
    window_id: `${session.sessionId}:0`,
    window_number: 0,
    request_kind: kind,
    ...(kind === 'compaction' ? { compaction: COMPACTION } : {}),
    history_initialization: 'new',
    root_turn_id: session.turnId,
    thread_source: 'user',
    turn_trigger: 'exec',
    sandbox: 'none',
    sandbox_mode: 'danger-full-access',
    turn_started_at_unix_ms: session.startedAt,
    model: session.model,
    reasoning_effort: 'medium',
  });
}

/**
 * Headers in the order and case of Codex 0.169.0 on a custom provider. Its HTTP library writes `host` behind them and no
 * `connection`; undici writes both in front, which no gateway may depend on.
 */
export function requestHeaders(session: ClientSession, apiKey: string): string[] {
  const agent = `codex_exec/${CLIENT_VERSION} (Tapedeck; built-in client) dumb (codex_exec; ${CLIENT_VERSION})`;
  return [
    ['x-codex-beta-features', 'remote_compaction_v2'],
    ['x-codex-window-id', `${session.sessionId}:0`],
    ['x-codex-turn-metadata', turnMetadata(session)],
    ['x-client-request-id', session.sessionId],
    ['session-id', session.sessionId],
    ['thread-id', session.sessionId],
    ['accept', 'text/event-stream'],
    ['content-type', 'application/json'],
    ['authorization', `Bearer ${apiKey}`],
    ['originator', 'codex_exec'],
    ['user-agent', agent],
  ].flat();
}

const INSTRUCTIONS =
  'You are the coding agent of a scripted session. Do what the user asks and say so in one sentence.';

const ENVIRONMENT = [
  '<environment_context>',
  '  <cwd>/workspace</cwd>',
  '  <shell>bash</shell>',
  '  <current_date>2026-01-01</current_date>',
  '  <timezone>Etc/UTC</timezone>',
  '</environment_context>',
].join('\n');

const TOOLS = [
  {
    type: 'function',
    name: 'exec_command',
    description: 'Runs a command and returns its output.',
    strict: false,
    parameters: {
      type: 'object',
      properties: {
        cmd: { type: 'string', description: 'The command line.' },
        workdir: { type: 'string', description: 'Where to run it.' },
        yield_time_ms: { type: 'number', description: 'How long to wait for output.' },
      },
      required: ['cmd'],
      additionalProperties: false,
    },
  },
  {
    type: 'custom',
    name: 'apply_patch',
    description: 'Changes files by a patch.',
    format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch" /(.|\\n)+/ "*** End Patch"' },
  },
];

/** The items that begin a conversation. Each carries an id, as from Codex 0.146 on. */
export function openingItems(seed: string, prompt: string): object[] {
  return [
    { role: 'developer', text: INSTRUCTIONS },
    { role: 'user', text: ENVIRONMENT },
    { role: 'user', text: prompt },
  ].map(({ role, text }, i) => ({
    type: 'message',
    id: `msg_${seededUuid(seed, `message ${i}`)}`,
    role,
    content: [{ type: 'input_text', text }],
  }));
}

/** The output of a tool call, as Codex words it. Nothing is run: the text is always the same. */
export function toolOutput(seed: string, call: { type: string; call_id: string }): object {
  const custom = call.type === 'custom_tool_call';
  return {
    type: custom ? 'custom_tool_call_output' : 'function_call_output',
    id: `${custom ? 'ctco' : 'fco'}_${seededUuid(seed, call.call_id)}`,
    call_id: call.call_id,
    output: custom
      ? 'Exit code: 0\nWall time: 0 seconds\nOutput:\nSuccess. Updated the following files:\n'
      : 'Chunk ID: 7a9edc\nWall time: 0.0000 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\nok\n',
  };
}

/** The body of a request; fields in the order of Codex 0.169.0. */
export function requestBody(session: ClientSession, input: readonly object[], kind: RequestKind = 'turn'): object {
  return {
    model: session.model,
    stream: true,
    input,
    tools: TOOLS,
    tool_choice: 'auto',
    parallel_tool_calls: true,
    reasoning: { effort: 'medium' },
    store: false,
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: session.sessionId,
    text: { verbosity: 'low' },
    client_metadata: {
      session_id: session.sessionId,
      'x-codex-installation-id': session.installationId,
      thread_id: session.sessionId,
      'x-codex-window-id': `${session.sessionId}:0`,
      turn_id: session.turnId,
      root_turn_id: session.turnId,
      'x-codex-turn-metadata': turnMetadata(session, kind),
    },
  };
}

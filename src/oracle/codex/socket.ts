import { hasChange } from './drift.ts';
import { readStream } from './stream.ts';
import type { CodexAnswer, CodexSettings, CodexVerdict } from './types.ts';
import { retryStream } from './verdict.ts';

/**
 * What Codex does with an error over WebSocket that it does not take as it would take it over HTTP; undefined for all
 * others. Measured, scenarios h-ws-*.
 */
export function judgeSocketError(
  version: string,
  answer: CodexAnswer,
  settings: CodexSettings,
): CodexVerdict | undefined {
  if (answer.socketError === 'websocket_connection_limit_reached') {
    const reason = 'the connection is too old for the server; Codex opens another one and sends everything again';
    return retryStream(settings, { rule: 'codex.socket.connection-limit', reason });
  }
  if (answer.socketError === 'previous_response_not_found' && hasChange(version, 'resends-lost-response')) {
    const reason =
      'the server does not know the response before; Codex opens another connection and sends everything again';
    return retryStream(settings, { rule: 'codex.socket.previous-not-found', reason });
  }
  return undefined;
}

/**
 * What Codex does with the answer to a `response.create` with `generate: false`, which only warms a connection up: whatever
 * goes wrong, it opens another one and sends everything there. Measured, scenario i-ws-noprewarm.
 */
export function judgePrewarm(version: string, answer: CodexAnswer, settings: CodexSettings): CodexVerdict {
  const ok = answer.status >= 200 && answer.status < 300;
  if (ok && readStream(version, answer, settings.idleTimeoutMs).terminal.kind === 'completed') {
    return { action: 'accept', rule: 'codex.accept', reason: 'the connection is warm', items: [] };
  }
  const reason = 'the connection could not be warmed up; Codex opens another one and sends everything there';
  return retryStream(settings, { rule: 'codex.socket.prewarm', reason });
}

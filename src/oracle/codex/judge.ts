import { concatBytes, isUtf8 } from '../../util/bytes.ts';
import { judgeCompaction, judgeCompactionStatus } from './compact.ts';
import { hasChange } from './drift.ts';
import { cannotSend, disconnected } from './messages.ts';
import { judgeModels } from './models.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { judgePrewarm, judgeSocketError } from './socket.ts';
import { judgeStatus } from './status.ts';
import { judgeTurn } from './turn.ts';
import type { CodexAnswer, CodexKind, CodexSettings, CodexVerdict } from './types.ts';
import { breakStream, retryRequest } from './verdict.ts';

/**
 * What a Codex version does with one answer: accept it, repeat the request, fail, wait without end, or end well and
 * show nothing. Measured on 0.113.0, 0.122.0 and 0.169.0; between and beyond them by the table of changes
 * (`DRIFT`), else like the nearest measured one. Rules and evidence: docs/codex.md.
 */
export function judgeAnswer(
  version: string,
  kind: CodexKind,
  answer: CodexAnswer,
  options: Partial<CodexSettings> = {},
): CodexVerdict {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  if (kind === 'models') return judgeModels(version, answer);
  if (settings.prewarm) return judgePrewarm(version, answer, settings);
  const socket = judgeSocketError(version, answer, settings);
  if (socket) return socket;
  if (answer.status === 0) return judgeNoAnswer(version, answer, settings);
  if (answer.status < 200 || answer.status > 299) {
    return kind === 'compact'
      ? judgeCompactionStatus(version, answer, settings)
      : judgeStatus(version, answer, settings);
  }
  const unreadable = judgeBytes(answer, settings);
  if (unreadable) return unreadable;
  return kind === 'compact' ? judgeCompaction(version, answer, settings) : judgeTurn(version, answer, settings);
}

function judgeNoAnswer(version: string, answer: CodexAnswer, settings: CodexSettings): CodexVerdict {
  if (answer.end === 'timeout') {
    const reason = 'no response head came; Codex has no time limit for it and waits';
    return { action: 'hang', rule: 'codex.network.no-head', reason, items: [] };
  }
  if (answer.end === 'none' && hasChange(version, 'waits-for-network')) {
    return {
      action: 'hang',
      rule: 'codex.network.waits',
      reason: 'nothing listens there; this version waits for the network and does not end by itself',
      message: 'Reconnecting... waiting for network',
      items: [],
    };
  }
  const refused = answer.end === 'none';
  const ruling = {
    rule: refused ? 'codex.network.refused' : 'codex.network.reset',
    reason: refused ? 'nothing listens there; repeated by both layers' : 'the connection broke before a response head',
    message: disconnected(cannotSend(version, '…')),
  };
  return retryRequest(settings, ruling);
}

/** Codex sends no `accept-encoding` and undoes no coding: a coded body is not text to it. */
function judgeBytes(answer: CodexAnswer, settings: CodexSettings): CodexVerdict | undefined {
  const text = 'UTF8 error: invalid utf-8 sequence of 1 bytes from index 0';
  if (answer.coded !== undefined) {
    const reason = `the body is ${answer.coded}-coded, which Codex did not ask for and does not undo`;
    return breakStream(settings, 'codex.body.coded', reason, text);
  }
  // A stream may be cut in the middle of a character; only a whole one can be called wrong.
  if (answer.end !== 'complete' || isUtf8(concatBytes(answer.chunks.map((chunk) => chunk.data)))) return undefined;
  return breakStream(settings, 'codex.body.not-utf8', 'the body is not UTF-8', text);
}

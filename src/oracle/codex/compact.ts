import { parseJson } from '../../decode/json.ts';
import { concatBytes, fromUtf8 } from '../../util/bytes.ts';
import { hasChange } from './drift.ts';
import { asFields } from './items.ts';
import { judgeStatus } from './status.ts';
import { readStream } from './stream.ts';
import { judgeReading, judgeTurn } from './turn.ts';
import type { CodexAnswer, CodexSettings, CodexVerdict, CompactForm } from './types.ts';
import { fail } from './verdict.ts';

/** The form in which a version compacts at a provider that is named "OpenAI". */
export function compactFormOf(version: string): CompactForm {
  return hasChange(version, 'inline-compaction') ? 'inline' : 'endpoint';
}

const FORMS: Record<CompactForm, (version: string, answer: CodexAnswer, settings: CodexSettings) => CodexVerdict> = {
  endpoint: judgeEndpoint,
  inline: judgeInline,
  summary: judgeTurn,
};

/** What Codex does with a 2xx answer to a compaction. Measured, scenarios g-compact-*. */
export function judgeCompaction(version: string, answer: CodexAnswer, settings: CodexSettings): CodexVerdict {
  return FORMS[settings.compactForm ?? compactFormOf(version)](version, answer, settings);
}

/**
 * What Codex does with an answer to a compaction whose status is no success. A 400, and any 4xx of the endpoint, kills
 * the turn: there is no other way to compact. A prompt for a summary is an ordinary turn.
 */
export function judgeCompactionStatus(version: string, answer: CodexAnswer, settings: CodexSettings): CodexVerdict {
  const verdict = judgeStatus(version, answer, settings);
  const form = settings.compactForm ?? compactFormOf(version);
  if (form === 'summary' || verdict.rule === 'codex.http.redirect') return verdict;
  const final = verdict.action === 'fail' || (form === 'endpoint' && answer.status < 500);
  if (!final) return verdict;
  return fail({
    rule: 'codex.compact.http',
    reason: `${answer.status} for a compaction is final, and the turn ends with it`,
    message: taskError(verdict.message ?? ''),
  });
}

/** `POST /responses/compact`: JSON with an `output` array. */
function judgeEndpoint(_version: string, answer: CodexAnswer): CodexVerdict {
  const parsed = parseJson(fromUtf8(concatBytes(answer.chunks.map((chunk) => chunk.data))));
  const output = parsed.ok ? asFields(parsed.value)?.output : undefined;
  if (!Array.isArray(output)) {
    const reason = 'the answer of /responses/compact must be JSON with an output array';
    return fail({ rule: 'codex.compact.shape', reason, message: taskError('failed to decode the response') });
  }
  return {
    action: 'accept',
    rule: 'codex.accept',
    reason: 'the compacted history is taken over',
    items: [{ type: 'compaction' }],
  };
}

/** A streamed turn that must hold exactly one `compaction` item. */
function judgeInline(version: string, answer: CodexAnswer, settings: CodexSettings): CodexVerdict {
  const reading = readStream(version, answer, settings.idleTimeoutMs);
  const verdict = judgeReading({ version, answer, settings, reading });
  if (verdict.action !== 'accept' && verdict.action !== 'silent') return verdict;
  const { compactions, outputItems } = reading;
  if (compactions === 1) {
    return { action: 'accept', rule: 'codex.accept', reason: 'exactly one compaction item', items: reading.items };
  }
  return {
    ...fail({
      rule: 'codex.compact.items',
      reason: `a compaction needs exactly one compaction item; ${compactions} came`,
      message: taskError(
        `Fatal error: remote compaction v2 expected exactly one compaction output item, got ${compactions} from ${outputItems} output items`,
      ),
    }),
    items: reading.items,
  };
}

function taskError(text: string): string {
  return `Error running remote compact task: ${text}`;
}

import { parseJson } from '../../decode/json.ts';
import { concatBytes, fromUtf8 } from '../../util/bytes.ts';
import { asFields } from './items.ts';
import type { CodexAnswer, CodexVerdict } from './types.ts';
import { compareVersions } from './version.ts';

/** Members that every entry needs; one bad entry discards the whole list. Found by probing (codex 0.113 to 0.169). */
const REQUIRED = [
  'slug',
  'display_name',
  'supported_reasoning_levels',
  'shell_type',
  'visibility',
  'supported_in_api',
  'priority',
  'support_verbosity',
  'truncation_policy',
  'experimental_supported_tools',
] as const;

/** Members that only older versions need; the border is the middle of the measured versions. */
const REQUIRED_BEFORE = { since: '0.146.0', names: ['supports_reasoning_summaries', 'supports_parallel_tool_calls'] };

/**
 * What Codex does with an answer of `GET /models`. Nothing there is fatal: a list it cannot read is logged, and it goes
 * on with its own knowledge of the models, so the worst verdict is `silent`.
 */
export function judgeModels(version: string, answer: CodexAnswer): CodexVerdict {
  if (answer.status < 200 || answer.status > 299) {
    return ignored('codex.models.status', `status ${answer.status}: the list is not used`);
  }
  const parsed = parseJson(fromUtf8(concatBytes(answer.chunks.map((chunk) => chunk.data))));
  const models = parsed.ok ? asFields(parsed.value)?.models : undefined;
  if (!Array.isArray(models)) {
    return ignored('codex.models.shape', 'Codex wants {"models": […]}; the list shape of the public API is not read');
  }
  for (const [i, entry] of models.entries()) {
    const missing = missingMember(asFields(entry), version);
    if (missing) return ignored('codex.models.entry', `models[${i}] lacks ${missing}, which discards the whole list`);
  }
  return { action: 'accept', rule: 'codex.accept', reason: 'the list is taken over', items: [] };
}

function missingMember(entry: Record<string, unknown> | undefined, version: string): string | undefined {
  const older = compareVersions(version, REQUIRED_BEFORE.since) < 0 ? REQUIRED_BEFORE.names : [];
  const missing = [...REQUIRED, ...older].find((name) => entry?.[name] === undefined);
  if (missing) return missing;
  const hasInstructions = entry?.base_instructions !== undefined || asFields(entry?.model_messages) !== undefined;
  return hasInstructions ? undefined : 'base_instructions';
}

function ignored(rule: string, reason: string): CodexVerdict {
  return { action: 'silent', rule, reason, items: [] };
}

import { parseJson } from '../../decode/json.ts';
import { asFields } from './items.ts';
import type { CodexKind, CompactForm } from './types.ts';

export interface CodexRequestKind {
  kind: CodexKind;
  form?: CompactForm;
}

/** First words of the prompt with which Codex asks an ordinary model for a summary (all measured versions). */
const SUMMARY_PROMPT = 'CONTEXT CHECKPOINT COMPACTION';

/**
 * What a request of Codex asks for; undefined for those that decide nothing about a turn (plugins, analytics, …).
 * @param target path and query, or an absolute URL
 * @param body decoded body, where there is one
 */
export function requestKindOf(method: string, target: string, body: string | undefined): CodexRequestKind | undefined {
  const path = target.replace(/[?#].*$/s, '').replace(/\/+$/, '');
  if (method === 'GET') return path.endsWith('/models') ? { kind: 'models' } : undefined;
  if (method !== 'POST') return undefined;
  if (path.endsWith('/responses/compact')) return { kind: 'compact', form: 'endpoint' };
  if (!path.endsWith('/responses')) return undefined;
  return compactionIn(body) ?? { kind: 'turn' };
}

function compactionIn(body: string | undefined): CodexRequestKind | undefined {
  // Parsing a large request only pays where one of the two words occurs at all.
  if (body === undefined || !(body.includes('compaction_trigger') || body.includes(SUMMARY_PROMPT))) return undefined;
  const parsed = parseJson(body);
  const input = parsed.ok ? asFields(parsed.value)?.input : undefined;
  const last = Array.isArray(input) ? asFields(input.at(-1)) : undefined;
  if (last?.type === 'compaction_trigger') return { kind: 'compact', form: 'inline' };
  const isSummary = last?.role === 'user' && JSON.stringify(last.content ?? '').includes(SUMMARY_PROMPT);
  return isSummary ? { kind: 'compact', form: 'summary' } : undefined;
}

import type { GrammarRule } from '../grammar.ts';

const API = 'Responses API, streaming events';
const SDK = 'openai@7.55.0 ResponseStream';
const CODEX = 'Codex 0.113.0 to 0.169.0 (measured)';

/** Rules of a Responses stream. `strict` is OpenAI's own order; `tolerant` what servers do that clients get along with. */
export const RESPONSES_RULES = {
  'not-json': rule(API, 'error', 'error', 'warning'),
  'no-type': { source: `${API}; ${CODEX}`, severity: { strict: 'error', tolerant: 'error', codex: 'error' } },
  'event-line-missing': rule(API, 'error'),
  'event-line': rule(API, 'error', 'error'),
  'first-event': rule(SDK, 'error', 'warning'),
  'sequence-falls': rule(API, 'error', 'error'),
  'sequence-gap': rule(API, 'error'),
  'delta-before-added': rule(SDK, 'error', 'error'),
  'done-before-added': rule(API, 'error', 'warning'),
  'added-twice': rule(API, 'error', 'error'),
  'index-order': rule(API, 'error'),
  'item-mixed': rule(API, 'error', 'error'),
  'items-overlap': rule(API, 'warning'),
  'part-before-added': rule(SDK, 'error'),
  'part-not-done': rule(API, 'error'),
  'delta-after-done': rule(API, 'error', 'error'),
  'no-deltas': rule(API, 'error'),
  'done-differs': rule(API, 'error', 'error'),
  'item-differs': rule(API, 'error', 'error'),
  'item-changes': rule(API, 'error', 'error'),
  'item-not-done': { source: CODEX, severity: { strict: 'error', tolerant: 'error', codex: 'error' } },
  'item-only-in-completed': { source: CODEX, severity: { strict: 'error', tolerant: 'warning', codex: 'error' } },
  'output-incomplete': rule(API, 'error', 'warning'),
  'output-missing': rule(SDK, undefined, 'error'),
  'response-id': rule(API, 'error', 'error'),
  'status-differs': rule(API, 'error', 'error'),
  'terminal-twice': rule(API, 'error', 'error'),
  'after-terminal': rule(API, 'error', 'error'),
  'done-sentinel': rule(API, 'error'),
  'after-done-sentinel': rule(SDK, 'error', 'error'),
  'error-event': { source: CODEX, severity: { codex: 'error' } },
  'item-ignored': { source: 'Codex 0.169.0 (measured)', severity: { codex: 'warning' } },
  'no-terminal': { source: `${API}; ${CODEX}`, severity: { strict: 'error', tolerant: 'error', codex: 'error' } },
} as const satisfies Record<string, GrammarRule>;

export type ResponsesRule = keyof typeof RESPONSES_RULES;

function rule(
  source: string,
  strict?: 'error' | 'warning',
  tolerant?: 'error' | 'warning',
  codex?: 'error' | 'warning',
): GrammarRule {
  return { source, severity: { ...(strict && { strict }), ...(tolerant && { tolerant }), ...(codex && { codex }) } };
}

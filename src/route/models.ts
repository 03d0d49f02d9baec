import { TapedeckError } from '../errors.ts';

/** Gives a model the name that the provider knows; undefined: it keeps its own. */
export type ModelMap = (model: string) => string | undefined;

interface Rule {
  from: string;
  to: string;
  /** Of a `from` with `*` in it. */
  pattern: RegExp | undefined;
}

/**
 * Reads `FROM=TO` rules. The exact name wins, then the rule whose FROM is the longest part of the model's name; `*` in a FROM
 * stands for any characters, and such a rule must fit the whole name.
 * @throws TapedeckError `usage` for a rule that is not `FROM=TO`, or two of the same FROM
 */
export function createModelMap(rules: readonly string[]): ModelMap {
  const parsed = rules.map(parseRule);
  const twice = parsed.find(({ from }, i) => parsed.findIndex((one) => one.from === from) < i);
  if (twice) throw new TapedeckError('usage', `--map names ${JSON.stringify(twice.from)} twice.`);
  const exact = new Map(parsed.map((rule) => [rule.from, rule.to]));
  const byLength = [...parsed].sort((a, b) => weight(b) - weight(a));
  return (model) => exact.get(model) ?? byLength.find((rule) => fits(rule, model))?.to;
}

function parseRule(text: string): Rule {
  const at = text.indexOf('=');
  const from = text.slice(0, Math.max(0, at)).trim();
  const to = text.slice(at + 1).trim();
  if (at < 0 || from === '' || to === '') {
    const hint = 'Write it as FROM=TO, e.g. --map gpt=deepseek-chat, or --map "*=qwen3" for all models.';
    throw new TapedeckError('usage', `--map ${JSON.stringify(text)} is not a rule.`, { hint });
  }
  return { from, to, pattern: from.includes('*') ? patternOf(from) : undefined };
}

function patternOf(from: string): RegExp {
  const parts = from.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** Characters that have to fit; a `*` fits anything. */
function weight({ from }: Rule): number {
  return from.replaceAll('*', '').length;
}

function fits({ from, pattern }: Rule, model: string): boolean {
  return pattern ? pattern.test(model) : model.includes(from);
}

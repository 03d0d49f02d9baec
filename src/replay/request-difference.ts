import type { FieldRuleKind } from '../protocols/match-rule.ts';
import { showPair } from './difference.ts';
import { ruleAt } from './fields.ts';
import { isElided, unnumber, withTexts } from './placeholders.ts';
import type { MatchLevel } from './request.ts';
import type { RequestView } from './request-table.ts';
import { patternsIn } from './scrub.ts';
import { differencesOf, type ValueDifference } from './suite/json-difference.ts';

/** What decided about a value: a field rule; `turn`: at that level the ids of calls alone count. */
export type DecidingRule = FieldRuleKind | 'turn';

/** A place in which two requests differ. */
export interface RuledDifference {
  in: 'query' | 'body';
  /** JSON pointer in the body; with level `turn` `/call_ids/N` is the N-th call id. */
  pointer: string;
  /** As they are compared where the difference counts, else as they are; cut, `(absent)` for what is not there. */
  recorded: string;
  asked: string;
  rule: DecidingRule;
  /** What changed one of the two texts before they were compared: patterns, `place`, `redacted`, `elided`. */
  by: string[];
}

export interface RequestDifference {
  /** These keep the two from matching. */
  counts: RuledDifference[];
  /** These the field rules take away. */
  passes: RuledDifference[];
}

/** Where two requests of one method and path differ, and what the field rules make of it. */
export function compareRequests(recorded: RequestView, asked: RequestView, level: MatchLevel): RequestDifference {
  const counts = countingPlaces(recorded, asked, level);
  const [a, b] = [rawBody(recorded), rawBody(asked)];
  const passing = a !== undefined && b !== undefined ? differencesOf(a, b) : [];
  const passes = passing
    .filter(({ pointer }) => level === 'turn' || !counts.some((one) => overlaps(one.pointer, pointer)))
    .map((one): RuledDifference => {
      const rule = level === 'turn' ? 'turn' : ruleAt(asked.tree, one.pointer);
      const by = level === 'turn' || !isCompared(rule) ? [] : changesOf(one, recorded, asked);
      return { in: 'body', pointer: one.pointer, ...shown(one), rule, by };
    });
  return { counts: [...queryDifference(recorded, asked), ...counts], passes };
}

function countingPlaces(recorded: RequestView, asked: RequestView, level: MatchLevel): RuledDifference[] {
  const [a, b] = [recorded.form, asked.form];
  if (a.content === b.content) return [];
  const found = a.body === undefined || b.body === undefined ? [] : differencesOf(a.body, b.body);
  // Bodies that are no JSON, or have no canonical form, count as a whole.
  if (found.length === 0) {
    return [
      { in: 'body', pointer: '', recorded: contentOf(recorded), asked: contentOf(asked), rule: 'static', by: [] },
    ];
  }
  return found.map((one) => {
    const texts = {
      ...one,
      expected: withTexts(one.expected, recorded.notes),
      actual: withTexts(one.actual, asked.notes),
    };
    if (level === 'turn') return { in: 'body', pointer: one.pointer, ...shown(texts), rule: 'call-id', by: [] };
    const rule = ruleAt(asked.tree, one.pointer);
    const raw = {
      ...one,
      expected: valueAt(rawBody(recorded), one.pointer),
      actual: valueAt(rawBody(asked), one.pointer),
    };
    return {
      in: 'body',
      pointer: one.pointer,
      ...shown(texts),
      rule,
      by: isCompared(rule) ? changesOf(raw, recorded, asked) : [],
    };
  });
}

function queryDifference({ form: a }: RequestView, { form: b }: RequestView): RuledDifference[] {
  if (a.query === b.query) return [];
  const pair = showPair(a.query || undefined, b.query || undefined);
  return [{ in: 'query', pointer: '', recorded: pair.recorded, asked: pair.live, rule: 'scrub', by: [] }];
}

function rawBody({ body }: RequestView): unknown {
  return body.kind === 'json' ? body.value : undefined;
}

function contentOf({ body, form }: RequestView): string {
  return body.kind === 'none' ? '(no body)' : `${body.kind === 'json' ? 'JSON' : 'no JSON'}, sha256 ${form.content}`;
}

function shown({ expected, actual }: Pick<ValueDifference, 'expected' | 'actual'>): {
  recorded: string;
  asked: string;
} {
  const pair = showPair(expected, actual);
  return { recorded: pair.recorded, asked: pair.live };
}

/** Whether the rule compares what texts say. */
function isCompared(rule: DecidingRule): boolean {
  return rule === 'scrub' || rule === 'static';
}

function changesOf(
  { pointer, expected, actual }: ValueDifference,
  recorded: RequestView,
  asked: RequestView,
): string[] {
  const isScrubbed = ruleAt(asked.tree, pointer) === 'scrub';
  const names = [
    ...changesIn(expected, isScrubbed ? recorded : undefined),
    ...changesIn(actual, isScrubbed ? asked : undefined),
  ];
  return [...new Set(names)];
}

/** @param view who scrubs the text; undefined: nobody */
function changesIn(value: unknown, view: RequestView | undefined): string[] {
  if (typeof value !== 'string') return [];
  if (isElided(value)) return ['elided'];
  const plain = unnumber(value);
  const names = plain === value ? [] : ['redacted'];
  if (!view) return names;
  const placed = view.places(plain);
  return [...names, ...(placed === plain ? [] : ['place']), ...patternsIn(placed)];
}

function overlaps(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function valueAt(value: unknown, pointer: string): unknown {
  let found = value;
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

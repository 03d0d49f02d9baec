import type { FieldRule, FieldRuleKind, FieldRules } from '../protocols/match-rule.ts';

/** A table of field rules as a tree, for one walk over a body. */
export interface RuleTree {
  rule?: FieldRule;
  children: Map<string, RuleTree>;
}

/** Builds the tree of a table. The last rule for a path counts; it says of a field that names the conversation no other thing. */
export function compileRules(rules: FieldRules): RuleTree {
  const root: RuleTree = { children: new Map() };
  for (const rule of rules) {
    let node = root;
    for (const segment of segmentsOf(rule.path)) {
      const child: RuleTree = node.children.get(segment) ?? { children: new Map() };
      node.children.set(segment, child);
      node = child;
    }
    node.rule = node.rule?.session ? { ...rule, session: true } : rule;
  }
  inheritAny(root);
  return root;
}

/** What is said of any segment holds for one that is named as well, as far as nothing else is said there. */
function inheritAny(node: RuleTree): void {
  const any = node.children.get('*');
  for (const [segment, child] of node.children) {
    if (any && segment !== '*') fillIn(child, any);
    inheritAny(child);
  }
}

function fillIn(node: RuleTree, from: RuleTree): void {
  if (!node.rule && from.rule) node.rule = from.rule;
  for (const [segment, theirs] of from.children) {
    const own: RuleTree = node.children.get(segment) ?? { children: new Map() };
    node.children.set(segment, own);
    fillIn(own, theirs);
  }
}

/** RFC 6901 section 4. */
function segmentsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What a body is compared as, and what else the walk saw. */
export interface RuledBody {
  value: unknown;
  /** Ids of tool calls, each once, in the order they appear. */
  callIds: string[];
  /** Values of the fields that name the conversation. */
  session: string | undefined;
}

/**
 * Applies field rules to a parsed body. `text` is applied to each string that is scrubbed or static, and told which.
 * Recurses: ask `isNestedDeeper` first about a body from outside.
 */
export function applyRules(
  body: unknown,
  tree: RuleTree,
  text: (value: string, kind: 'static' | 'scrub') => string,
): RuledBody {
  const calls = new Map<string, string>();
  const sessions: string[] = [];

  const walk = (value: unknown, node: RuleTree | undefined, inherited: 'static' | 'scrub'): unknown => {
    const kind: FieldRuleKind = node?.rule?.rule ?? inherited;
    if (node?.rule?.session && typeof value === 'string') sessions.push(value);
    if (kind === 'ignore') return undefined;
    if (kind === 'live') return `[live:${typeName(value)}]`;
    if (kind === 'call-id') return typeof value === 'string' ? callNumber(value) : value;
    if (typeof value === 'string') return text(value, kind);
    if (Array.isArray(value)) {
      return value.map((item, i) => walk(item, childOf(node, String(i)), kind)).filter(isPresent);
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries: [string, unknown][] = [];
    for (const [key, field] of Object.entries(value)) {
      const ruled = walk(field, childOf(node, key), kind);
      if (ruled !== undefined) entries.push([key, ruled]);
    }
    // `fromEntries` makes an own field even of `__proto__`.
    return Object.fromEntries(entries);
  };
  const callNumber = (id: string): string => {
    const known = calls.get(id) ?? `[call:${calls.size + 1}]`;
    calls.set(id, known);
    return known;
  };

  const value = walk(body, tree, 'scrub');
  return { value, callIds: [...calls.keys()], session: sessions.length === 0 ? undefined : sessions.join('\n') };
}

/** The rule that decides about the value at a JSON pointer. */
export function ruleAt(tree: RuleTree, pointer: string): FieldRuleKind {
  let kind = tree.rule?.rule ?? 'scrub';
  let node: RuleTree | undefined = tree;
  for (const segment of segmentsOf(pointer)) {
    // What these say of a value they say of all of it.
    if (kind === 'ignore' || kind === 'live') break;
    node = childOf(node, segment);
    kind = node?.rule?.rule ?? kind;
  }
  return kind;
}

function childOf(node: RuleTree | undefined, segment: string): RuleTree | undefined {
  return node?.children.get(segment) ?? node?.children.get('*');
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isPresent(value: unknown): boolean {
  return value !== undefined;
}

/** All strings of a parsed body, in no order; does not recurse, so any depth will do. */
export function* stringsOf(body: unknown): Generator<string> {
  const waiting: unknown[] = [body];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string') yield value;
    else if (typeof value === 'object' && value !== null) for (const field of Object.values(value)) waiting.push(field);
  }
}

/** Whether a parsed body is nested deeper than `levels`; does not recurse. */
export function isNestedDeeper(body: unknown, levels: number): boolean {
  const waiting: [value: unknown, depth: number][] = [[body, 0]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [value, depth] = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > levels) return true;
    for (const field of Object.values(value)) waiting.push([field, depth + 1]);
  }
  return false;
}

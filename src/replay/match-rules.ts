import { parseJson } from '../decode/json.ts';
import { TapedeckError } from '../errors.ts';
import type { FieldRule, FieldRuleKind } from '../protocols/match-rule.ts';
import type { Protocol } from '../util/types.ts';
import type { MatchRules } from './request.ts';

const PROTOCOLS: readonly Protocol[] = ['responses', 'chat', 'messages'];

/** Whether there are such rules; a map, so that a new kind cannot be forgotten here. */
const KINDS: Readonly<Record<FieldRuleKind, true>> = {
  static: true,
  ignore: true,
  scrub: true,
  live: true,
  'call-id': true,
};

/**
 * Reads field rules of a user: a JSON object with a list of `{path, rule}` for each protocol.
 * @param name of the file, for messages
 * @throws TapedeckError `input-invalid` for what cannot be a rule
 */
export function parseMatchRules(text: string, name: string): MatchRules {
  const parsed = parseJson(text);
  if (!parsed.ok) throw invalid(name, `it is no JSON: ${parsed.message}`);
  const rules: Partial<Record<Protocol, FieldRule[]>> = {};
  for (const [protocol, list] of Object.entries(objectIn(parsed.value, name, 'it'))) {
    if (!isProtocol(protocol)) throw invalid(name, `${JSON.stringify(protocol)} is no protocol`);
    if (!Array.isArray(list)) throw invalid(name, `${protocol} is no list`);
    rules[protocol] = list.map((rule: unknown, i) => readRule(rule, name, `/${protocol}/${i}`));
  }
  return rules;
}

function readRule(value: unknown, name: string, place: string): FieldRule {
  const { path, rule, ...others } = objectIn(value, name, place);
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(name, `${place} has a field ${JSON.stringify(other)}`);
  if (typeof path !== 'string' || !/^(?:\/(?:[^~]|~[01])*)*$/.test(path)) {
    throw invalid(name, `the path of ${place} is no JSON pointer`);
  }
  if (typeof rule !== 'string' || !isKind(rule)) throw invalid(name, `${JSON.stringify(rule)} of ${place} is no rule`);
  return { path, rule };
}

function objectIn(value: unknown, name: string, place: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(name, `${place} is no object`);
}

function isProtocol(name: string): name is Protocol {
  return PROTOCOLS.includes(name as Protocol);
}

function isKind(name: string): name is FieldRuleKind {
  return Object.hasOwn(KINDS, name);
}

function invalid(name: string, why: string): TapedeckError {
  return new TapedeckError('input-invalid', `${name} holds no field rules: ${why}.`, {
    hint: 'Write {"responses": [{"path": "/metadata/run", "rule": "ignore"}]}; protocols are responses, chat and messages, rules static, ignore, scrub, live and call-id.',
  });
}

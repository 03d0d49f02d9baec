import type { SseEvent } from '../decode/types.ts';
import { CHAT_GRAMMAR } from '../protocols/chat/grammar.ts';
import type { Grammar, GrammarRule, Violation } from '../protocols/grammar.ts';
import { MESSAGES_GRAMMAR } from '../protocols/messages/grammar.ts';
import { RESPONSES_GRAMMAR } from '../protocols/responses/grammar.ts';
import type { Protocol } from '../util/types.ts';
import { shorten } from './explain.ts';
import type { Finding, Profile } from './findings.ts';
import { collapseRepeats } from './merge.ts';

export const GRAMMARS: Readonly<Record<Protocol, Grammar>> = {
  responses: RESPONSES_GRAMMAR,
  chat: CHAT_GRAMMAR,
  messages: MESSAGES_GRAMMAR,
};

/** An event whose data was parsed where there is a `value`: undefined for what is no JSON. */
export type ParsedEvent = SseEvent & { value?: unknown };

const ALL: readonly Profile[] = ['strict', 'tolerant', 'codex'];

/** When several profiles know a rule, the finding speaks for the one whose judgement weighs most. */
const PRECEDENCE: readonly Profile[] = ['codex', 'tolerant', 'strict'];

/**
 * Order rules of one stream. A broken rule gives one finding, of the profile (among those asked for) that takes it
 * most seriously; the same complaint about several events is told once, at the first.
 * @param end `truncated` when the connection broke off; a stream that has its terminal event is whole either way
 */
export function checkGrammar(
  protocol: Protocol,
  events: readonly ParsedEvent[],
  end: 'complete' | 'truncated',
  profiles: readonly Profile[] = ALL,
): Finding[] {
  const grammar = GRAMMARS[protocol];
  const plain = events.map((parsed) => {
    const { event: name, data } = parsed;
    return 'value' in parsed ? { name, data, value: parsed.value } : { name, data };
  });
  const findings = grammar
    .check(plain, end)
    .flatMap((violation) => toFinding(protocol, grammar.rules[violation.rule]!, violation, profiles, events));
  return collapseRepeats(findings);
}

function toFinding(
  protocol: Protocol,
  rule: GrammarRule,
  violation: Violation,
  profiles: readonly Profile[],
  events: readonly SseEvent[],
): Finding[] {
  const profile = weightiest(rule, profiles);
  if (profile === undefined) return [];
  const place = events[violation.event];
  return [
    {
      profile,
      severity: rule.severity[profile]!,
      rule: `grammar.${protocol}.${violation.rule}`,
      source: rule.source,
      message: violation.message,
      pointer: violation.pointer ?? '',
      ...('value' in violation && { value: shorten(violation.value) }),
      ...(place && { event: violation.event, offset: place.start }),
    },
  ];
}

function weightiest(rule: GrammarRule, profiles: readonly Profile[]): Profile | undefined {
  const knowing = PRECEDENCE.filter((profile) => profiles.includes(profile) && rule.severity[profile] !== undefined);
  return knowing.find((profile) => rule.severity[profile] === 'error') ?? knowing[0];
}

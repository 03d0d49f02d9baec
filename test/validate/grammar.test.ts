import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkGrammar, GRAMMARS } from '../../src/validate/grammar.ts';
import { sseEvents, sseText } from '../helpers/sse-events.ts';

const created = { type: 'response.created', response: { id: 'r' } };
const error = { type: 'error', message: 'm' };

describe('checkGrammar', () => {
  it('speaks for the profile that takes a rule most seriously', () => {
    const events = sseEvents([created]);
    const profiles = (list: ('strict' | 'tolerant' | 'codex')[]) =>
      checkGrammar('responses', events, 'complete', list).map(({ profile, rule }) => `${profile} ${rule}`);
    expect(profiles(['strict', 'tolerant', 'codex'])).toEqual(['codex grammar.responses.no-terminal']);
    expect(profiles(['strict', 'tolerant'])).toEqual(['tolerant grammar.responses.no-terminal']);
    expect(profiles(['strict'])).toEqual(['strict grammar.responses.no-terminal']);
    expect(profiles([])).toEqual([]);
  });

  it('prefers an error to the warning of a weightier profile', () => {
    const events = sseEvents([created, 'x', { type: 'response.failed', response: { id: 'r' } }]);
    expect(checkGrammar('responses', events, 'complete')).toMatchObject([
      { profile: 'tolerant', severity: 'error', rule: 'grammar.responses.not-json' },
    ]);
  });

  it('leaves out rules that the profile does not know', () => {
    const events = sseEvents([created, error]);
    expect(checkGrammar('responses', events, 'complete', ['strict', 'tolerant'])).toEqual([]);
    expect(checkGrammar('responses', events, 'complete', ['codex'])).toHaveLength(1);
  });

  it('gives the index and the byte offset of the event', () => {
    const events = sseEvents([created, error]);
    const [finding] = checkGrammar('responses', events, 'complete', ['codex']);
    expect(finding).toMatchObject({ event: 1, offset: sseText([created]).length });
  });

  it('has no place for what is missing from an empty stream', () => {
    const [finding] = checkGrammar('chat', [], 'truncated');
    expect(finding).toMatchObject({ rule: 'grammar.chat.no-terminal', pointer: '' });
    expect(finding).not.toHaveProperty('event');
  });
});

describe('docs/validation.md', () => {
  const text = readFileSync(new URL('../../docs/validation.md', import.meta.url), 'utf8');

  it.each(Object.entries(GRAMMARS))('lists the rules of %s as they are', (protocol, { rules }) => {
    const section = text.split(`### \`grammar.${protocol}.*\``)[1]?.split('\n### ')[0] ?? '';
    const columns =
      protocol === 'responses' ? (['strict', 'tolerant', 'codex'] as const) : (['strict', 'tolerant'] as const);
    const expected = Object.entries(rules).map(
      ([id, { severity }]) => `| \`${id}\` | ${columns.map((profile) => severity[profile] ?? '–').join(' | ')} |`,
    );
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    // Without the blanks that make the columns of the table stand in line.
    const listed = rows.map((row) => row.replace(/ +/g, ' '));
    expect(listed.map((line, i) => line.slice(0, expected[i]?.length))).toEqual(expected);
  });
});

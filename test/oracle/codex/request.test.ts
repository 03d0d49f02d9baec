import { describe, expect, it } from 'vitest';
import { DRIFT, hasChange } from '../../../src/oracle/codex/drift.ts';
import { requestKindOf } from '../../../src/oracle/codex/request.ts';
import { codexVersionOf, compareVersions } from '../../../src/oracle/codex/version.ts';

const trigger = JSON.stringify({ input: [{ type: 'message' }, { type: 'compaction_trigger' }] });
const summary = JSON.stringify({
  input: [{ role: 'user', content: [{ text: 'You are performing a CONTEXT CHECKPOINT COMPACTION. …' }] }],
});
const quoted = JSON.stringify({ input: [{ role: 'user', content: 'what is a compaction_trigger?' }] });

describe('requestKindOf', () => {
  it.each([
    ['POST', '/v1/responses', undefined, { kind: 'turn' }],
    ['POST', '/v1/responses?api-version=1', '{', { kind: 'turn' }],
    ['POST', 'http://127.0.0.1:8080/responses/', '{}', { kind: 'turn' }],
    ['POST', '/v1/responses', trigger, { kind: 'compact', form: 'inline' }],
    ['POST', '/v1/responses', summary, { kind: 'compact', form: 'summary' }],
    ['POST', '/v1/responses', quoted, { kind: 'turn' }],
    ['POST', '/v1/responses/compact', '{}', { kind: 'compact', form: 'endpoint' }],
    ['GET', '/v1/models?client_version=0.169.0', undefined, { kind: 'models' }],
    ['GET', '/v1/responses', undefined, undefined],
    ['POST', '/backend-api/codex/analytics-events/events', '{}', undefined],
    ['DELETE', '/v1/responses', undefined, undefined],
  ] as const)('%s %s', (method, target, body, expected) => {
    expect(requestKindOf(method, target, body)).toEqual(expected);
  });
});

describe('versions', () => {
  it.each([
    ['codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.169.0)', '0.169.0'],
    ['codex_cli_rs/0.122.0 (Mac OS 15.1; arm64)', '0.122.0'],
    ['codex-tui/0.170.1-alpha.2', '0.170.1'],
    ['OpenAI/JS 5.0.0', undefined],
  ])('%s', (agent, version) => {
    expect(codexVersionOf(['Accept', '*/*', 'User-Agent', agent])).toBe(version);
  });

  it('are compared by number, not by letter', () => {
    expect(compareVersions('0.99.0', '0.113.0')).toBeLessThan(0);
    expect(compareVersions('1.0.0', '0.169.0')).toBeGreaterThan(0);
    expect(compareVersions('0.169', '0.169.0')).toBe(0);
  });

  it.each(Object.entries(DRIFT))('%s came between the last version without and the first with it', (change, drift) => {
    const name = change as keyof typeof DRIFT;
    expect(hasChange(drift.probedWithout, name)).toBe(false);
    expect(hasChange(drift.since, name)).toBe(true);
  });
});

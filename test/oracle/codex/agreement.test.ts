import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Agreement, compare, EXPLAINED } from '../../../fixtures/oracle/agreement.ts';
import { FIXTURE_VERSIONS, readFixture } from '../../../fixtures/oracle/format.ts';
import { AGREEMENT_FILE, RULES_FILE, renderAgreement, renderRules } from '../../../fixtures/oracle/table.ts';
import { RULES } from '../../../src/oracle/codex/rules.ts';
import { MEASURED_VERSIONS } from '../../../src/oracle/codex/version.ts';

const RUNS = new Map<string, Agreement[]>(FIXTURE_VERSIONS.map((version) => [version, compare(readFixture(version))]));
const ALL = [...RUNS].flatMap(([version, runs]) => runs.map((run) => ({ version, ...run })));

describe('agreement with the real Codex', () => {
  it('covers the versions that the oracle calls measured', () => {
    expect([...FIXTURE_VERSIONS]).toEqual([...MEASURED_VERSIONS]);
    expect(ALL.length).toBeGreaterThan(500);
  });

  it.each(FIXTURE_VERSIONS)('predicts exit code and number of requests of every run of %s', (version) => {
    const wrong = RUNS.get(version)!.filter(
      (run) => run.exit.predicted !== run.exit.real || run.requests.predicted !== run.requests.real,
    );
    expect(wrong).toEqual([]);
  });

  it('differs only where EXPLAINED says why, in text, pause, message and list of models', () => {
    const differing = ALL.filter((run) => run.differences.length > 0).map((run) => `${run.version} ${run.scenario}`);
    expect(differing.sort()).toEqual(Object.keys(EXPLAINED).sort());
  });

  it('is written down in docs/codex-agreement.md (npx tsx fixtures/oracle/table.ts)', () => {
    expect(readFileSync(AGREEMENT_FILE, 'utf8')).toBe(renderAgreement());
  });
});

describe('the rules', () => {
  it('are written down in docs/codex.md (npx tsx fixtures/oracle/table.ts)', () => {
    const document = readFileSync(RULES_FILE, 'utf8');
    expect(renderRules(document)).toBe(document);
  });

  it.each(Object.entries(RULES).filter(([, rule]) => rule.evidence.length > 0))(
    '%s is shown by its evidence',
    (id, rule) => {
      const shown = (scenario: string) => ALL.some((run) => run.scenario === scenario && run.rules.includes(id));
      expect(rule.evidence.filter((scenario) => !shown(scenario))).toEqual([]);
    },
  );

  it('say what they rest on where nothing was captured', () => {
    const bare = Object.entries(RULES).filter(([, rule]) => rule.evidence.length === 0 && !rule.note);
    expect(bare).toEqual([]);
  });

  it('are all the ids that the oracle can give', () => {
    const folder = new URL('../../../src/oracle/codex/', import.meta.url);
    const source = readdirSync(folder)
      .filter((file) => !file.startsWith('rules'))
      .map((file) => readFileSync(new URL(file, folder), 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, ''))
      .join('\n');
    const used = new Set([...source.matchAll(/'(codex\.[a-z0-9.-]+)'/g)].map((found) => found[1]));
    expect([...used].sort()).toEqual(Object.keys(RULES).sort());
  });
});

describe('the condensed captures', () => {
  it.each(FIXTURE_VERSIONS)('%s is small and holds no long text', (version) => {
    const url = new URL(`../../../fixtures/oracle/${version}.jsonl`, import.meta.url);
    expect(statSync(url).size).toBeLessThan(400_000);
    const text = readFileSync(url, 'utf8');
    expect(text).not.toMatch(/You are a coding agent|\/tmp\/|Bearer /);
  });
});

import { describe, expect, it } from 'vitest';
import type { CodexBaseline } from '../../../src/conformance/gateways/codex-baseline.ts';
import { codexBaselineOf, mergeCodex } from '../../../src/conformance/gateways/codex-baseline.ts';
import { codexLines, codexReasons } from '../../../src/conformance/gateways/codex-table.ts';
import type { MatrixEntry } from '../../../src/conformance/gateways/matrix.ts';
import type { CheckResult } from '../../../src/report/conformance/model.ts';

function result(rule: string, version: string, more: Partial<CheckResult>): CheckResult {
  const place = { route: 'responses->chat', model: 'm', client: `Codex ${version}` };
  return { check: `codex.real.${rule}`, verdict: 'pass', ...place, ...more };
}

const RESULTS = [
  result('text', '0.169.0', {}),
  result('zstd', '0.169.0', { verdict: 'fail', faults: [{ message: 'lost resp_0123456789ab' }] }),
  result('websocket', '0.169.0', { verdict: 'warn', reason: 'slow' }),
  result('text', '0.113.0', {}),
  result('websocket', '0.113.0', { verdict: 'not-applicable', reason: 'too old' }),
  { check: 'wire.a', verdict: 'pass' },
] satisfies CheckResult[];

function entryOf(codex: CodexBaseline): MatrixEntry {
  const description = { name: 'made-up', title: 'Made up' };
  return { description, baseline: { codex } } as MatrixEntry;
}

describe('what is kept of real Codex', () => {
  const codex = codexBaselineOf({ tool: '0.0.0', results: RESULTS }, '2026-11-21');

  it('is a verdict for each scenario, by version and way, the oldest first', () => {
    expect(codex.runs.map(({ version, route, model, scenarios }) => ({ version, route, model, scenarios }))).toEqual([
      {
        version: '0.113.0',
        route: 'responses->chat',
        model: 'm',
        scenarios: { text: 'pass', websocket: 'not-applicable' },
      },
      {
        version: '0.169.0',
        route: 'responses->chat',
        model: 'm',
        scenarios: { text: 'pass', zstd: 'fail', websocket: 'warn' },
      },
    ]);
    expect(codex.runs[1]?.seen).toEqual([
      { scenario: 'zstd', verdict: 'fail', why: 'lost (id)' },
      { scenario: 'websocket', verdict: 'warn', why: 'slow' },
    ]);
  });

  it('is told as what passed of what applies, and what did not', () => {
    const row = codexLines([entryOf(codex)]).find((line) => line.includes('Made up'));
    expect(row).toBe('| [Made up](#made-up) | responses->chat | 1/1 | 1/3: zstd, websocket (!) |');
  });

  it('says why, once for all versions and ways, and nothing of what does not apply', () => {
    const [first, second] = codex.runs;
    const twice = { ...codex, runs: [...codex.runs, { ...second!, version: '0.170.0' }, { ...first!, route: 'x' }] };
    const rows = codexReasons(entryOf(twice)).slice(2, -1);
    expect(rows).toEqual([
      '| fail | zstd | responses->chat (0.169.0, 0.170.0) | lost (id) |',
      '| warn | websocket | responses->chat (0.169.0, 0.170.0) | slow |',
    ]);
  });

  it('is not there where it was not run', () => {
    expect(codexLines([{ ...entryOf(codex), baseline: {} } as MatrixEntry])).toEqual([]);
  });

  it('is joined with what was run before: the same version and way is replaced', () => {
    const again = result('text', '0.169.0', { verdict: 'fail', reason: 'worse' });
    const later = codexBaselineOf({ tool: '0.0.1', results: [again] }, '2026-11-22');
    const merged = mergeCodex(codex, later);
    expect(merged).toMatchObject({ tool: '0.0.1', date: '2026-11-22' });
    expect(merged.runs.map(({ version, scenarios }) => [version, scenarios.text])).toEqual([
      ['0.113.0', 'pass'],
      ['0.169.0', 'fail'],
    ]);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { validateDocument } from '../../src/validate/document.ts';

interface Line {
  captures: number;
  endpoint: 'responses' | 'responses/compact';
  scenario: string;
  body: unknown;
}

const ROOT = { responses: 'responses.request', 'responses/compact': 'responses.compact-request' } as const;

function readLines(version: string): Line[] {
  const text = readFileSync(new URL(`../../fixtures/codex-requests/${version}.jsonl`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

describe('requests of real Codex binaries', () => {
  it.each([
    ['0.113.0', 41, 426, 4],
    ['0.122.0', 53, 439, 5],
    ['0.169.0', 69, 448, 0],
  ])('%s: all shapes are valid under tolerant and codex', (version, shapes, captures, compactions) => {
    const lines = readLines(version);
    for (const { endpoint, scenario, body } of lines) {
      const findings = validateDocument(ROOT[endpoint], JSON.stringify(body), ['tolerant', 'codex']);
      expect(findings, `${version} ${scenario}`).toEqual([]);
    }
    expect(lines).toHaveLength(shapes);
    expect(sum(lines)).toBe(captures);
    expect(sum(lines.filter(({ endpoint }) => endpoint === 'responses/compact'))).toBe(compactions);
  });

  it('go beyond the public types in seven fields alone', () => {
    const rules = ['0.113.0', '0.122.0', '0.169.0'].flatMap((version) =>
      readLines(version).flatMap(({ endpoint, body }) =>
        validateDocument(ROOT[endpoint], JSON.stringify(body), ['strict'])
          .filter(({ rule }) => rule === 'schema.unknown-field')
          .map(({ pointer }) => pointer.replaceAll(/\/\d+/g, '/N')),
      ),
    );
    expect([...new Set(rules)].sort()).toMatchInlineSnapshot(`
      [
        "/client_metadata",
        "/input/N/id",
        "/input/N/internal_chat_message_metadata_passthrough",
        "/parallel_tool_calls",
        "/reasoning",
        "/tools",
        "/tools/N/search_content_types",
      ]
    `);
  });
});

function sum(lines: readonly Line[]): number {
  return lines.reduce((total, { captures }) => total + captures, 0);
}

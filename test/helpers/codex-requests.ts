import { readFileSync } from 'node:fs';
import type { JsonObject } from '../../src/protocols/grammar.ts';

export interface CodexRequest {
  version: string;
  scenario: string;
  endpoint: string;
  body: JsonObject;
}

/** Every shape of request that the Codex binaries send. */
export function readCodexRequests(): CodexRequest[] {
  return ['0.113.0', '0.122.0', '0.169.0'].flatMap((version) => {
    const text = readFileSync(new URL(`../../fixtures/codex-requests/${version}.jsonl`, import.meta.url), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => ({ version, ...(JSON.parse(line) as Omit<CodexRequest, 'version'>) }));
  });
}

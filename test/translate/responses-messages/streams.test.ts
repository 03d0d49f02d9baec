import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { validateDocument } from '../../../src/validate/document.ts';

const ROOT = fileURLToPath(new URL('../../../fixtures/translations/responses-messages/', import.meta.url));

const CASES = readdirSync(ROOT, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('stream.expected.sse'))
  .map((file) => file.slice(0, file.lastIndexOf('/')))
  .sort();

/**
 * What may be found in a translated stream, by case: codes and reasons that the schema does not list, and that are told
 * nevertheless, since Codex acts on them or the client has to know.
 */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  overloaded: /error\/code/,
  'prompt-too-long': /error\/code/,
  // Codex knows no refusals.
  refused: /item\/content\/0\/type/,
  'unknown-stop-reason': /incomplete_details\/reason/,
};

describe('translated streams', () => {
  it.each(CASES)('%s keeps the schema and the order of a Responses stream', (name) => {
    const text = readFileSync(`${ROOT}${name}/stream.expected.sse`, 'utf8');
    const findings = validateDocument('responses.stream', text, ['strict', 'codex']).filter(
      ({ severity }) => severity === 'error',
    );
    const unexpected = findings.filter(({ pointer }) => !(EXPECTED[name]?.test(pointer ?? '') ?? false));
    expect(unexpected).toEqual([]);
  });
});

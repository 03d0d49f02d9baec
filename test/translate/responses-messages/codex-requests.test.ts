import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import type { Dialect } from '../../../src/translate/dialects.ts';
import { MESSAGES_DIALECTS } from '../../../src/translate/responses-messages/dialects.ts';
import { translateRequest } from '../../../src/translate/responses-messages/request.ts';
import type { RequestTranslation } from '../../../src/translate/types.ts';
import { validateDocument } from '../../../src/validate/document.ts';
import { makeContext } from '../../helpers/translate.ts';
import { expectLawfulTurns } from './turns.ts';

interface Shape {
  endpoint: string;
  scenario: string;
  body: JsonObject;
}

describe.each(['0.113.0', '0.122.0', '0.169.0'])('every request of Codex %s', (version) => {
  const file = fileURLToPath(new URL(`../../../fixtures/codex-requests/${version}.jsonl`, import.meta.url));
  const shapes = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Shape);

  it.each(MESSAGES_DIALECTS.map((dialect) => [dialect.name, dialect] as const))('to %s', (_name, dialect) => {
    for (const { scenario, body } of shapes) {
      const result = translateRequest(body, makeContext(dialect));
      if ('problem' in result) {
        expect(JSON.stringify(body.input), scenario).toContain('compaction_trigger');
        continue;
      }
      expect(judge(result.body, dialect), scenario).toEqual([]);
      expectLawfulTurns(result.body.messages);
      expect(findSilentLosses(body, result), scenario).toEqual([]);
    }
  });
});

function judge(body: JsonObject, dialect: Dialect) {
  return validateDocument('messages.request', JSON.stringify(body), ['strict']).filter(
    ({ pointer }) => !dialect.extras.includes(pointer),
  );
}

/** Values that change nothing, or that the way back restores, by the last name of their path. */
const NEUTRAL = new Set(['type', 'status', 'role', 'execution', 'strict', 'namespace']);

/** The same, by the first. */
const NEUTRAL_PARAMETERS = new Set(['model', 'stream', 'parallel_tool_calls', 'tool_choice', 'reasoning']);

/** Leaves of the request that are neither in the body nor told as a loss. */
function findSilentLosses(request: JsonObject, { body, losses }: RequestTranslation): string[] {
  const told = losses.map(({ path }) => path);
  const values = new Set<unknown>();
  for (const [, value] of leavesOf(body, '')) values.add(value);
  const text = JSON.stringify(body);
  return leavesOf(request, '').flatMap(([path, value]) => {
    if (NEUTRAL.has(path.split('/').at(-1)!) || NEUTRAL_PARAMETERS.has(path.split('/')[1]!)) return [];
    if (told.some((loss) => path === loss || path.startsWith(`${loss}/`))) return [];
    return values.has(value) || isWithin(value, text) ? [] : [`${path} ${JSON.stringify(value)}`];
  });
}

function leavesOf(value: unknown, path: string): [string, unknown][] {
  if (value === null) return [];
  if (typeof value !== 'object') return [[path, value]];
  return Object.entries(value).flatMap(([name, field]) => leavesOf(field, `${path}/${name}`));
}

/** Arguments are parsed, data URLs taken apart, a grammar joins the description of its tool. */
function isWithin(value: unknown, text: string): boolean {
  if (typeof value !== 'string') return false;
  const quoted = JSON.stringify(value).slice(1, -1);
  if (text.includes(quoted) || text.includes(JSON.stringify(quoted).slice(1, -1))) return true;
  if (value.startsWith('data:')) return text.includes(value.slice(value.indexOf(',') + 1));
  try {
    return leavesOf(JSON.parse(value), '').every(([, leaf]) => text.includes(JSON.stringify(leaf)));
  } catch {
    return false;
  }
}

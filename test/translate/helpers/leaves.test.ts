import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { type Dialect, findDialect } from '../../../src/translate/dialects.ts';
import { findHop } from '../../../src/translate/hops.ts';
import type { Protocol } from '../../../src/util/types.ts';
import { readCodexRequests } from '../../helpers/codex-requests.ts';
import { makeContext } from '../../helpers/translate.ts';
import { PROVIDERS, runRequest, silentLeaves } from '../coverage/judge.ts';
import { type Comparison, compareLeaves, leavesOf, type Verdict, withoutLeaf } from './leaves.ts';

const ROOT = fileURLToPath(new URL('../../../fixtures/translations/', import.meta.url));

const TARGETS = [
  ['chat', 'openai'],
  ['chat', 'deepseek'],
  ['chat', 'llama-server-strict'],
  ['messages', 'anthropic'],
  ['messages', 'deepseek'],
  ['messages', 'llama-server'],
] as const;

const REQUESTS = readCodexRequests();

function compare(client: Protocol, body: JsonObject, dialect: Dialect): Comparison | undefined {
  const result = findHop(client, dialect.protocol)!.request(body, makeContext(dialect));
  return 'problem' in result ? undefined : { source: body, target: result.body, ...result, dialect };
}

function silentOf(comparison: Comparison | undefined): string[] {
  if (!comparison) return [];
  return compareLeaves(comparison).silent.map(({ path, value }) => `${path} ${String(value).slice(0, 60)}`);
}

describe('every captured request of Codex', () => {
  it.each(TARGETS)('loses nothing silently on its way to %s (%s)', (protocol, name) => {
    const dialect = findDialect(name, protocol)!;
    const silent = REQUESTS.flatMap(({ version, scenario, body }) =>
      silentOf(compare('responses', body, dialect)).map((leaf) => `${version} ${scenario} ${leaf}`),
    );
    expect(silent).toEqual([]);
  });
});

describe('every request of the fixtures', () => {
  const ways: [from: Protocol, to: Protocol, folder: string][] = [
    ['responses', 'chat', 'responses-chat'],
    ['responses', 'messages', 'responses-messages'],
    ['chat', 'responses', 'chat-responses'],
    ['chat', 'messages', 'chat-responses'],
    ['messages', 'responses', 'messages-responses'],
    ['messages', 'chat', 'messages-responses'],
  ];

  it.each(ways)('loses nothing silently from %s to %s', (from, to, folder) => {
    const hops =
      from === 'responses' || to === 'responses'
        ? [[from, to]]
        : [
            [from, 'responses'],
            ['responses', to],
          ];
    const silent = readRequests(folder).flatMap(([name, body]) => {
      const stages = runRequest(
        body,
        hops.map(([client, upstream]) => findHop(client as Protocol, upstream as Protocol)!),
      );
      return 'problem' in stages ? [] : silentLeaves(stages).map(({ path, value }) => `${name} ${path} ${value}`);
    });
    expect(silent).toEqual([]);
  });
});

function readRequests(folder: string): [name: string, body: JsonObject][] {
  return readdirSync(ROOT + folder)
    .filter((name) => existsSync(`${ROOT}${folder}/${name}/request.json`))
    .map((name) => [name, JSON.parse(readFileSync(`${ROOT}${folder}/${name}/request.json`, 'utf8')) as JsonObject]);
}

/**
 * Leaves of a target that stand for no leaf of the source, for one that others tell as well, for what holds anyway, or for one
 * that a loss names because its value is another.
 */
const ADDED = new Set([
  'annotations',
  'cache_control',
  'include_usage',
  'max_tokens',
  'parallel_tool_calls',
  'reasoning_effort',
  'role',
  'strict',
  'tool_choice',
  'type',
]);

describe('the checker', () => {
  // Requests with much in them, of each version of Codex.
  const rich = REQUESTS.filter(({ scenario }) => /e-parallel|e-mcp|f-image|e-toolsearch|j-schema/.test(scenario));

  it.each(TARGETS)('notices each leaf that a translator to %s (%s) would drop', (protocol, name) => {
    const dialect = findDialect(name, protocol)!;
    const unnoticed = new Set<string>();
    for (const { body } of rich.filter((_, index) => index % 4 === 0)) {
      const comparison = compare('responses', smaller(body), dialect)!;
      const before = foundIn(compareLeaves(comparison));
      for (const { path, key } of leavesOf(comparison.target)) {
        const verdict = compareLeaves({ ...comparison, target: withoutLeaf(comparison.target, path) });
        if (foundIn(verdict) >= before && !ADDED.has(key)) unnoticed.add(path);
      }
    }
    expect([...unnoticed]).toEqual([]);
  });

  it('asks for as many of a value as there were', () => {
    const source = { tools: [{ strict: true }, { strict: true }] };
    const paths = (target: unknown) => compareLeaves({ source, target, losses: [] }).silent.map(({ path }) => path);
    expect(paths({ tools: [{ strict: true }, { strict: true }] })).toEqual([]);
    expect(paths({ tools: [{ strict: true }] })).toEqual(['/tools/1/strict']);
  });

  it('takes a number under its own name or an alias alone', () => {
    const silent = (target: unknown) =>
      compareLeaves({ source: { max_output_tokens: 7 }, target, losses: [] }).silent.length;
    expect([silent({ max_tokens: 7 }), silent({ max_output_tokens: 7 }), silent({ seed: 7 })]).toEqual([0, 0, 1]);
  });

  it('finds texts within others, within JSON, and taken apart', () => {
    const carried = (source: unknown, target: unknown) =>
      compareLeaves({ source, target, losses: [] }).silent.length === 0;
    expect(carried({ instructions: 'Be brief.' }, { messages: [{ content: 'Be brief.\n\nHi' }] })).toBe(true);
    expect(carried({ arguments: '{"a":"x","b":[1]}' }, { input: { a: 'x', b: [1] } })).toBe(true);
    expect(carried({ input: 'a "b"\n' }, { arguments: JSON.stringify({ input: 'a "b"\n' }) })).toBe(true);
    expect(carried({ image_url: 'data:image/png;base64,AAAA' }, { media_type: 'image/png', data: 'AAAA' })).toBe(true);
    expect(carried({ arguments: '{"a":"x","b":[1]}' }, { input: { a: 'x' } })).toBe(false);
  });

  it('takes a loss of a field that names its whole entry for that field alone', () => {
    const loss = { hop: 'x', path: '/output/0', kind: 'field', reason: 'there is no annotation of that type' };
    const source = { output: [{ annotations: [{ file: 'a.txt' }], logprobs: [{ token: 'a b' }] }] };
    const { silent, lost } = compareLeaves({ source, target: {}, losses: [loss] });
    expect(lost.map(({ path }) => path)).toEqual(['/output/0/annotations/0/file']);
    expect(silent.map(({ path }) => path)).toEqual(['/output/0/logprobs/0/token']);
  });
});

/** How many leaves of the source the target has. */
function foundIn({ carried, reformed }: Verdict): number {
  return [...reformed.values()].reduce((sum, leaves) => sum + leaves.length, carried.length);
}

/** With the first tools alone: each leaf of the result costs a comparison. */
function smaller(body: JsonObject): JsonObject {
  return Array.isArray(body.tools) ? { ...body, tools: body.tools.slice(0, 3) } : body;
}

it('the dialects of the coverage lack the least', () => {
  expect(PROVIDERS.chat.lacks).toEqual([]);
  expect(PROVIDERS.messages.name).toBe('anthropic');
});

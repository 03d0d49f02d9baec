import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asArray, asObject, type JsonObject } from '../../src/protocols/grammar.ts';
import { weighLoss } from '../../src/protocols/loss-weights.ts';
import { defaultDialect, findDialect } from '../../src/translate/dialects.ts';
import { findHop } from '../../src/translate/hops.ts';
import type { Protocol } from '../../src/util/types.ts';
import { readCodexRequests } from '../helpers/codex-requests.ts';
import { makeContext } from '../helpers/translate.ts';

const CAPTURED = readCodexRequests().filter(({ version }) => version === '0.169.0');

/** Where the request loses what counts. */
function semanticLosses(body: JsonObject, protocol: Protocol, dialect?: string): string[] {
  const table = dialect === undefined ? defaultDialect(protocol) : findDialect(dialect, protocol)!;
  const result = findHop('responses', protocol)!.request(body, makeContext(table));
  if ('problem' in result) throw new Error(result.problem.message);
  return result.losses.filter((loss) => weighLoss(loss) === 'semantic').map(({ path }) => path);
}

function withoutSearch(body: JsonObject): JsonObject {
  return { ...body, tools: asArray(body.tools).filter((tool) => asObject(tool)?.type !== 'web_search') };
}

/** The first request of a cassette, as Codex sent it. */
function recorded(name: string): JsonObject {
  const text = readFileSync(new URL(`../../fixtures/cassettes/translated/${name}.har`, import.meta.url), 'utf8');
  const { entries } = (JSON.parse(text) as { log: { entries: { request: { postData: { text: string } } }[] } }).log;
  return JSON.parse(entries[0]!.request.postData.text) as JsonObject;
}

describe.each(['chat', 'messages'] as const)('a request of Codex 0.169.0 to a %s provider', (protocol) => {
  it.each(['text', 'tool', 'parallel', 'apply-patch'])('loses hints alone as recorded: %s', (scenario) => {
    expect(semanticLosses(recorded(`0.169.0-${protocol}-${scenario}`), protocol)).toEqual([]);
  });

  // Namespaces, deferred tools, tools in items, and a review: nobody asked for a search there.
  it.each(['j-web-disabled', 'k-review', 'a-nodefault-model'])('loses hints alone: %s', (scenario) => {
    const found = CAPTURED.filter((request) => request.scenario === scenario);
    expect(found).not.toEqual([]);
    for (const { body } of found) expect(semanticLosses(body, protocol)).toEqual([]);
  });

  it('loses hints alone without the search, whatever the model', () => {
    for (const { scenario, body } of CAPTURED.filter((request) => /^a-/.test(request.scenario))) {
      expect(semanticLosses(withoutSearch(body), protocol), scenario).toEqual([]);
    }
  });

  it('loses the image towards a model that cannot see', () => {
    const found = CAPTURED.filter(({ scenario }) => scenario === 'f-image');
    expect(found).not.toEqual([]);
    for (const { body } of found) {
      const paths = semanticLosses(withoutSearch(body), protocol, 'deepseek');
      expect(paths).toContainEqual(expect.stringMatching(/^\/input\/\d+\/content\/\d+$/));
    }
  });

  it('loses a tool that the provider does not have', () => {
    const { body } = CAPTURED.find(({ scenario }) => scenario === 'a-headers')!;
    const index = asArray(body.tools).findIndex((tool) => asObject(tool)?.type === 'web_search');
    const dialect = protocol === 'messages' ? 'llama-server' : 'openai';
    expect(semanticLosses({ ...body, reasoning: null }, protocol, dialect)).toEqual([`/tools/${index}`]);
  });
});

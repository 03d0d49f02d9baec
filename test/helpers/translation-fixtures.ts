import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseSse } from '../../src/decode/sse.ts';
import type { JsonObject } from '../../src/protocols/grammar.ts';
import { type Dialect, findDialect } from '../../src/translate/dialects.ts';
import type {
  BackContext,
  Hop,
  SourceEnd,
  StreamEvent,
  StreamStep,
  TranslateContext,
} from '../../src/translate/types.ts';
import { toUtf8 } from '../../src/util/bytes.ts';
import { makeContext, sseText } from './translate.ts';

/** `case.json` of a case; all of it may be left out. */
interface Case {
  /** Traits of the dialect that differ from those of `responses`. */
  traits?: Partial<Dialect>;
  /** Fields of the request that the answer is for. */
  answers?: JsonObject;
  end?: SourceEnd;
}

/** One case of fixtures/translations for a hop to a Responses provider. */
export interface TranslationCase {
  name: string;
  has(file: string): boolean;
  json(file: string): JsonObject;
  /** Events of `stream.sse`. */
  source(): StreamEvent[];
  context(): TranslateContext;
  /** For the way back of the request that the case answers. */
  backContext(): BackContext;
  end: SourceEnd;
}

/** @param request what the answers are for, beside `case.json` */
export function readCases(folder: string, hop: Hop, request: JsonObject): TranslationCase[] {
  const root = fileURLToPath(new URL(`../../fixtures/translations/${folder}/`, import.meta.url));
  return readdirSync(root)
    .sort()
    .map((name) => openCase(`${root}${name}/`, name, hop, request));
}

function openCase(root: string, name: string, hop: Hop, request: JsonObject): TranslationCase {
  const has = (file: string) => existsSync(root + file);
  const json = (file: string) => JSON.parse(readFileSync(root + file, 'utf8')) as JsonObject;
  const settings: Case = has('case.json') ? json('case.json') : {};
  const context = () => makeContext({ ...findDialect('responses', 'responses')!, ...settings.traits });
  return {
    name,
    has,
    json,
    context,
    end: settings.end ?? 'done',
    source: () =>
      parseSse(toUtf8(readFileSync(`${root}stream.sse`, 'utf8'))).events.map(({ event, data }) => ({
        name: event,
        data,
      })),
    backContext() {
      const own = context();
      const result = hop.request({ ...request, ...settings.answers }, own);
      if ('problem' in result) throw new Error(result.problem.message);
      return { ...own, plan: result.plan };
    },
  };
}

/** The stream of a case, translated. */
export function translateCase(hop: Hop, one: TranslationCase): StreamStep {
  const stream = hop.stream(one.backContext());
  const steps = one.source().map((event) => stream.push(event));
  steps.push(stream.end(one.end));
  return { events: steps.flatMap(({ events }) => events), losses: steps.flatMap(({ losses }) => losses) };
}

/** Compares every case of a folder with its expected files; `vitest -u` writes them. */
export function describeFixtures(folder: string, hop: Hop, request: JsonObject): void {
  const root = fileURLToPath(new URL(`../../fixtures/translations/${folder}/`, import.meta.url));
  const cases = readCases(folder, hop, request);
  const matches = async (name: string, file: string, value: unknown) => {
    // Who calls a hop gets what its JSON says, and no fields that are undefined.
    expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
    await expect(`${JSON.stringify(value, null, 2)}\n`).toMatchFileSnapshot(`${root}${name}/${file}`);
  };

  describe('requests', () => {
    it.each(cases.filter(({ has }) => has('request.json')))('$name', async ({ name, has, json, context }) => {
      const result = hop.request(json('request.json'), context());
      if ('problem' in result) {
        await matches(name, 'refusal.json', result);
        return;
      }
      expect(has('refusal.json')).toBe(false);
      await matches(name, 'request.expected.json', result.body);
      await matches(name, 'losses.json', result.losses);
    });
  });

  describe('streams', () => {
    it.each(cases.filter(({ has }) => has('stream.sse')))('$name', async (one) => {
      const { events, losses } = translateCase(hop, one);
      await expect(sseText(events)).toMatchFileSnapshot(`${root}${one.name}/stream.expected.sse`);
      await matches(one.name, 'stream.losses.json', losses);
    });
  });

  describe('whole answers', () => {
    it.each(cases.filter(({ has }) => has('response.json')))('$name', async ({ name, json, backContext }) => {
      const { losses, ...result } = hop.response(json('response.json'), backContext());
      await matches(name, 'response.expected.json', result.status === undefined ? result.body : result);
      await matches(name, 'response.losses.json', losses);
    });
  });
}

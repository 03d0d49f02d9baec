import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asObject, type JsonObject, parseData } from '../../src/protocols/grammar.ts';
import { assembleResponses } from '../../src/protocols/responses/assemble.ts';
import type { Hop, StreamEvent } from '../../src/translate/types.ts';
import { validateDocument } from '../../src/validate/document.ts';
import { assertProperty } from './properties.ts';
import { sseText } from './translate.ts';
import { type TranslationCase, translateCase } from './translation-fixtures.ts';

export interface Laws {
  cases: readonly TranslationCase[];
  hop: Hop;
  /** What the events of a translated stream amount to. */
  assemble(events: readonly unknown[]): JsonObject;
  /** Brings a whole answer and an assembled one into one form. */
  normalize(answer: JsonObject): unknown;
  /** Values of a request, as path and JSON text, that the target says in other words or that change nothing. */
  explained: readonly RegExp[];
  /** Findings of `strict` that the client's own extensions of its protocol explain. */
  excused: readonly RegExp[];
}

/** The protocols have types and roles of their own, and both leave out what is so anyway. */
const EXPLAINED: readonly RegExp[] = [/\/(?:type|role) "/, /^\/tool_choice "auto"$/];

const ERRORS = { chat: 'error.openai', messages: 'error.messages', responses: 'error.openai' } as const;

/** Ids are renumbered: those of both ways come from counters of their own. */
const MINTED = /\b(?:chatcmpl-|msg_|rs_|call_|toolu_)\d+\b/g;

/** What holds of every case of a hop to a Responses provider. */
export function describeLaws({ cases, hop, assemble, normalize, explained, excused }: Laws): void {
  const requests = cases.filter(({ has }) => has('request.expected.json'));
  const streams = cases.filter(({ has }) => has('stream.sse'));

  it.each(requests)('request $name is valid under strict', ({ json }) => {
    const text = JSON.stringify(json('request.expected.json'));
    expect(validateDocument('responses.request', text, ['strict'])).toEqual([]);
  });

  it.each(requests)('request $name loses nothing without a word', ({ json, context }) => {
    const result = hop.request(json('request.json'), context());
    if ('problem' in result) throw new Error(result.problem.message);
    const { body, plan, losses } = result;
    const kept = [...[...plan.tools.values()].map(({ name }) => name), ...plan.callIds.values()];
    const carried = new Set([...kept, ...leavesOf(body).flatMap(({ value }) => [value, ...nestedLeaves(value)])]);
    const texts = [...carried].filter((value) => typeof value === 'string');
    const silent = leavesOf(json('request.json')).filter(
      ({ path, value }) =>
        !carried.has(value) &&
        !texts.some((text) => text.includes(String(value))) &&
        !losses.some((loss) => path === loss.path || path.startsWith(`${loss.path}/`)) &&
        !EXPLAINED.concat(explained).some((pattern) => pattern.test(`${path} ${JSON.stringify(value)}`)),
    );
    expect(silent).toEqual([]);
  });

  it.each(streams)('stream $name is valid under strict and in order', (one) => {
    const findings = validateDocument(`${hop.client}.stream`, sseText(translateCase(hop, one).events), ['strict']);
    expect(findings.filter(({ message, pointer }) => !excused.some((e) => e.test(`${pointer} ${message}`)))).toEqual(
      [],
    );
  });

  it.each(cases.filter(({ has }) => has('response.json')))('answer $name is valid under strict', (one) => {
    const { body, status } = hop.response(one.json('response.json'), one.backContext());
    const root = status === undefined ? `${hop.client}.response` : ERRORS[hop.client];
    const findings = validateDocument(root, JSON.stringify(body), ['strict']);
    expect(findings.filter(({ message, pointer }) => !excused.some((e) => e.test(`${pointer} ${message}`)))).toEqual(
      [],
    );
  });

  it.each(streams)('stream $name says what the whole answer says', (one) => {
    const whole = assembleResponses(one.source().map(typed));
    if (whole.status === 'in_progress' || whole.error) return;
    const answer = hop.response(asObject(JSON.parse(JSON.stringify(whole)))!, one.backContext());
    const told = assemble(translateCase(hop, one).events.map(({ data }) => parseData(data)));
    const renumber = (value: unknown) => JSON.parse(JSON.stringify(value).replace(MINTED, 'id')) as unknown;
    expect(renumber(normalize(told))).toEqual(renumber(normalize(answer.body)));
  });

  it.each(streams)('stream $name says the same in deltas of one character', (one) => {
    const assembleAll = (source: readonly StreamEvent[]) => {
      const stream = hop.stream(one.backContext());
      const steps = [...source.map((event) => stream.push(event)), stream.end(one.end)];
      return assemble(steps.flatMap(({ events }) => events).map(({ data }) => parseData(data)));
    };
    const source = one.source();
    expect(normalize(assembleAll(source.flatMap(splitDelta)))).toEqual(normalize(assembleAll(source)));
  });

  describe('never throws', () => {
    it('on a request', () => {
      const bodies = requests.map(({ json }) => json('request.json'));
      assertProperty(
        fc.property(mutated(bodies), (body) => {
          hop.request(body, cases[0]!.context());
        }),
        { numRuns: 300 },
      );
    });

    it('on an answer', () => {
      const bodies = cases.filter(({ has }) => has('response.json')).map(({ json }) => json('response.json'));
      assertProperty(
        fc.property(mutated(bodies), (body) => {
          hop.response(body, cases[0]!.backContext());
        }),
        { numRuns: 300 },
      );
    });

    it('on a stream, which it always ends', () => {
      const sources = streams.map((one) => one.source().map(({ data }) => (parseData(data) ?? data) as JsonObject));
      const anyEvents = fc.constantFrom(...sources).chain((source) => fc.shuffledSubarray(source));
      assertProperty(
        fc.property(fc.oneof(anyEvents, fc.array(mutated(sources.flat()), { maxLength: 8 })), (values) => {
          const stream = hop.stream(cases[0]!.backContext());
          const events: StreamEvent[] = [];
          for (const value of values) {
            events.push(
              ...stream.push({ name: undefined, data: typeof value === 'string' ? value : JSON.stringify(value) })
                .events,
            );
          }
          events.push(...stream.end('done').events);
          const broken = validateDocument(`${hop.client}.stream`, sseText(events), ['strict']).filter(
            ({ rule }) => rule.startsWith('grammar.') && !rule.endsWith('.input-not-json'),
          );
          expect(broken).toEqual([]);
        }),
        { numRuns: 300 },
      );
    });
  });
}

/** A delta in units of UTF-16, so characters beyond the first plane are cut in two. */
function splitDelta(event: StreamEvent): StreamEvent[] {
  const data = asObject(parseData(event.data));
  if (typeof data?.delta !== 'string') return [event];
  return data.delta.split('').map((delta) => ({ ...event, data: JSON.stringify({ ...data, delta }) }));
}

/** The data of an event; the `event:` line stands for a type that it lacks. */
function typed({ name, data }: StreamEvent): unknown {
  const value = asObject(parseData(data));
  return value && { type: name, ...value };
}

/** One of the bodies with some of its values replaced by any JSON. */
function mutated(bodies: readonly JsonObject[]): fc.Arbitrary<JsonObject> {
  const edits = fc.array(fc.tuple(fc.nat(), fc.jsonValue({ maxDepth: 2 })), { maxLength: 4 });
  return fc.tuple(fc.constantFrom(...bodies), edits).map(([body, list]) => {
    const copy = JSON.parse(JSON.stringify(body)) as JsonObject;
    for (const [at, value] of list) {
      const places = placesOf(copy);
      const place = places[at % Math.max(1, places.length)];
      if (place) place.object[place.key] = JSON.parse(JSON.stringify(value)) as unknown;
    }
    return copy;
  });
}

/** Strings and numbers with their JSON pointers. */
function leavesOf(value: unknown, path = ''): { path: string; value: string | number }[] {
  if (typeof value === 'string' || typeof value === 'number') return [{ path, value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => leavesOf(child, `${path}/${key}`));
}

/** What stands in a string that is JSON itself: arguments of a call. */
function nestedLeaves(value: string | number): (string | number)[] {
  const parsed = typeof value === 'string' && /^[{[]/.test(value) ? parseData(value) : undefined;
  return leavesOf(parsed).map((leaf) => leaf.value);
}

function placesOf(value: unknown): { object: JsonObject; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const object = value as JsonObject;
  return Object.keys(object).flatMap((key) => [{ object, key }, ...placesOf(object[key])]);
}

import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, generateBundles, schemaText } from '../../schemas/generate/generate.ts';
import { applyPatches, dropHeaderParams, markIntegers, PATCHES, patchPlaces } from '../../schemas/generate/patches.ts';
import type { Definitions } from '../../schemas/generate/schema.ts';
import { assertProperty } from '../helpers/properties.ts';
import { type Case, readCases } from '../helpers/schema-cases.ts';

/** Which root each kind of case is judged by, in the generated bundles. */
const ROOT_NAMES: Record<string, [bundle: string, root: string]> = {
  'responses.request': ['responses', 'ResponsesRequest'],
  'responses.response': ['responses', 'ResponsesResponse'],
  'responses.event': ['responses', 'ResponsesStreamEvent'],
  'chat.request': ['chat', 'ChatRequest'],
  'chat.response': ['chat', 'ChatResponse'],
  'chat.chunk': ['chat', 'ChatChunk'],
  'error.openai': ['openai', 'OpenAIError'],
  'messages.request': ['messages', 'MessagesRequest'],
  'messages.response': ['messages', 'MessagesResponse'],
  'messages.event': ['messages', 'MessagesStreamEvent'],
};

describe('the generated schemas', () => {
  let bundles: Bundle[];
  let judges: Record<string, Pair>;
  beforeAll(() => {
    bundles = generateBundles();
    judges = Object.fromEntries(Object.entries(ROOT_NAMES).map(([name, place]) => [name, judgePair(bundles, place)]));
  }, 60_000);

  it('are what the pinned SDKs give', () => {
    for (const { file, schema } of bundles) {
      const committed = readFileSync(new URL(`../../schemas/${file}`, import.meta.url), 'utf8');
      expect(committed === schemaText(schema), `${file} is stale: run npm run schemas`).toBe(true);
    }
  });

  it('compile in the strictest mode of Ajv', () => {
    for (const { file, schema, roots } of bundles) {
      const ajv = strictAjv(schema);
      for (const root of roots) expect(ajv.getSchema(`${file}#/$defs/${root}`), root).toBeTypeOf('function');
    }
  });

  it('carry no prose of the SDKs', () => {
    for (const { schema } of bundles) expect(JSON.stringify(schema)).not.toMatch(/"description":"/);
  });

  it('judge mutated documents as the unions of TypeScript do', () => {
    const cases = readCases().filter((candidate) => candidate.root in ROOT_NAMES);
    assertProperty(
      fc.property(
        fc.constantFrom(...cases),
        fc.array(mutation(), { minLength: 1, maxLength: 3 }),
        (sample, mutations) => {
          const document = mutations.reduce((value, mutate) => mutate(value), structuredClone(sample.data));
          const { raw, sharp } = judges[sample.root]!;
          expect({ document, valid: sharp(document) }).toEqual({ document, valid: raw(document) });
        },
      ),
      { numRuns: 3000, seed: 20261121 },
    );
  }, 60_000);

  it('judge the cases themselves as the unions of TypeScript do', () => {
    for (const sample of readCases().filter((candidate: Case) => candidate.root in ROOT_NAMES)) {
      const { raw, sharp } = judges[sample.root]!;
      expect({ sample, valid: sharp(sample.data) }).toEqual({ sample, valid: raw(sample.data) });
    }
  });
});

describe('patches', () => {
  const definitions = (): Definitions => ({
    Response: {
      properties: {
        output_text: { type: 'string' },
        access_programs: { type: 'string' },
        usage: { type: 'object' },
        user: { type: 'string' },
        id: { type: 'string' },
      },
      required: ['output_text', 'access_programs', 'id'],
    },
  });

  it('drop, relax, allow null and add', () => {
    const patched = definitions();
    applyPatches(patched);
    expect(patched.Response).toEqual({
      properties: {
        access_programs: { type: 'string' },
        usage: { anyOf: [{ type: 'object' }, { type: 'null' }] },
        user: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        id: { type: 'string' },
        store: { type: 'boolean' },
      },
      required: ['id'],
    });
  });

  it('are told apart from those that no longer apply', () => {
    const before = definitions();
    const applied = applyPatches(before);
    expect(applied).toHaveLength(4);
    expect(applyPatches(before)).toEqual([]);
    expect([...patchPlaces().keys()]).toEqual(expect.arrayContaining(applied));
    expect(patchPlaces().size).toBe(PATCHES.flatMap((patch) => patch.definitions).length);
  });

  it('take away what travels outside the body', () => {
    const params: Definitions = {
      Params: {
        properties: { model: { type: 'string' }, betas: { type: 'array', description: 'Header param: which betas' } },
        required: ['betas', 'model'],
      },
    };
    dropHeaderParams(params);
    expect(params.Params).toEqual({ properties: { model: { type: 'string' } }, required: ['model'] });
  });

  it.each([
    ['output_index', { type: 'number' }, { type: 'integer' }],
    ['created_at', { type: 'number' }, { type: 'integer' }],
    ['max_tokens', { type: ['number', 'null'] }, { type: ['integer', 'null'] }],
    [
      'sequence_number',
      { anyOf: [{ type: 'number' }, { type: 'null' }] },
      { anyOf: [{ type: 'integer' }, { type: 'null' }] },
    ],
    ['temperature', { type: 'number' }, { type: 'number' }],
    ['created_at', { type: 'string' }, { type: 'string' }],
  ])('make a whole number of %s where it is one', (name, before, after) => {
    const wrapped: Definitions = { X: { properties: { [name]: structuredClone(before) } } };
    markIntegers(wrapped);
    expect(wrapped.X?.properties?.[name]).toEqual(after);
  });
});

function strictAjv(schema: object): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, discriminator: true, logger: false });
  return ajv.addSchema(schema);
}

interface Pair {
  raw(value: unknown): boolean;
  sharp(value: unknown): boolean;
}

function judgePair(bundles: readonly Bundle[], [name, root]: [string, string]): Pair {
  const bundle = bundles.find(({ file }) => file === `${name}.schema.json`)!;
  const sharp = strictAjv(bundle.schema).getSchema(`${bundle.file}#/$defs/${root}`)!;
  const rawAjv = new Ajv2020({ strict: false, logger: false }).addSchema(bundle.raw);
  const raw = rawAjv.getSchema(`${bundle.file}#/$defs/${root}`)!;
  return { raw: (value) => raw(value) === true, sharp: (value) => sharp(value) === true };
}

const WORDS = [
  'type',
  'message',
  'function',
  'text',
  'user',
  'assistant',
  'input_text',
  'output_text',
  'completed',
  'auto',
];

/** Takes a field away, adds one, or replaces a value; which one is chosen by the position in the list of all paths. */
function mutation(): fc.Arbitrary<(value: unknown) => unknown> {
  return fc
    .record({
      kind: fc.constantFrom('remove', 'replace', 'add', 'copy'),
      at: fc.nat(1_000_000),
      from: fc.nat(1_000_000),
      value: fc.constantFrom<unknown>(null, 1, 1.5, 's', true, {}, [], ...WORDS),
      name: fc.constantFrom('extra', 'id', 'type', 'status', 'role', 'object'),
    })
    .map(({ kind, at, from, value, name }) => (document: unknown) => {
      const places = listPlaces(document);
      const place = places[at % places.length];
      if (!place) return document;
      const { holder, key } = place;
      if (kind === 'remove') removeAt(holder, key);
      else if (kind === 'replace') holder[key] = structuredClone(value);
      else if (kind === 'copy') holder[key] = structuredClone(valueAt(places[from % places.length]!));
      else if (!Array.isArray(holder)) holder[name] = structuredClone(value);
      return document;
    });
}

interface Slot {
  holder: Record<string, unknown>;
  key: string;
}

function listPlaces(value: unknown): Slot[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...listPlaces(holder[key])]);
}

function valueAt({ holder, key }: Slot): unknown {
  return holder[key];
}

function removeAt(holder: Record<string, unknown>, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

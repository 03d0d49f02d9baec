import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { precompile } from '../../schemas/generate/precompile.ts';
import { parseJson } from '../../src/decode/json.ts';
import { explainFaults } from '../../src/validate/explain.ts';
import { allForms, nameOfForm } from '../../src/validate/forms.ts';
import { ROOTS } from '../../src/validate/profiles.ts';
import {
  compileForm,
  createValidators,
  type FindSchemaFaults,
  instanceOf,
  type PrecompiledModule,
  readPrecompiled,
} from '../../src/validate/validators.ts';
import { assertProperty } from '../helpers/properties.ts';
import { readCases } from '../helpers/schema-cases.ts';

const PROFILES = ['strict', 'tolerant', 'codex'] as const;

const require = createRequire(import.meta.url);

/** Runs the text of a module as Node.js does. */
function evaluate(code: string): PrecompiledModule {
  const module = { exports: {} as PrecompiledModule };
  new Function('require', 'exports', code)(require, module.exports);
  return module.exports;
}

/** Each form compiled once, for both: that takes nearly all of the time. */
const FORMS = new Map(
  allForms().map(({ form, definitions }) => {
    const ajv = instanceOf(form, { source: true });
    const asBuilt = readPrecompiled(evaluate(precompile(form, definitions, ajv)));
    return [nameOfForm(form), { asBuilt, atRunTime: compileForm(form, ajv) }];
  }),
);
const asBuilt = createValidators((form) => FORMS.get(nameOfForm(form))!.asBuilt);
const atRunTime = createValidators((form) => FORMS.get(nameOfForm(form))!.atRunTime);

/** All that is said of a document: Ajv's errors, but for the two fields of them that nobody reads; where they come from; the findings. */
function tell(find: FindSchemaFaults, rootName: string, value: unknown): unknown {
  return PROFILES.map((profile) => {
    const faults = find(ROOTS[rootName]!, profile, value);
    if (!faults) return undefined;
    const errors = faults.errors.map((error) => {
      const { schemaPath: _path, schema: _schema, ...read } = error;
      return { ...read, source: faults.sourceOf(error) };
    });
    return { errors, findings: explainFaults(rootName, profile, faults) };
  });
}

const documents = readCases().flatMap(({ root, data, text }) => {
  if (ROOTS[root]!.form !== 'json') return [];
  const parsed = text === undefined ? undefined : parseJson(text);
  if (parsed && !parsed.ok) return [];
  return [{ root, value: parsed ? parsed.value : data }];
});

describe('validators that were compiled when the package was built', () => {
  it('say of every case what those say that are compiled at run time', { timeout: 60_000 }, () => {
    expect(documents.length).toBeGreaterThan(100);
    for (const { root, value } of documents) expect(tell(asBuilt, root, value)).toEqual(tell(atRunTime, root, value));
  });

  it('say the same of cases that were damaged somewhere', { timeout: 60_000 }, () => {
    const damaged = fc
      .record({ document: fc.constantFrom(...documents), place: fc.nat(), junk: fc.jsonValue({ maxDepth: 2 }) })
      .map(({ document: { root, value }, place, junk }) => ({ root, value: damage(value, place, junk) }));
    assertProperty(
      fc.property(damaged, ({ root, value }) => {
        expect(tell(asBuilt, root, value)).toEqual(tell(atRunTime, root, value));
      }),
      { numRuns: 2000 },
    );
  });

  it('are written for every document that there is', () => {
    for (const root of Object.values(ROOTS)) {
      if (root.form !== 'json') continue;
      for (const profile of PROFILES) {
        if (profile === 'codex' ? root.codex === undefined : root.schema === undefined) continue;
        expect(asBuilt(root, profile, 0)?.errors).not.toEqual([]);
      }
    }
  });
});

/** One value of a document, chosen by a number, replaced; an absent junk removes it. */
function damage(value: unknown, place: number, junk: unknown): unknown {
  const copy = structuredClone(value);
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const collect = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      collect((node as Record<string, unknown>)[key]);
    }
  };
  collect(copy);
  const chosen = places[place % places.length];
  if (!chosen) return junk;
  const [holder, key] = chosen;
  if (junk === null) delete holder[key];
  else holder[key] = junk;
  return copy;
}

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { ErrorObject, Options, ValidateFunction } from 'ajv';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import type { Profile } from './findings.ts';
import { bundlesOf, nameOfForm, type SchemaForm, shapeBundle, type Target, targetOf } from './forms.ts';
import { type DocumentRoot, tagValues } from './profiles.ts';

/** The same place from src/ (tests) and from dist/ (the package). */
const SCHEMAS = new URL('../../schemas/', import.meta.url);

/** Where `npm run build` puts validators as code. There is no such folder in src/. */
const PRECOMPILED = new URL('./precompiled/', import.meta.url);

/** What a document does not fit, and the schema that says so. */
export interface SchemaFaults {
  errors: ErrorObject[];
  /** Origin of the schema and the named definition that an error comes from, e.g. `openai@7.55.0 ResponseUsage`. */
  sourceOf(error: ErrorObject): string;
  /** Values of the tag by which the union that an error is about tells its members apart. */
  tagsOf(error: ErrorObject, tag: string): string[];
}

/** Judges a parsed document by one profile; undefined when the profile asks nothing of this root. */
export type FindSchemaFaults = (root: DocumentRoot, profile: Profile, value: unknown) => SchemaFaults | undefined;

type Schema = Record<string, unknown>;

/** A schema that errors point into, and the definition that it is: bundle, name. */
export type NamedSchema = readonly [bundle: string, definition: string, schema: Schema];

/** A form whose validators are there to be called. */
export interface CompiledForm {
  /** Undefined where the form has no such definition. */
  validator(definition: string): ValidateFunction | undefined;
  schemas(): readonly NamedSchema[];
}

/** What schemas/generate/precompile.ts writes: validators by definition, and the schemas that their errors point into. */
export type PrecompiledModule = Record<string, ValidateFunction> & { $schemas: readonly NamedSchema[] };

// Ajv, and the validators that were made with it, are CommonJS: whatever is not needed is not loaded, and no caller has to wait.
const load = createRequire(import.meta.url);

/**
 * Judges by validators that were compiled when the package was built; from source, where there are none, by the same ones
 * compiled when they are first needed (0.1 to 0.5 s each).
 */
export const findSchemaFaults: FindSchemaFaults = createValidators((form) => loadForm(form) ?? compileForm(form));

/** @param compile called once for each form that is needed */
export function createValidators(compile: (form: SchemaForm) => CompiledForm): FindSchemaFaults {
  const compiled = new Map<string, CompiledForm & ErrorPlaces>();
  const formOf = (form: SchemaForm) => {
    const name = nameOfForm(form);
    const known = compiled.get(name);
    if (known) return known;
    const fresh = compile(form);
    const usable = { ...fresh, ...placeErrors(form, fresh) };
    compiled.set(name, usable);
    return usable;
  };
  const prepare = ({ form, definition }: Target): Judge => {
    const { validator, placeOf, tagsOf } = formOf(form);
    const validate = validator(definition);
    if (!validate) throw new Error(`schemas/${form.bundle}.schema.json has no definition ${definition}`);
    const sourceOf = (error: ErrorObject) => placeOf(error) ?? `${originOf(form.bundle)} ${definition}`;
    return (value) => ({ errors: validate(value) ? [] : [...(validate.errors ?? [])], sourceOf, tagsOf });
  };
  const judges: Judges = { strict: new Map(), tolerant: new Map(), codex: new Map() };
  const judgeOf = (root: DocumentRoot, profile: Profile): Judge => {
    const target = targetOf(root, profile);
    const judge = target ? prepare(target) : asksNothing;
    judges[profile].set(root, judge);
    return judge;
  };
  return (root, profile, value) => (judges[profile].get(root) ?? judgeOf(root, profile))(value);
}

const asksNothing: Judge = () => undefined;

type Judge = (value: unknown) => SchemaFaults | undefined;
type Judges = Record<Profile, Map<DocumentRoot, Judge>>;

interface ErrorPlaces {
  /** Undefined where the schema of the error is part of no definition. */
  placeOf(error: ErrorObject): string | undefined;
  tagsOf: SchemaFaults['tagsOf'];
}

/** Finds the schemas of errors. Only who has errors needs it, so nothing is prepared before. */
function placeErrors(form: SchemaForm, { schemas }: CompiledForm): ErrorPlaces {
  let known: WeakMap<object, NamedSchema> | undefined;
  const find = (error: ErrorObject) => {
    known ??= markAll(schemas());
    return known.get(error.parentSchema ?? {});
  };
  return {
    placeOf(error) {
      const found = find(error);
      return found && `${originOf(found[0])} ${found[1]}`;
    },
    tagsOf(error, tag) {
      const [bundle] = find(error) ?? [form.bundle];
      const definitions = readForm(form, bundle).$defs as Record<string, Schema>;
      const members = (error.parentSchema?.oneOf as Schema[] | undefined) ?? [];
      return members.flatMap((member) => tagValues(member, tag, definitions)).filter(isString);
    },
  };
}

function markAll(schemas: readonly NamedSchema[]): WeakMap<object, NamedSchema> {
  const places = new WeakMap<object, NamedSchema>();
  const mark = (node: unknown, place: NamedSchema) => {
    if (typeof node !== 'object' || node === null) return;
    places.set(node, place);
    for (const child of Object.values(node)) mark(child, place);
  };
  for (const place of schemas) mark(place[2], place);
  return places;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function loadForm(form: SchemaForm): CompiledForm | undefined {
  const path = fileURLToPath(new URL(`${nameOfForm(form)}.cjs`, PRECOMPILED));
  return existsSync(path) ? readPrecompiled(load(path) as PrecompiledModule) : undefined;
}

/** The validators of a module that was made when the package was built. */
export function readPrecompiled(module: PrecompiledModule): CompiledForm {
  return { validator: (definition) => module[definition], schemas: () => module.$schemas };
}

/** Compiles at run time. */
export function compileForm(form: SchemaForm, ajv = instanceOf(form)): CompiledForm {
  return {
    validator: (definition) => ajv.getSchema(referenceTo(form, definition)),
    schemas: () =>
      bundlesOf(form).flatMap((bundle) =>
        Object.entries(readForm(form, bundle).$defs as Record<string, Schema>).map(
          ([name, schema]): NamedSchema => [bundle, name, schema],
        ),
      ),
  };
}

/** What Ajv calls a definition. */
export function referenceTo({ bundle }: SchemaForm, definition: string): string {
  return `${bundle}.schema.json#/$defs/${definition}`;
}

/** An Ajv that knows the schemas of a form; with `code.source` it can write its validators as text. */
export function instanceOf(form: SchemaForm, code: Options['code'] = {}): Ajv2020 {
  const { Ajv2020 } = load('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    discriminator: true,
    allErrors: true,
    verbose: true,
    logger: false,
    code,
  });
  for (const bundle of bundlesOf(form)) ajv.addSchema(readForm(form, bundle));
  return ajv;
}

const bundles = new Map<string, Schema>();
const shaped = new Map<string, Schema>();

/** A bundle as a form reads it. */
export function readForm(form: SchemaForm, bundle: string): Schema {
  const name = `${nameOfForm(form)} ${bundle}`;
  const known = shaped.get(name);
  if (known) return known;
  const schema = shapeBundle(readBundle(bundle), form);
  shaped.set(name, schema);
  return schema;
}

function readBundle(name: string): Schema {
  const known = bundles.get(name);
  if (known) return known;
  const text = readFileSync(new URL(`${name}.schema.json`, SCHEMAS), 'utf8');
  const bundle = JSON.parse(text) as Schema;
  bundles.set(name, bundle);
  return bundle;
}

/** `openai@7.55.0` or `codex-cli 0.169.0` from the bundle's own comment; Codex's versions for the hand-written one. */
function originOf(bundle: string): string {
  if (bundle === 'codex') return 'Codex 0.113.0 to 0.169.0 (measured)';
  const comment = String(readBundle(bundle).$comment ?? '');
  return /^Generated (?:from the types of|by) ([^;(]+?)(?:;| \()/.exec(comment)?.[1] ?? bundle;
}

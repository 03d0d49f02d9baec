import { readFileSync } from 'node:fs';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Profile } from './findings.ts';
import { type BundleName, type DocumentRoot, relaxBundle, tagValues } from './profiles.ts';

/** The same place from src/ (tests) and from dist/ (the package). */
const SCHEMAS = new URL('../../schemas/', import.meta.url);

/** What a document does not fit, and the schema that says so. */
export interface SchemaFaults {
  errors: ErrorObject[];
  /** Origin of the schema and the named definition that an error comes from, e.g. `openai@7.55.0 ResponseUsage`. */
  sourceOf(error: ErrorObject): string;
  /** Values of the tag by which the union that an error is about tells its members apart. */
  tagsOf(error: ErrorObject, tag: string): string[];
}

type Schema = Record<string, unknown>;

/** Where a schema object stands. */
interface Place {
  source: string;
  definitions: Record<string, Schema>;
}

const bundles = new Map<string, Schema>();
const instances = new Map<string, Ajv2020>();
/** Every schema object of every loaded bundle. */
const places = new WeakMap<object, Place>();

/**
 * Judges a parsed document by one profile; undefined when the profile asks nothing of this root. Schemas are read and
 * compiled when they are first needed: the first one costs about 0.3 s, all of them together about a second.
 */
export function findSchemaFaults(root: DocumentRoot, profile: Profile, value: unknown): SchemaFaults | undefined {
  const target = targetOf(root, profile);
  if (!target) return undefined;
  const validate = compile(profile, root, target);
  const errors = validate(value) ? [] : [...(validate.errors ?? [])];
  const whole = `${originOf(target.bundle)} ${target.definition}`;
  return { errors, sourceOf: (error) => places.get(error.parentSchema ?? {})?.source ?? whole, tagsOf };
}

interface Target {
  bundle: BundleName | 'codex';
  definition: string;
}

function targetOf(root: DocumentRoot, profile: Profile): Target | undefined {
  if (profile !== 'codex') return root.schema;
  return root.codex === undefined ? undefined : { bundle: 'codex', definition: root.codex };
}

function compile(profile: Profile, root: DocumentRoot, target: Target): ValidateFunction {
  const ajv = instanceFor(profile, root, target.bundle);
  const validate = ajv.getSchema(`${target.bundle}.schema.json#/$defs/${target.definition}`);
  if (!validate) throw new Error(`schemas/${target.bundle}.schema.json has no definition ${target.definition}`);
  return validate;
}

function instanceFor(profile: Profile, root: DocumentRoot, bundle: BundleName | 'codex'): Ajv2020 {
  const key = profile === 'tolerant' ? `${bundle} tolerant ${root.kind}` : `${bundle} ${profile}`;
  const known = instances.get(key);
  if (known) return known;
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    discriminator: true,
    allErrors: true,
    verbose: true,
    logger: false,
  });
  const schema = readBundle(bundle);
  addBundle(ajv, profile === 'tolerant' ? relaxBundle(schema, root.kind) : schema, bundle);
  if (bundle === 'codex') addBundle(ajv, readBundle('codex-items'), 'codex-items');
  instances.set(key, ajv);
  return ajv;
}

function addBundle(ajv: Ajv2020, schema: Schema, bundle: string): void {
  const origin = originOf(bundle);
  const definitions = schema.$defs as Record<string, Schema>;
  for (const [name, definition] of Object.entries(definitions)) {
    markPlace(definition, { source: `${origin} ${name}`, definitions });
  }
  ajv.addSchema(schema);
}

function markPlace(node: unknown, place: Place): void {
  if (typeof node !== 'object' || node === null) return;
  places.set(node, place);
  for (const child of Object.values(node)) markPlace(child, place);
}

function tagsOf(error: ErrorObject, tag: string): string[] {
  const union = error.parentSchema ?? {};
  const members = (union.oneOf as Schema[] | undefined) ?? [];
  return members.flatMap((member) => tagValues(member, tag, places.get(union)?.definitions ?? {})).filter(isString);
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
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

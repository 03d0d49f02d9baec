import { readFileSync } from 'node:fs';
import { asArray, asObject, asString, type JsonObject } from '../../../src/protocols/grammar.ts';
import type { Protocol } from '../../../src/util/types.ts';

/** The generated schema of one protocol, as far as the coverage table looks into it. */
export interface Bundle {
  protocol: Protocol;
  definitions: Readonly<Record<string, JsonObject>>;
}

export function readBundle(protocol: Protocol): Bundle {
  const text = readFileSync(new URL(`../../../schemas/${protocol}.schema.json`, import.meta.url), 'utf8');
  const { $defs } = JSON.parse(text) as { $defs: Record<string, JsonObject> };
  return { protocol, definitions: $defs };
}

/** One alternative of a union, by the value that tells it from the others. */
export interface Alternative {
  name: string;
  schema: JsonObject;
}

/** A union whose alternatives are told apart by the value of one field. */
export interface Union {
  /** `<definition><JSON pointer in it>`. */
  place: string;
  tag: string;
  alternatives: Alternative[];
}

/** Every such union that a document of that root may hold, in the order of the schema. */
export function findUnions(bundle: Bundle, root: string): Union[] {
  const unions: Union[] = [];
  const seen = new Set<string>();
  const visit = (value: unknown, place: string): void => {
    if (Array.isArray(value)) {
      value.forEach((child, index) => {
        visit(child, `${place}/${index}`);
      });
      return;
    }
    const node = asObject(value);
    if (!node) return;
    const tag = asString(asObject(node.discriminator)?.propertyName);
    if (tag !== undefined) unions.push({ place, tag, alternatives: alternativesOf(bundle, node, tag) });
    for (const [name, child] of Object.entries(node)) if (name !== '$ref') visit(child, `${place}/${name}`);
    const target = refOf(node);
    if (target === undefined || seen.has(target)) return;
    seen.add(target);
    visit(bundle.definitions[target], target);
  };
  seen.add(root);
  visit(bundle.definitions[root], root);
  return unions;
}

function alternativesOf(bundle: Bundle, union: JsonObject, tag: string): Alternative[] {
  return asArray(union.oneOf).flatMap((value) => {
    const schema = asObject(value)!;
    return tagValues(bundle, schema, tag).map((name) => ({ name, schema: withTag(schema, tag, name) }));
  });
}

function tagValues(bundle: Bundle, schema: JsonObject, tag: string): string[] {
  const own = asObject(asObject(schema.properties)?.[tag]);
  if (typeof own?.const === 'string') return [own.const];
  if (own?.enum) return asArray(own.enum).map(String);
  const target = refOf(schema);
  return target === undefined ? [] : tagValues(bundle, bundle.definitions[target] ?? {}, tag);
}

function withTag(schema: JsonObject, tag: string, value: string): JsonObject {
  return { ...schema, properties: { ...asObject(schema.properties), [tag]: { const: value } } };
}

export function refOf(schema: JsonObject): string | undefined {
  return asString(schema.$ref)?.slice('#/$defs/'.length);
}

/** The properties of a definition. */
export function propertiesOf(bundle: Bundle, definition: string): Alternative[] {
  const schema = bundle.definitions[definition]!;
  const target = refOf(schema);
  if (target !== undefined) return propertiesOf(bundle, target);
  return Object.entries(asObject(schema.properties) ?? {}).map(([name, value]) => ({
    name,
    schema: value as JsonObject,
  }));
}

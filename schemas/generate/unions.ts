import { type Definitions, refName, type Schema, walkSchema } from './schema.ts';

/**
 * Rewrites the `anyOf` of TypeScript unions so that a fault gives one message, about the member that was meant:
 * members of different JSON types become `if type then`; objects told apart by a string tag become `discriminator` +
 * `oneOf`; several objects with one tag value get a second tag; a tag that may be absent becomes `if required`.
 * What is accepted does not change (test/schemas/unions.test.ts compares both forms on mutated documents).
 */
export function sharpenUnions(definitions: Definitions): void {
  // Members are flattened on the shapes as they were, so that the order of rewriting does not matter.
  const originals = structuredClone(definitions);
  const union: Union = { resolve: (schema) => resolveRef(definitions, schema) };
  walkSchema(definitions, (node) => {
    const schema = node as Schema;
    if (!schema.anyOf) return;
    const members = distinct(schema.anyOf.flatMap((member) => flattenMember(originals, member)));
    delete schema.anyOf;
    const sharp = splitByJsonType(members, union);
    // Beside other keywords the result stands for itself, so that neither overwrites the other.
    if (Object.keys(schema).length > 0) schema.allOf = [...(schema.allOf ?? []), sharp];
    else Object.assign(schema, sharp);
  });
}

interface Union {
  resolve(schema: Schema): Schema;
}

/** Tried as tags in this order, before any other property that would do. */
const PREFERRED_TAGS = ['type', 'role', 'object', 'status', 'mode'];

const isBareRef = (schema: Schema): boolean => schema.$ref !== undefined && Object.keys(schema).length === 1;

function resolveRef(definitions: Definitions, schema: Schema): Schema {
  const name = refName(schema);
  const target = name === undefined ? undefined : definitions[name];
  return target ? resolveRef(definitions, target) : schema;
}

/** Members of a union within a union, each as the last reference before its shape. */
function flattenMember(definitions: Definitions, schema: Schema): Schema[] {
  const last = lastRef(definitions, schema);
  const shape = isBareRef(last) ? resolveRef(definitions, last) : last;
  const nested = shape.anyOf && Object.keys(shape).length === 1 ? shape.anyOf : undefined;
  return nested ? nested.flatMap((member) => flattenMember(definitions, member)) : [last];
}

function lastRef(definitions: Definitions, schema: Schema): Schema {
  if (!isBareRef(schema)) return schema;
  const next = definitions[refName(schema) ?? ''];
  return next && isBareRef(next) ? lastRef(definitions, next) : schema;
}

function splitByJsonType(members: Schema[], union: Union): Schema {
  if (members.some((member) => Object.keys(member).length === 0)) return {}; // a member that takes everything
  const groups = new Map<string, Schema[]>();
  for (const member of members) {
    for (const [type, schema] of membersByType(member, union)) groups.set(type, [...(groups.get(type) ?? []), schema]);
  }
  if (groups.has('?')) return { anyOf: members };
  const parts = [...groups].map(([type, schemas]) => ({ type, schema: mergeOneType(type, schemas, union) }));
  const constrained = parts.filter(({ schema }) => Object.keys(schema).some((key) => key !== 'type'));
  if (parts.length === 1) return constrained[0]?.schema ?? { type: parts[0]!.type };
  // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
  const conditions = constrained.map(({ type, schema }) => ({ if: { type }, then: schema }));
  return { type: [...groups.keys()].sort(), ...(conditions.length > 0 && { allOf: conditions }) };
}

/** A member with several JSON types counts as one member for each; `?` where the type is not stated. */
function membersByType(member: Schema, union: Union): [string, Schema][] {
  const shape = union.resolve(member);
  if (!Array.isArray(shape.type)) return [[shape.type ?? '?', member]];
  const { enum: literals } = shape;
  if (literals)
    return shape.type.map((type) => [type, { type, enum: literals.filter((value) => jsonType(value) === type) }]);
  return member === shape ? shape.type.map((type) => [type, { ...shape, type }]) : [['?', member]];
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function mergeOneType(type: string, schemas: Schema[], union: Union): Schema {
  const open = schemas.some((schema) => Object.keys(schema).length === 1 && schema.type === type);
  if (open) return { type };
  if (schemas.length === 1) return schemas[0]!;
  if (type === 'string') {
    const literals = schemas.map((schema) => literalsOf(union.resolve(schema)));
    if (literals.every((values) => values !== undefined)) return { type, enum: [...new Set(literals.flat())] };
  }
  return (type === 'object' ? tagUnion(schemas, union, []) : undefined) ?? { anyOf: schemas };
}

function literalsOf(schema: Schema): unknown[] | undefined {
  return schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
}

function tagValues(schema: Schema, tag: string, union: Union): string[] {
  const property = union.resolve(schema).properties?.[tag];
  const values = property ? literalsOf(union.resolve(property)) : undefined;
  return (values ?? []).filter((value) => typeof value === 'string');
}

/** The property that tells the members apart: every member has it as literals, and they are not all the same. */
function findTag(schemas: Schema[], union: Union, spent: readonly string[]): string | undefined {
  const names = new Set(schemas.flatMap((schema) => Object.keys(union.resolve(schema).properties ?? {})));
  const candidates = [...PREFERRED_TAGS.filter((tag) => names.has(tag)), ...names].filter(
    (tag) => !spent.includes(tag),
  );
  return candidates.find((tag) => {
    const values = schemas.map((schema) => tagValues(schema, tag, union));
    return values.every((list) => list.length > 0) && new Set(values.flat()).size > 1;
  });
}

function tagUnion(schemas: Schema[], union: Union, spent: readonly string[]): Schema | undefined {
  const tag = findTag(schemas, union, spent);
  if (tag === undefined) return undefined;
  const byValue = new Map<string, Schema[]>();
  for (const schema of schemas) {
    for (const value of tagValues(schema, tag, union)) byValue.set(value, [...(byValue.get(value) ?? []), schema]);
  }
  const standsAlone = (schema: Schema): boolean =>
    hasDirectTag(schema, tag, union) &&
    tagValues(schema, tag, union).every((value) => byValue.get(value)?.length === 1);
  const branches = [...byValue].map(([value, list]) =>
    standsAlone(list[0]!) ? list[0]! : guardBranch(tag, value, list, union, spent),
  );
  const tagged: Schema = {
    type: 'object',
    properties: { [tag]: { type: 'string' } },
    required: [tag],
    discriminator: { propertyName: tag },
    oneOf: distinct(branches),
  };
  const untagged = schemas.filter((schema) => !union.resolve(schema).required?.includes(tag));
  if (untagged.length === 0) return tagged;
  return {
    if: { type: 'object', required: [tag], properties: { [tag]: { type: 'string' } } },
    // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
    then: tagged,
    else: untagged.length === 1 ? untagged[0]! : { anyOf: untagged },
  };
}

/** A branch whose tag Ajv cannot see itself, or that several members share: a second tag is looked for among those. */
function guardBranch(tag: string, value: string, list: Schema[], union: Union, spent: readonly string[]): Schema {
  const guard: Schema = { type: 'object', properties: { [tag]: { const: value } }, required: [tag] };
  if (list.length === 1) return { ...guard, ...(list[0]!.$ref ? list[0]! : { allOf: list }) };
  const second = tagUnion(list, union, [...spent, tag]);
  return { ...guard, ...(second ? { allOf: [second] } : { anyOf: list }) };
}

/** Ajv's `discriminator` wants a literal `const` or `enum` of strings at the tag; a reference must be wrapped. */
function hasDirectTag(schema: Schema, tag: string, union: Union): boolean {
  const property = union.resolve(schema).properties?.[tag];
  if (!property || property.$ref) return false;
  return property.const !== undefined || (property.enum ?? []).every((value) => typeof value === 'string');
}

function distinct(schemas: Schema[]): Schema[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}

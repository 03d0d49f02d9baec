import { asArray, asObject, type JsonObject } from '../../protocols/grammar.ts';

/**
 * Whether OpenAI takes a schema as strict: every object names all its properties as required and allows no others (OpenAI's guide
 * "Structured Outputs", section "Supported schemas").
 */
export function fitsStrictSchema(schema: JsonObject): boolean {
  return schema.type === 'object' && fits(schema);
}

function fits(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(fits);
  const node = asObject(value);
  if (!node) return true;
  if ((node.type === 'object' || node.properties !== undefined) && !isClosed(node)) return false;
  const children = [node.items, node.anyOf, node.allOf, node.oneOf, node.prefixItems];
  const named = [node.properties, node.$defs, node.definitions].flatMap((map) => Object.values(asObject(map) ?? {}));
  return [...children, ...named].every(fits);
}

function isClosed({ properties, required, additionalProperties }: JsonObject): boolean {
  if (additionalProperties !== false) return false;
  const names = asArray(required);
  return Object.keys(asObject(properties) ?? {}).every((name) => names.includes(name));
}

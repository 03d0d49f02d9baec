/** The part of JSON Schema that the generator's output uses; what is not named here passes through untouched. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  oneOf?: Schema[];
  if?: Schema;
  then?: Schema;
  else?: Schema;
  discriminator?: { propertyName: string };
  description?: string;
}

export type Definitions = Record<string, Schema>;

const PREFIX = '#/definitions/';

/** The definition that a `$ref` names. */
export function refName(schema: Schema): string | undefined {
  return schema.$ref?.startsWith(PREFIX) ? decodeURIComponent(schema.$ref.slice(PREFIX.length)) : undefined;
}

/** Calls `visit` for every object below (and with) `node`, children first. */
export function walkSchema(node: unknown, visit: (node: Record<string, unknown>) => void): void {
  if (Array.isArray(node)) {
    for (const child of node) walkSchema(child, visit);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  for (const child of Object.values(node)) walkSchema(child, visit);
  visit(node as Record<string, unknown>);
}

/** The same value with the keys of every object sorted, so that a diff of two versions shows what changed and no more. */
export function sortKeys(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(sortKeys);
  if (typeof node !== 'object' || node === null) return node;
  const sorted = Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, value]) => [key, sortKeys(value)]));
}

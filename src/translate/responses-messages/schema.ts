import { asArray, asObject, type JsonObject } from '../../protocols/grammar.ts';
import type { ContentScope } from './content.ts';

/** Anthropic: "input_schema does not support oneOf, allOf, or anyOf at the top level" (anthropics/claude-code#5973). */
const UNIONS = ['oneOf', 'anyOf', 'allOf'] as const;

/** A tool's parameters as Messages takes them, and what the description has to say instead. */
export interface WrittenSchema {
  schema: JsonObject;
  told?: string;
}

/**
 * A schema of input is that of an object, and has no union at its root where the provider refuses it: one such tool costs the
 * whole request. The properties of the union's members then stand side by side, and the description tells the union itself.
 * @param path of the tool
 */
export function writeSchema(parameters: JsonObject, path: string, scope: ContentScope): WrittenSchema {
  const schema = asObjectSchema(parameters, path, scope);
  const unions = UNIONS.filter((name) => schema[name] !== undefined);
  if (unions.length === 0 || !scope.dialect.lacks.includes('input_schema.oneOf')) return { schema };
  const rest = { ...schema };
  const told: JsonObject = {};
  const members: JsonObject[] = [];
  for (const name of unions) {
    scope.losses.add(`${path}/parameters/${name}`, 'value', 'a union at the root is told in the description');
    told[name] = schema[name];
    delete rest[name];
    members.push(...asArray(schema[name]).map((member) => asObject(asObject(member)?.properties) ?? {}));
  }
  const properties = Object.assign({}, ...members, asObject(schema.properties)) as JsonObject;
  return { schema: { ...rest, properties }, told: `The input must match this JSON schema: ${JSON.stringify(told)}` };
}

function asObjectSchema(parameters: JsonObject, path: string, { losses }: ContentScope): JsonObject {
  if (parameters.type === 'object') return parameters;
  if (parameters.type !== undefined) {
    losses.add(`${path}/parameters/type`, 'value', 'the input of a tool is an object in Messages');
  }
  return { ...parameters, type: 'object' };
}

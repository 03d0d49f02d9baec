import { asArray, asObject, asString, type JsonObject } from '../../../src/protocols/grammar.ts';
import { type Bundle, refOf } from './schema.ts';

/** Makes documents that a schema allows, with all optional fields, and with a value of its own in every leaf. */
export interface Synthesizer {
  /** @param name of the field that holds the value */
  make(schema: JsonObject, name: string): unknown;
  /** The strings and numbers that were made up: to find one of them elsewhere is no accident. */
  readonly made: ReadonlySet<unknown>;
}

/** What a schema leaves open. */
export interface Chance {
  /** One of so many alternatives, from 0. */
  pick(count: number): number;
  /** Whether an optional field is there. */
  keeps(): boolean;
  /** How many elements a list has. */
  length(): number;
}

/** The first alternative, all fields, one element. */
const FIRST: Chance = { pick: () => 0, keeps: () => true, length: () => 1 };

/** Base64 of a text. */
const base64 = (text: string) => btoa(text);

/** Fields whose text has a form that translators look at. @param n tells it from others */
const FORMS: Readonly<Record<string, (n: number) => string>> = {
  arguments: (n) => `{"place":"town_${n}"}`,
  data: (n) => base64(`data ${n}`),
  encrypted_content: (n) => `gAAAA_sealed_${n}`,
  file_data: (n) => `data:application/pdf;base64,${base64(`file ${n}`)}`,
  file_url: (n) => `https://files.test/${n}.pdf`,
  image_url: (n) => `data:image/png;base64,${base64(`image ${n}`)}`,
  result: (n) => base64(`result ${n}`),
  source_url: (n) => `https://example.test/${n}`,
  url: (n) => `https://example.test/${n}`,
};

/** Where types alone leave a choice: what stands first is taken. */
const PREFERRED = ['object', 'array', 'string', 'integer', 'number', 'boolean'];

/** Objects are filled to this depth; what is deeper has its required fields alone. */
const DEPTH = 7;

export function createSynthesizer(bundle: Bundle, chance: Chance = FIRST): Synthesizer {
  const made = new Set<unknown>();
  let count = 100;
  const next = () => {
    count += 1;
    return count;
  };

  function make(schema: JsonObject, name: string, depth: number, open: readonly string[]): unknown {
    if ('const' in schema) return schema.const;
    if (Array.isArray(schema.enum)) return one(schema.enum.filter((value) => value !== null));
    const target = refOf(schema);
    if (target !== undefined) {
      const { $ref: _, ...rest } = schema;
      return make(merge(bundle.definitions[target]!, rest), name, depth, [...open, target]);
    }
    if (schema.then)
      return make(merge(without(schema, 'if', 'then', 'else'), schema.then as JsonObject), name, depth, open);
    const choice = asObject(one(asArray(schema.oneOf ?? schema.anyOf)));
    if (choice) {
      // Of the tag, the union itself says no more than that it is a text.
      const tagged = schema.discriminator ? ['properties', 'required', 'type'] : [];
      return make(merge(without(schema, 'oneOf', 'anyOf', 'discriminator', ...tagged), choice), name, depth, open);
    }
    const type = typeOf(schema);
    const special = asArray(schema.allOf).map((one) => asObject(one) ?? {});
    const fitting = special.find((one) => asObject(one.if)?.type === type);
    if (fitting) return make(merge(without(schema, 'allOf', 'type'), fitting.then as JsonObject), name, depth, open);
    if (special[0] && !special[0].if) return make(merge(special[0], without(schema, 'allOf')), name, depth, open);
    return MAKERS[type]!(schema, name, depth, open);
  }

  const MAKERS: Readonly<Record<string, typeof make>> = {
    object(schema, _name, depth, open) {
      const required = new Set(asArray(schema.required));
      const fields = Object.entries(asObject(schema.properties) ?? {}).filter(
        ([field, value]) =>
          required.has(field) || (depth < DEPTH && !open.includes(refOf(value as JsonObject) ?? '') && chance.keeps()),
      );
      const out = Object.fromEntries(
        fields.map(([field, value]) => [field, make(value as JsonObject, field, depth + 1, open)]),
      );
      const extra = asObject(schema.additionalProperties);
      if (extra && fields.length === 0) out.key = make(extra, 'value', depth + 1, open);
      return out;
    },
    array(schema, name, depth, open) {
      const items = asObject(schema.items);
      return items ? Array.from({ length: chance.length() }, () => make(items, name, depth + 1, open)) : [];
    },
    string: (_schema, name) => keep(Object.hasOwn(FORMS, name) ? FORMS[name]!(next()) : `${name}_${next()}`),
    integer: () => keep(next()),
    number: () => keep(next()),
    boolean: () => true,
    null: () => null,
  };

  function one(list: readonly unknown[]): unknown {
    return list[list.length > 1 ? chance.pick(list.length) : 0];
  }

  function keep<T>(value: T): T {
    made.add(value);
    return value;
  }

  return { make: (schema, name) => make(schema, name, 0, []), made };
}

function typeOf(schema: JsonObject): string {
  if (schema.properties) return 'object';
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? 'object'];
  return PREFERRED.find((type) => types.includes(type)) ?? asString(types[0]) ?? 'null';
}

function without(schema: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name)));
}

function merge(base: JsonObject, over: JsonObject): JsonObject {
  return {
    ...base,
    ...over,
    ...(base.properties || over.properties
      ? { properties: { ...asObject(base.properties), ...asObject(over.properties) } }
      : {}),
  };
}

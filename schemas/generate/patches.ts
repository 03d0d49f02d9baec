import { type Definitions, type Schema, walkSchema } from './schema.ts';

/**
 * Where the SDKs' types are not what crosses the wire. Every entry must change something, or generation fails: an SDK
 * that caught up, or renamed a type, is noticed by the person who upgrades it.
 */
export interface Patch {
  definitions: string[];
  /** Property names; `except` turns the list round. */
  properties: string[] | { except: string[] };
  /**
   * `drop`: not on the wire at all. `optional`: typed as required, but left out by servers. `nullable`: null on the wire.
   * An object: the property is on the wire with this schema, and the types do not know it.
   */
  change: 'drop' | 'optional' | 'nullable' | { add: Schema };
  reason: string;
}

const NEW = 'newer than most servers';

export const PATCHES: readonly Patch[] = [
  { definitions: ['Response'], properties: ['output_text'], change: 'drop', reason: 'computed by the SDK' },
  { definitions: ['Response'], properties: ['access_programs'], change: 'optional', reason: NEW },
  {
    definitions: ['Response'],
    properties: ['usage', 'user'],
    change: 'nullable',
    reason: "null in the API reference's own examples, until there is one",
  },
  {
    definitions: ['Response'],
    properties: ['store'],
    change: { add: { type: 'boolean' } },
    reason: "in the API reference's own examples",
  },
  {
    definitions: ['ResponseCustomToolCall'],
    properties: ['status'],
    change: { add: { type: 'string', enum: ['in_progress', 'completed', 'incomplete'] } },
    reason: 'as in every other call; the guide to function calling shows it',
  },
  {
    definitions: [
      'ResponseTextDeltaEvent',
      'ResponseRefusalDeltaEvent',
      'ResponseReasoningTextDeltaEvent',
      'ResponseReasoningSummaryTextDeltaEvent',
      'ResponseFunctionCallArgumentsDeltaEvent',
      'ResponseCustomToolCallInputDeltaEvent',
    ],
    properties: ['obfuscation'],
    change: { add: { type: 'string' } },
    reason: 'sent with every delta unless stream_options.include_obfuscation is false',
  },
  {
    definitions: ['ResponseUsage.InputTokensDetails'],
    properties: ['cache_write_tokens'],
    change: 'optional',
    reason: NEW,
  },
  { definitions: ['Message'], properties: ['container'], change: 'optional', reason: 'only with code execution' },
  { definitions: ['Message'], properties: ['diagnostics'], change: 'optional', reason: 'only with cache diagnostics' },
  { definitions: ['Message'], properties: ['stop_details'], change: 'optional', reason: NEW },
  { definitions: ['TextBlock'], properties: ['citations'], change: 'optional', reason: 'only with citations enabled' },
  { definitions: ['ToolUseBlock'], properties: ['caller'], change: 'optional', reason: 'only with programmatic calls' },
  {
    definitions: ['Usage'],
    properties: { except: ['input_tokens', 'output_tokens'] },
    change: 'optional',
    reason: 'older servers send the two counts alone',
  },
  {
    definitions: ['MessageDeltaUsage'],
    properties: { except: ['output_tokens'] },
    change: 'optional',
    reason: 'only output_tokens is always sent',
  },
  {
    definitions: ['RawMessageDeltaEvent.Delta'],
    properties: ['container', 'stop_details'],
    change: 'optional',
    reason: `only with code execution; ${NEW}`,
  },
  { definitions: ['ErrorResponse'], properties: ['request_id'], change: 'optional', reason: 'absent inside a stream' },
];

/** JSDoc by which the SDKs mark parameters that travel in the header, the query or the path, not in the body. */
const NOT_IN_BODY = /^(Header|Query|Path) param:/;

/** Numbers that are whole by their meaning; TypeScript's `number` cannot say so. */
const WHOLE_NUMBER = /^(index|sequence_number|created.*|.*_index|.*_tokens)$/;

const ANNOTATIONS = ['description', 'default', 'deprecated', 'title', 'examples'];

/**
 * Applies every patch to the definitions of one bundle.
 * @returns `patch definition` for each place that changed, to be compared with `patchPlaces` once all bundles are done
 */
export function applyPatches(definitions: Definitions): string[] {
  return PATCHES.flatMap((patch, number) =>
    patch.definitions.filter((name) => applyPatch(definitions[name], patch)).map((name) => `${number} ${name}`),
  );
}

/** All places that the patches name, with the reason to be read when one of them no longer applies. */
export function patchPlaces(): Map<string, string> {
  const places = PATCHES.flatMap((patch, number) =>
    patch.definitions.map((name): [string, string] => [`${number} ${name}`, `${name} (${patch.reason})`]),
  );
  return new Map(places);
}

function applyPatch(definition: Schema | undefined, { properties, change }: Patch): boolean {
  if (!definition?.properties || !definition.required) return false;
  if (typeof change === 'object') return addProperties(definition.properties, properties as string[], change.add);
  if (change === 'nullable') return allowNull(definition.properties, properties as string[]);
  const hit = selector(properties);
  const before = definition.required.length;
  definition.required = definition.required.filter((name) => !hit(name));
  if (change === 'drop')
    for (const name of Object.keys(definition.properties)) if (hit(name)) delete definition.properties[name];
  return definition.required.length < before;
}

/** Only when all of them are still unknown. */
function addProperties(known: Record<string, Schema>, names: string[], schema: Schema): boolean {
  if (names.some((name) => name in known)) return false;
  for (const name of names) known[name] = structuredClone(schema);
  return true;
}

/** Only when none of them is nullable yet. */
function allowNull(known: Record<string, Schema>, names: string[]): boolean {
  const properties = names.map((name) => known[name]);
  if (properties.some((property) => property === undefined || property.anyOf || Array.isArray(property.type)))
    return false;
  for (const name of names) known[name] = { anyOf: [known[name]!, { type: 'null' }] };
  return true;
}

function selector(properties: Patch['properties']): (name: string) => boolean {
  return Array.isArray(properties) ? (name) => properties.includes(name) : (name) => !properties.except.includes(name);
}

/** Removes the properties that are not part of the body. Run before the descriptions go. */
export function dropHeaderParams(definitions: Definitions): void {
  for (const definition of Object.values(definitions)) {
    for (const [name, property] of Object.entries(definition.properties ?? {})) {
      if (!NOT_IN_BODY.test(property.description ?? '')) continue;
      delete definition.properties?.[name];
      if (definition.required) definition.required = definition.required.filter((other) => other !== name);
    }
  }
}

/** `number` becomes `integer` for the names in WHOLE_NUMBER; answers with how many places changed. */
export function markIntegers(definitions: Definitions): number {
  let changed = 0;
  walkSchema(definitions, (node) => {
    if (typeof node.properties !== 'object' || node.properties === null) return;
    for (const [name, property] of Object.entries(node.properties as Record<string, Schema>)) {
      if (WHOLE_NUMBER.test(name) && toInteger(property)) changed += 1;
    }
  });
  return changed;
}

function toInteger(property: Schema): boolean {
  if (property.type === 'number') {
    property.type = 'integer';
    return true;
  }
  if (Array.isArray(property.type) && property.type.includes('number')) {
    property.type = property.type.map((type) => (type === 'number' ? 'integer' : type));
    return true;
  }
  return (property.anyOf ?? []).map(toInteger).includes(true);
}

/** Descriptions are half of the size and carry the vendors' prose; the shapes are what is needed. */
export function stripAnnotations(definitions: Definitions): void {
  walkSchema(definitions, (node) => {
    for (const key of ANNOTATIONS) if (typeof node[key] !== 'object') delete node[key];
  });
}

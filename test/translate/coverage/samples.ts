import { asObject, type JsonObject } from '../../../src/protocols/grammar.ts';
import type { Synthesizer } from './synthesize.ts';

type Adjust = (value: JsonObject, synthesizer: Synthesizer) => JsonObject;

const MEDIUM = { effort: 'medium' };

/** By the name of the row. */
const ADJUSTED: Readonly<Record<string, Adjust>> = {
  // What a call's input is, is for the tool to say.
  tool_use: withInput,
  server_tool_use: withInput,
  // A file comes from one source.
  input_file: ({ file_id: _, file_url: __, ...value }) => value,
  url_citation: (value) => ({ ...value, start_index: 0, end_index: 3 }),
  // The first effort of the list is none at all.
  reasoning: (value) => ('effort' in value ? { ...value, ...MEDIUM, generate_summary: null } : value),
  json_schema: withSchema,
  output_config: withSchema,
  response_format: withSchema,
  configuration_update: (value) => ({ ...value, reasoning: MEDIUM }),
};

function withInput(value: JsonObject, { make }: Synthesizer): JsonObject {
  return { ...value, input: make({ type: 'object', properties: { place: { type: 'string' } } }, 'input') };
}

/** The schema of a format may be anything. */
function withSchema(value: JsonObject, synthesizer: Synthesizer): JsonObject {
  const { format, json_schema: inner, schema } = value;
  const place = synthesizer.make({ type: 'string' }, 'description');
  return {
    ...value,
    ...(schema !== undefined && {
      schema: { type: 'object', properties: { place: { type: 'string', description: place } } },
    }),
    ...(asObject(format) && { format: withSchema(asObject(format)!, synthesizer) }),
    ...(asObject(inner) && { json_schema: withSchema({ schema: {}, ...asObject(inner) }, synthesizer) }),
  };
}

/** Samples of values that have to fit each other, or of which the first that the schema allows says nothing. */
export function adjustSample(place: string, name: string, sample: unknown, synthesizer: Synthesizer): unknown {
  if (name === 'allowed_tools') return allowedTools(place, synthesizer);
  const value = asObject(sample);
  if (!value) return sample;
  const adjusted = Object.hasOwn(ADJUSTED, name) ? ADJUSTED[name]!(value, synthesizer) : value;
  return 'status' in adjusted ? { ...adjusted, status: 'completed' } : adjusted;
}

function allowedTools(place: string, { make }: Synthesizer): JsonObject {
  const name = make({ type: 'string' }, 'name');
  if (place.startsWith('Chat')) {
    const tools = [{ type: 'function', function: { name } }];
    return { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools } };
  }
  return { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name }] };
}

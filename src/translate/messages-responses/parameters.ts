import { asNumber, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { type FieldTable, reportUnread } from '../shared/fields.ts';
import type { Losses } from '../shared/losses.ts';
import { effortOf, outputTokens } from '../shared/responses-body.ts';
import type { TranslateContext } from '../types.ts';
import { CACHING } from './content.ts';
import { fitsStrictSchema } from './strict-schema.ts';

export const PARAMETERS: FieldTable = {
  read: [
    'max_tokens',
    'messages',
    'metadata',
    'model',
    'output_config',
    'output_format',
    'service_tier',
    'stream',
    'system',
    'temperature',
    'thinking',
    'tool_choice',
    'tools',
    'top_p',
  ],
  lost: {
    betas: 'betas are those of another API',
    cache_control: CACHING,
    container: 'Responses has containers of its own',
    context_management: 'the provider does not edit the conversation',
    diagnostics: 'Responses tells no cache diagnostics by message',
    inference_geo: 'Responses does not choose a region',
    mcp_servers: 'the provider is not told of MCP servers, since it could not answer as Messages does',
    speed: 'speeds are priced by the provider, so none is chosen for the client',
    stop_sequences: 'the provider knows no stop sequences: its answer is cut where one begins, and goes on unseen',
    top_k: 'Responses has no top_k',
    user_profile_id: 'Responses has no user profiles',
    workspace_id: 'Responses has no workspaces',
  },
  neutral: { mcp_servers: [[]], speed: ['standard'], stop_sequences: [[]], betas: [[]] },
};

/** Names in Responses by those in Messages. */
const TIERS: Readonly<Record<string, string>> = { auto: 'auto', standard_only: 'default' };

/** OpenAI's limit for a value of `metadata`; Claude Code's user id is longer than the 64 characters of `safety_identifier`. */
const METADATA_CHARS = 512;

/** All but the conversation and the tools. */
export function translateParameters(
  body: JsonObject,
  tools: readonly JsonObject[],
  context: TranslateContext,
  losses: Losses,
): JsonObject {
  const reasoning = translateThinking(body, context, losses);
  const include = [
    ...(reasoning.reasoning === undefined ? [] : ['reasoning.encrypted_content']),
    ...(tools.some(({ type }) => type === 'web_search') ? ['web_search_call.action.sources'] : []),
  ];
  return {
    ...outputTokens(body.max_tokens, '/max_tokens', losses),
    // 1 is the default of both, and models that think refuse the parameter at OpenAI while Messages demands 1 of them.
    ...(body.temperature !== 1 && numberOf('temperature', body, losses)),
    ...numberOf('top_p', body, losses),
    ...reasoning,
    ...translateFormat(body, losses),
    ...translateMetadata(body.metadata, losses),
    ...translateTier(body.service_tier, losses),
    // Messages stores nothing; Responses stores unless it is told not to.
    store: false,
    ...(include.length > 0 && { include }),
    ...(body.stream === true && { stream: true }),
  };
}

function numberOf(name: string, body: JsonObject, losses: Losses): JsonObject {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (typeof value === 'number') return { [name]: value };
  losses.add(`/${name}`, 'parameter', 'this is no number');
  return {};
}

/** Least budget of an effort, in tokens. Messages begins at 1,024, and Claude Code's steps are 4,000, 10,000 and 32,000. */
const BUDGETS: readonly [least: number, effort: string][] = [
  [16_384, 'high'],
  [8_192, 'medium'],
  [0, 'low'],
];

/**
 * `thinking` and `output_config.effort` as `reasoning`. An effort that the client names goes before what a budget stands for;
 * `adaptive` leaves it to the provider. Who does not ask for thoughts gets no `reasoning`: models that cannot think refuse it.
 */
function translateThinking(body: JsonObject, context: TranslateContext, losses: Losses): JsonObject {
  const thinking = asObject(body.thinking);
  const output = asObject(body.output_config);
  if (output) reportUnread(output, '/output_config', 'field', { read: ['effort', 'format'], lost: {} }, losses);
  const named = effortOf(output?.effort, context.dialect, '/output_config/effort', losses);
  const type = asString(thinking?.type);
  if (type === 'disabled') {
    losses.add('/thinking', 'parameter', 'not every model can be told not to think: its own default holds');
    return named === undefined ? {} : { reasoning: { effort: named } };
  }
  if (!thinking) return named === undefined ? {} : { reasoning: { effort: named } };
  const effort = effortOfBudget(asNumber(thinking.budget_tokens), named, context, losses);
  const summary = thinking.display === 'omitted' ? {} : { summary: 'auto' };
  return { reasoning: { ...(effort !== undefined && { effort }), ...summary } };
}

function effortOfBudget(
  budget: number | undefined,
  named: string | undefined,
  context: TranslateContext,
  losses: Losses,
): string | undefined {
  if (budget === undefined) return named;
  if (named !== undefined) {
    losses.add('/thinking/budget_tokens', 'value', '`effort` says how much to think, and holds');
    return named;
  }
  const effort = BUDGETS.find(([least]) => budget >= least)?.[1] ?? 'low';
  losses.add('/thinking/budget_tokens', 'value', `Responses has no budgets; the nearest effort is ${effort}`);
  return effortOf(effort, context.dialect, '/thinking/budget_tokens', losses);
}

/** `output_config.format`, or `output_format` as the beta had it. */
function translateFormat(body: JsonObject, losses: Losses): JsonObject {
  const format = asObject(asObject(body.output_config)?.format) ?? asObject(body.output_format);
  if (!format) return {};
  const schema = asObject(format.schema);
  const path = body.output_format === undefined ? '/output_config/format' : '/output_format';
  if (format.type !== 'json_schema' || !schema) {
    losses.add(path, 'parameter', 'Responses knows no such format');
    return {};
  }
  // Messages holds the model to the schema; Responses does so for those schemas alone that it calls strict.
  const strict = fitsStrictSchema(schema);
  if (!strict) losses.add(path, 'value', 'OpenAI does not hold a model to a schema with optional or open properties');
  return { text: { format: { type: 'json_schema', name: 'output', schema, strict } } };
}

function translateMetadata(value: unknown, losses: Losses): JsonObject {
  const metadata = asObject(value);
  if (!metadata) return {};
  reportUnread(metadata, '/metadata', 'field', { read: ['user_id'], lost: {} }, losses);
  const id = asString(metadata.user_id);
  if (id === undefined || id === '') return {};
  if (id.length <= METADATA_CHARS) return { metadata: { user_id: id } };
  losses.add('/metadata/user_id', 'value', `Responses takes ${METADATA_CHARS} characters`);
  return {};
}

function translateTier(tier: unknown, losses: Losses): JsonObject {
  if (tier === undefined || tier === null) return {};
  const known = entryOf(TIERS, tier);
  if (known !== undefined) return { service_tier: known };
  losses.add('/service_tier', 'value', 'Messages knows no such service tier');
  return {};
}

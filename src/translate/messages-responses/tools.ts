import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { type FieldTable, reportUnread } from '../shared/fields.ts';
import type { Losses } from '../shared/losses.ts';
import { completeSchema } from '../shared/responses-body.ts';
import type { ToolNames } from '../shared/tool-names.ts';
import { CLIENT_TOOLS, type ClientTool } from './client-tools.ts';
import { fitsStrictSchema } from './strict-schema.ts';

const LOST_OF_ALL: FieldTable['lost'] = {
  allowed_callers: 'Responses runs no code that could call the tool',
  cache_control: 'OpenAI caches prompts by itself',
  defer_loading: 'the tool is offered from the beginning',
  eager_input_streaming: 'arguments stream as the provider sends them',
  input_examples: 'Responses has no examples of inputs',
  max_uses: 'Responses does not bound the uses of a tool',
  blocked_domains: 'Responses knows allowed domains alone',
  response_inclusion: 'a response tells the sources of a search and no results',
};

const NEUTRAL = {
  allowed_callers: [['direct']],
  defer_loading: [false],
  eager_input_streaming: [false],
  input_examples: [[]],
  blocked_domains: [[]],
  response_inclusion: ['full'],
  strict: [false],
};

const OF_FUNCTION = ['type', 'name', 'input_schema', 'strict'];
const OF_SEARCH = ['type', 'name', 'allowed_domains', 'user_location'];

/** The tools of a Messages request as those of a Responses request. */
export function translateTools(tools: unknown, names: ToolNames, losses: Losses): JsonObject[] {
  return asArray(tools).flatMap((value, index) => {
    const tool = asObject(value) ?? {};
    const path = `/tools/${index}`;
    const translated = translateTool(tool, path, names, losses);
    if (!translated) losses.add(path, 'tool', 'Responses has no such tool, and the client does not run it');
    return translated ? [translated] : [];
  });
}

function translateTool(tool: JsonObject, path: string, names: ToolNames, losses: Losses): JsonObject | undefined {
  const type = typeOf(tool);
  const name = asString(tool.name);
  if (type === 'custom' && name !== undefined) return translateFunction(tool, name, path, names, losses);
  if (WEB_SEARCH.test(type)) return translateSearch(tool, path, losses);
  const known = CLIENT_TOOLS.find((entry) => entry.type.test(type));
  return known && name !== undefined ? translateClientTool(known, tool, name, { path, names, losses }) : undefined;
}

const WEB_SEARCH = /^web_search_\d{8}$/;

function typeOf(tool: JsonObject): string {
  return asString(tool.type) ?? 'custom';
}

function translateFunction(tool: JsonObject, name: string, path: string, names: ToolNames, losses: Losses): JsonObject {
  reportUnread(
    tool,
    path,
    'field',
    { read: OF_FUNCTION, texts: ['description'], lost: LOST_OF_ALL, neutral: NEUTRAL },
    losses,
  );
  const parameters = completeSchema(tool.input_schema);
  // Left out, it means false in Messages and true in Responses, which then rewrites the schema or refuses it.
  const strict = tool.strict === true && fitsStrictSchema(parameters);
  if (tool.strict === true && !strict) {
    losses.add(`${path}/strict`, 'value', 'OpenAI takes no schema with optional or open properties as strict');
  }
  return {
    type: 'function',
    name: names.offer({ kind: 'function', name }),
    ...(typeof tool.description === 'string' && { description: tool.description }),
    parameters,
    strict,
  };
}

function translateClientTool(
  { description, parameters, tells }: ClientTool,
  tool: JsonObject,
  name: string,
  { path, names, losses }: { path: string; names: ToolNames; losses: Losses },
): JsonObject {
  reportUnread(tool, path, 'field', { read: ['type', 'name', ...tells], lost: LOST_OF_ALL, neutral: NEUTRAL }, losses);
  const facts = tells.filter((field) => tool[field] != null).map((field) => `${field}: ${JSON.stringify(tool[field])}`);
  return {
    type: 'function',
    name: names.offer({ kind: 'function', name }),
    description: [description, ...facts].join('\n'),
    parameters,
    strict: false,
  };
}

function translateSearch(tool: JsonObject, path: string, losses: Losses): JsonObject {
  reportUnread(tool, path, 'field', { read: OF_SEARCH, lost: LOST_OF_ALL, neutral: NEUTRAL }, losses);
  const location = asObject(tool.user_location);
  return {
    type: 'web_search',
    ...(Array.isArray(tool.allowed_domains) && { filters: { allowed_domains: tool.allowed_domains } }),
    ...(location && { user_location: location }),
  };
}

/** `tool_choice` with its flag. OpenAI refuses a choice where there are no tools. */
export function translateToolChoice(
  body: JsonObject,
  tools: readonly JsonObject[],
  names: ToolNames,
  losses: Losses,
): JsonObject {
  const choice = asObject(body.tool_choice);
  if (!choice) return {};
  const { type } = choice;
  if (tools.length === 0) {
    if (type !== 'auto' && type !== 'none')
      losses.add('/tool_choice', 'parameter', 'there are no tools to choose from');
    return {};
  }
  const read = ['type', 'name', 'disable_parallel_tool_use'];
  reportUnread(choice, '/tool_choice', 'field', { read, lost: {} }, losses);
  const translated = entryOf(CHOICES, type) ?? translateNamed(choice, body, tools, names);
  if (translated === undefined) losses.add('/tool_choice', 'parameter', 'the tool that it names is not offered');
  return {
    ...(translated !== undefined && { tool_choice: translated }),
    ...(choice.disable_parallel_tool_use === true && { parallel_tool_calls: false }),
  };
}

const CHOICES: Readonly<Record<string, string>> = { auto: 'auto', any: 'required', none: 'none' };

function translateNamed(
  choice: JsonObject,
  body: JsonObject,
  tools: readonly JsonObject[],
  names: ToolNames,
): JsonObject | undefined {
  const name = asString(choice.name);
  if (choice.type !== 'tool' || name === undefined) return undefined;
  const hosted = asArray(body.tools).some((value) => {
    const tool = asObject(value) ?? {};
    return tool.name === name && WEB_SEARCH.test(typeOf(tool));
  });
  // Responses names a hosted tool in a list of those allowed.
  if (hosted) return { type: 'allowed_tools', mode: 'required', tools: [{ type: 'web_search' }] };
  const offered = names.call({ kind: 'function', name });
  return tools.some((tool) => tool.name === offered) ? { type: 'function', name: offered } : undefined;
}

import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { type FieldTable, reportUnread } from '../shared/fields.ts';
import type { Losses } from '../shared/losses.ts';
import { completeSchema } from '../shared/responses-body.ts';
import type { ToolNames } from '../shared/tool-names.ts';

const FUNCTION: FieldTable = { read: ['name', 'parameters', 'strict'], texts: ['description'], lost: {} };
const CUSTOM: FieldTable = { read: ['name', 'format'], texts: ['description'], lost: {} };

/** The tools of a Chat request, `functions` and `web_search_options` among them. */
export function translateTools(body: JsonObject, names: ToolNames, losses: Losses): JsonObject[] {
  const tools = asArray(body.tools).map((tool, i) => translateTool(asObject(tool) ?? {}, `/tools/${i}`, names, losses));
  const functions = asArray(body.functions).map((definition, i) =>
    translateFunction(asObject(definition) ?? {}, `/functions/${i}`, names, losses),
  );
  const search = asObject(body.web_search_options);
  return [...tools, ...functions, ...(search ? [translateSearch(search, losses)] : [])].filter(
    (tool) => tool !== undefined,
  );
}

function translateTool(tool: JsonObject, path: string, names: ToolNames, losses: Losses): JsonObject | undefined {
  if (tool.type === 'function')
    return translateFunction(asObject(tool.function) ?? {}, `${path}/function`, names, losses);
  if (tool.type === 'custom') return translateCustom(asObject(tool.custom) ?? {}, `${path}/custom`, names, losses);
  losses.add(path, 'tool', 'Chat Completions knows no such tool');
  return undefined;
}

function translateFunction(
  definition: JsonObject,
  path: string,
  names: ToolNames,
  losses: Losses,
): JsonObject | undefined {
  const name = asString(definition.name);
  if (name === undefined) {
    losses.add(path, 'tool', 'the tool has no name');
    return undefined;
  }
  reportUnread(definition, path, 'field', FUNCTION, losses);
  return {
    type: 'function',
    name: names.offer({ kind: 'function', name }),
    ...(typeof definition.description === 'string' && { description: definition.description }),
    parameters: completeSchema(definition.parameters),
    // Left out, it means false in Chat and true in Responses, which then rewrites the schema or refuses it.
    strict: definition.strict === true,
  };
}

function translateCustom(custom: JsonObject, path: string, names: ToolNames, losses: Losses): JsonObject | undefined {
  const name = asString(custom.name);
  if (name === undefined) {
    losses.add(path, 'tool', 'the tool has no name');
    return undefined;
  }
  reportUnread(custom, path, 'field', CUSTOM, losses);
  const { grammar, ...format } = asObject(custom.format) ?? {};
  return {
    type: 'custom',
    name: names.offer({ kind: 'custom', name }),
    ...(typeof custom.description === 'string' && { description: custom.description }),
    ...(custom.format !== undefined && { format: { ...format, ...asObject(grammar) } }),
  };
}

/** Chat's search models always search; a model with the tool searches when it sees fit, as `tool_choice` lets it. */
function translateSearch(options: JsonObject, losses: Losses): JsonObject {
  const { search_context_size: size, user_location: location } = options;
  reportUnread(
    options,
    '/web_search_options',
    'field',
    { read: ['user_location'], texts: ['search_context_size'], lost: {} },
    losses,
  );
  const place = asObject(asObject(location)?.approximate);
  return {
    type: 'web_search',
    ...(typeof size === 'string' && { search_context_size: size }),
    ...(place && { user_location: { type: 'approximate', ...place } }),
  };
}

/** `tool_choice`, or `function_call` of old. OpenAI refuses a choice where there are no tools. */
export function translateToolChoice(
  body: JsonObject,
  tools: readonly JsonObject[],
  names: ToolNames,
  losses: Losses,
): JsonObject {
  const [choice, path] =
    body.tool_choice == null ? [body.function_call, '/function_call'] : [body.tool_choice, '/tool_choice'];
  if (body.tool_choice != null && body.function_call != null) {
    losses.add('/function_call', 'parameter', '`tool_choice` says another choice, and holds');
  }
  // A client of the old kind reads one call and no more, unless it says itself that it reads several.
  const single = body.functions === undefined ? {} : { parallel_tool_calls: false };
  if (choice === undefined || choice === null) return tools.length > 0 ? single : {};
  if (tools.length === 0) {
    if (choice !== 'auto' && choice !== 'none') losses.add(path, 'parameter', 'there are no tools to choose from');
    return {};
  }
  const translated = typeof choice === 'string' ? choice : translateNamed(asObject(choice) ?? {}, names, losses);
  if (translated === undefined) losses.add(path, 'parameter', 'Responses knows no such tool choice');
  return { ...(translated !== undefined && { tool_choice: translated }), ...single };
}

function translateNamed(choice: JsonObject, names: ToolNames, losses: Losses): JsonObject | undefined {
  if (choice.type === 'allowed_tools') {
    const { mode, tools } = asObject(choice.allowed_tools) ?? {};
    const allowed = asArray(tools).flatMap((tool, index) => {
      const named = translateNamed(asObject(tool) ?? {}, names, losses);
      if (!named) losses.add(`/tool_choice/allowed_tools/tools/${index}`, 'tool', 'this names no tool');
      return named ?? [];
    });
    return { type: 'allowed_tools', mode: mode ?? 'auto', tools: allowed };
  }
  const kind = choice.type === 'custom' ? 'custom' : 'function';
  const name = asString(asObject(choice[kind])?.name) ?? asString(choice.name);
  return name === undefined ? undefined : { type: kind, name: names.call({ kind, name }) };
}

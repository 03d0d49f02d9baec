import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import type { Dialect } from '../dialects.ts';
import type { Losses } from '../shared/losses.ts';
import { pointerStep } from '../shared/losses.ts';
import { describeNamespaces, type FlatFunction, type FlatTools, withheldPaths } from '../shared/tools.ts';
import { messagesTraits } from './dialects.ts';
import { writeSchema } from './schema.ts';

/** Name of the web search that a provider of Messages runs by itself; it cannot be chosen. */
export const WEB_SEARCH = 'web_search';

/** Types of tool that ask for a search, by OpenAI's names for it. */
const SEARCH_TYPES = /^web_search(?:_preview)?(?:_\d{4}_\d{2}_\d{2})?$/;

const NOT_ALLOWED = 'left out, since the tool choice does not allow it';

interface ToolScope {
  dialect: Dialect;
  losses: Losses;
  tools: FlatTools;
}

/** The tools as the provider is told them, without those that the tool choice does not allow. */
export function writeTools(request: JsonObject, scope: ToolScope): JsonObject[] {
  const allowed = allowedNames(request.tool_choice, scope);
  const isAllowed = (name: string, path: string) => {
    if (allowed?.has(name) ?? true) return true;
    scope.losses.add(path, 'tool', NOT_ALLOWED);
    return false;
  };
  const { functions: all } = scope.tools;
  const functions = all.filter(({ name }) => allowed?.has(name) ?? true);
  for (const path of withheldPaths(all, functions)) scope.losses.add(path, 'tool', NOT_ALLOWED);
  const written = describeNamespaces(functions).map((tool) => writeFunction(tool, scope));
  for (const { tool, path } of scope.tools.hosted) {
    const name = hostedName(tool, path, scope);
    if (name === undefined || !isAllowed(name, path)) continue;
    if (!written.some((other) => other.name === name)) written.push(writeSearch(tool, path, scope));
    else scope.losses.add(path, 'tool', `there is a tool ${name} before it, and the provider takes one of a name`);
  }
  return written;
}

function writeFunction({ name, description, parameters, strict, path }: FlatFunction, scope: ToolScope): JsonObject {
  const { schema, told } = writeSchema(parameters, path, scope);
  const words = [description, told].filter((part) => part !== undefined).join('\n\n');
  const tool: JsonObject = { name, ...(words !== '' && { description: words }), input_schema: schema };
  // `strict:false` is what a tool of Messages is anyway.
  if (strict !== true) return tool;
  if (!scope.dialect.lacks.includes('strict')) return { ...tool, strict: true };
  scope.losses.add(`${path}/strict`, 'field', 'the provider does not hold a model to the schema');
  return tool;
}

/** The provider's name of a hosted tool that it has; the others are losses. */
function hostedName(tool: JsonObject, path: string, { dialect, losses }: ToolScope): string | undefined {
  const type = asString(tool.type) ?? '';
  if (!SEARCH_TYPES.test(type) || messagesTraits(dialect).webSearch === undefined) {
    losses.add(path, 'tool', `the provider has no tool of type ${JSON.stringify(type)}`);
    return undefined;
  }
  // Codex 0.113.0 to 0.169.0 say so in a sandbox: the search may look only into what is cached.
  if (tool.external_web_access !== false) return WEB_SEARCH;
  losses.add(path, 'tool', 'the provider searches the live web alone, which the client does not allow');
  return undefined;
}

function writeSearch(tool: JsonObject, path: string, { dialect, losses }: ToolScope): JsonObject {
  return { type: messagesTraits(dialect).webSearch, name: WEB_SEARCH, ...searchSettings(tool, path, losses) };
}

function searchSettings(tool: JsonObject, path: string, losses: Losses): JsonObject {
  const { filters, user_location: location, ...rest } = tool;
  for (const [name, value] of Object.entries(rest)) {
    if (name === 'type' || name === 'external_web_access' || value === null) continue;
    losses.add(`${path}${pointerStep(name)}`, 'field', 'the web search of Messages has no such setting');
  }
  const allowed = asArray(asObject(filters)?.allowed_domains);
  const blocked = asArray(asObject(filters)?.blocked_domains);
  // The API refuses both lists together.
  if (allowed.length > 0 && blocked.length > 0) {
    losses.add(`${path}/filters/blocked_domains`, 'field', 'Messages takes allowed or blocked domains, not both');
  }
  return {
    ...(allowed.length > 0 ? { allowed_domains: allowed } : blocked.length > 0 && { blocked_domains: blocked }),
    ...(asObject(location) && { user_location: readLocation(asObject(location)!) }),
  };
}

function readLocation({ city, country, region, timezone }: JsonObject): JsonObject {
  const said = Object.entries({ city, country, region, timezone }).filter(([, value]) => typeof value === 'string');
  return { type: 'approximate', ...Object.fromEntries(said) };
}

/** Provider's names of the tools that `{"type":"allowed_tools"}` leaves; undefined: all. */
function allowedNames(choice: unknown, { tools, losses }: ToolScope): Set<string | undefined> | undefined {
  const said = asObject(choice);
  if (said?.type !== 'allowed_tools') return undefined;
  const names = asArray(said.tools).map((tool, index) => {
    const name = chosenName(asObject(tool) ?? {}, tools);
    if (name === undefined) losses.add(`/tool_choice/tools/${index}`, 'tool', 'this names no tool that could be told');
    return name;
  });
  return new Set(names);
}

/** Provider's name of the one tool that a tool choice names. */
function chosenName(choice: JsonObject, tools: FlatTools): string | undefined {
  const type = asString(choice.type) ?? '';
  if (SEARCH_TYPES.test(type)) return WEB_SEARCH;
  if (type === 'local_shell') return tools.providerName('local_shell', 'local_shell');
  const name = asString(choice.name);
  if (name === undefined || (type !== 'function' && type !== 'custom')) return undefined;
  return tools.providerName(type, name, asString(choice.namespace));
}

/** Words of the Responses API for a choice, and those of Messages; `auto` is the default of both. */
const MODES: Readonly<Record<string, string>> = { required: 'any', none: 'none' };

/**
 * The tool choice, with the flag against parallel calls; undefined when it says no more than the default, or when there are no
 * tools, since the API then refuses it.
 * @param offered names of the tools that the provider is told
 */
export function writeToolChoice(
  request: JsonObject,
  offered: readonly unknown[],
  scope: ToolScope,
): JsonObject | undefined {
  const serial = request.parallel_tool_calls === false;
  const choice = chooseTool(request.tool_choice, offered, scope);
  if (offered.length === 0) {
    if (choice?.type === 'any') scope.losses.add('/tool_choice', 'parameter', 'there is no tool to choose from');
    return undefined;
  }
  if (!serial || choice?.type === 'none') return choice;
  if (!scope.dialect.lacks.includes('disable_parallel_tool_use')) {
    return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true };
  }
  scope.losses.add('/parallel_tool_calls', 'parameter', 'the provider cannot keep a model from parallel calls');
  return choice;
}

function chooseTool(said: unknown, offered: readonly unknown[], scope: ToolScope): JsonObject | undefined {
  if (said == null) return undefined;
  const choice = asObject(said);
  const mode = choice?.type === 'allowed_tools' ? choice.mode : said;
  if (mode === 'auto') return undefined;
  const type = entryOf(MODES, mode);
  if (type !== undefined) return { type };
  const name = choice && chosenName(choice, scope.tools);
  if (offered.includes(name)) return { type: 'tool', name };
  scope.losses.add('/tool_choice', 'parameter', 'the tool that must be called is none that the provider is told');
  return undefined;
}

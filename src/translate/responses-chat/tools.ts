import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { describeNamespaces, type FlatFunction, withheldPaths } from '../shared/tools.ts';
import type { PlannedTool } from '../types.ts';
import type { ParameterScope } from './parameters.ts';
import { saysNothing } from './scope.ts';

/** Writes `tools`, `tool_choice` and `parallel_tool_calls`. Without tools the latter two are refused, and mean nothing. */
export function writeTools(request: JsonObject, scope: ParameterScope): void {
  const { tools, losses, body, dialect } = scope;
  for (const { tool, path } of tools.hosted) {
    losses.add(path, 'tool', `a provider of Chat Completions runs no tool ${JSON.stringify(tool.type ?? null)}`);
  }
  const names = new Set(tools.functions.map(({ name }) => name));
  const { choice, allowed } = readChoice(request.tool_choice, { offered: names, ...scope });
  const offered = tools.functions.filter(({ name }) => allowed?.has(name) ?? true);
  for (const path of withheldPaths(tools.functions, offered)) {
    losses.add(path, 'tool', 'the tool choice does not allow it: it is not offered');
  }
  if (offered.length === 0) {
    // With nothing to call, a call cannot be required.
    if (choice === 'required') tellLost('/tool_choice', scope);
    return;
  }
  body.tools = describeNamespaces(offered).map(toChatTool);
  if (choice !== undefined) body.tool_choice = choice;
  const parallel = request.parallel_tool_calls;
  if (typeof parallel !== 'boolean') return;
  if (!dialect.lacks.includes('parallel_tool_calls')) body.parallel_tool_calls = parallel;
  // Calls in parallel are what a model may do when nothing is said.
  else if (!parallel) losses.add('/parallel_tool_calls', 'parameter', 'the provider has no such parameter');
}

function toChatTool({ name, description, parameters, strict }: FlatFunction): JsonObject {
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters,
      // Not to be strict is what Chat Completions does when nothing is said.
      ...(strict === true && { strict }),
    },
  };
}

interface ChoiceScope extends ParameterScope {
  /** The provider's names of the tools that are offered. */
  offered: ReadonlySet<string>;
}

interface Choice {
  choice?: unknown;
  /** The provider's names of the tools that may be called; undefined: all. */
  allowed?: ReadonlySet<string | undefined>;
}

const MODES: ReadonlySet<unknown> = new Set(['none', 'auto', 'required']);

/** Types of a choice, or of an allowed tool, that name a function of the provider, with its kind. */
const NAMED: Readonly<Record<string, PlannedTool['kind']>> = {
  function: 'function',
  custom: 'custom',
  local_shell: 'local_shell',
  tool_search: 'tool_search',
};

function readChoice(value: unknown, scope: ChoiceScope): Choice {
  if (saysNothing(value)) return {};
  if (MODES.has(value)) {
    return { choice: value };
  }
  const choice = asObject(value) ?? {};
  if (choice.type === 'allowed_tools') return readAllowed(choice, scope);
  const name = offeredName(choice, scope);
  if (name === undefined) {
    tellLost('/tool_choice', scope);
    return {};
  }
  return { choice: { type: 'function', function: { name } } };
}

/** Few providers know a list of allowed tools: the others are not offered, which comes to the same. */
function readAllowed({ mode, tools }: JsonObject, scope: ChoiceScope): Choice {
  const names = asArray(tools).map((value, index) => {
    const name = offeredName(asObject(value) ?? {}, scope);
    if (name === undefined) tellLost(`/tool_choice/tools/${index}`, scope);
    return name;
  });
  return { choice: MODES.has(mode) ? mode : 'auto', allowed: new Set(names) };
}

function offeredName(choice: JsonObject, scope: ChoiceScope): string | undefined {
  const type = asString(choice.type) ?? '';
  if (!Object.hasOwn(NAMED, type)) return undefined;
  const name = scope.tools.providerName(NAMED[type]!, asString(choice.name) ?? type, asString(choice.namespace));
  return scope.offered.has(name) ? name : undefined;
}

function tellLost(path: string, scope: ParameterScope): void {
  scope.losses.add(path, 'parameter', 'the provider is offered no such tool');
}

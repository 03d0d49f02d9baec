import type { ScriptedItem } from './responses.ts';

type Json = Record<string, unknown>;

/** A call as a provider of plain functions makes it. */
export interface SpokenCall {
  name: string;
  arguments: Json;
}

/** Names of the tools that a Chat or Messages request offers. */
function offeredNames(request: Json): string[] {
  const tools = Array.isArray(request.tools) ? (request.tools as Json[]) : [];
  return tools.map((tool) => String(tool.name ?? (tool.function as Json | undefined)?.name ?? ''));
}

/** The first property of a tool that takes a text; undefined where it has none, or was not offered. */
function textProperty(request: Json, name: string | undefined): string | undefined {
  const tools = Array.isArray(request.tools) ? (request.tools as Json[]) : [];
  const found = tools.map((tool) => (tool.function ?? tool) as Json).find((tool) => tool.name === name);
  const schema = (found?.parameters ?? found?.input_schema ?? {}) as { properties?: Record<string, Json> };
  return Object.entries(schema.properties ?? {}).find(([, { type }]) => type === 'string')?.[0];
}

/**
 * A scripted call by the name under which the tool was offered. A translator may have put the namespace in front of it, and has
 * made a tool that takes text one that takes an object with a text in it.
 */
export function speakCall(item: Extract<ScriptedItem, { name: string }>, request: Json): SpokenCall {
  const offered = offeredNames(request);
  const name = offered.find((one) => one === item.name) ?? offered.find((one) => one.endsWith(`__${item.name}`));
  if (item.type !== 'custom_tool_call') return { name: name ?? item.name, arguments: item.arguments };
  return { name: name ?? item.name, arguments: { [textProperty(request, name) ?? 'input']: item.input } };
}

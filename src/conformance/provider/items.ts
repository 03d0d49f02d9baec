import type { ScriptedItem } from './responses.ts';

type Json = Record<string, unknown>;

/** A call as a provider of plain functions makes it. */
export interface SpokenCall {
  name: string;
  arguments: Json;
}

/** Names of the tools that a Chat or Messages request offers. */
export function offeredNames(request: Json): string[] {
  const tools = Array.isArray(request.tools) ? (request.tools as Json[]) : [];
  return tools.map((tool) => String(tool.name ?? (tool.function as Json | undefined)?.name ?? ''));
}

/**
 * A scripted call by the name under which the tool was offered. A translator may have put the namespace in front of it, and has
 * made a tool that takes text one that takes an object with an `input`.
 */
export function speakCall(item: Extract<ScriptedItem, { name: string }>, offered: readonly string[]): SpokenCall {
  const name = offered.find((one) => one === item.name) ?? offered.find((one) => one.endsWith(`__${item.name}`));
  const args = item.type === 'custom_tool_call' ? { input: item.input } : item.arguments;
  return { name: name ?? item.name, arguments: args };
}

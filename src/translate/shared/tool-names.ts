import { sha256Hex } from '../../util/sha256.ts';
import type { Dialect } from '../dialects.ts';
import type { PlannedTool } from '../types.ts';

/** Gives tools the names that a provider takes, and knows the way back. */
export interface ToolNames {
  /** By the provider's name. */
  readonly tools: Map<string, PlannedTool>;
  /** The provider's name of a tool that is offered; a name of its own for each. */
  offer(tool: PlannedTool): string;
  /** The provider's name of a tool that is called; one that is not offered gets a name as well. */
  call(tool: PlannedTool): string;
}

/** Hexadecimal digits of the hash that tells two shortened names apart. */
const HASH_LENGTH = 8;

export function createToolNames(rule: Dialect['toolNames']): ToolNames {
  const tools = new Map<string, PlannedTool>();
  /** By namespace and name, what is called so. */
  const known = new Map<string, { kind: PlannedTool['kind']; provider: string }[]>();
  /** By name alone, for calls that leave their namespace out; undefined: several have that name. */
  const byName = new Map<string, string | undefined>();

  function register(tool: PlannedTool): string {
    const provider = freeName(tool, rule, tools);
    tools.set(provider, tool);
    listOf(known, keyOf(tool)).push({ kind: tool.kind, provider });
    byName.set(tool.name, byName.has(tool.name) ? undefined : provider);
    return provider;
  }

  return {
    tools,
    offer(tool) {
      return known.get(keyOf(tool))?.find(({ kind }) => kind === tool.kind)?.provider ?? register(tool);
    },
    call(tool) {
      const named = known.get(keyOf(tool));
      if (named) return (named.find(({ kind }) => kind === tool.kind) ?? named[0]!).provider;
      if (tool.namespace === undefined) {
        // Codex 0.113.0 flattened namespaces itself; Codex takes calls without a namespace as well.
        if (tools.has(tool.name)) return tool.name;
        const only = byName.get(tool.name);
        if (only !== undefined) return only;
      }
      return register(tool);
    },
  };
}

function listOf<Value>(map: Map<string, Value[]>, key: string): Value[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

/** The name alone where that will do: what begins with a bracket is JSON. */
function keyOf(tool: PlannedTool): string {
  return tool.namespace === undefined && !tool.name.startsWith('[') ? tool.name : pairOf(tool);
}

function pairOf({ name, namespace }: PlannedTool): string {
  return JSON.stringify([namespace ?? null, name]);
}

/** The tool's name as the provider takes it: as it is when it can be, else made valid, cut, and told apart by a hash. */
function freeName(tool: PlannedTool, rule: Dialect['toolNames'], taken: ReadonlyMap<string, unknown>): string {
  const plain = joinName(tool);
  if (isValid(plain, rule) && !taken.has(plain)) return plain;
  for (let attempt = 0; ; attempt += 1) {
    const hash = sha256Hex(`${tool.kind} ${pairOf(tool)} ${attempt}`).slice(0, HASH_LENGTH);
    const name = validName(plain, hash, rule);
    if (!taken.has(name)) return name;
  }
}

function joinName({ name, namespace }: PlannedTool): string {
  if (namespace === undefined) return name;
  // Codex 0.122.0 names namespaces `mcp__calc__`, 0.142 and later `mcp__calc`.
  return namespace.endsWith('__') ? `${namespace}${name}` : `${namespace}__${name}`;
}

function isValid(name: string, rule: Dialect['toolNames']): boolean {
  return name !== '' && name.length <= rule.length && rule.pattern.test(name);
}

function validName(plain: string, hash: string, rule: Dialect['toolNames']): string {
  const clean = plain.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, Math.max(0, rule.length - hash.length - 1));
  return [`${clean}_${hash}`, `t_${hash}`].find((name) => isValid(name, rule)) ?? hash;
}

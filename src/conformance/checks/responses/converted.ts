type Json = Record<string, unknown>;

/**
 * Whether something of a request that is not at the provider stands there as a function, or as the call of one. A gateway for
 * providers that have nothing but functions may turn every tool into one: nothing is lost then but the kind.
 */
export function isConverted(due: Json, sent: Json): boolean {
  const { type, call_id: id, tools } = due;
  if (typeof id === 'string') return listOf(sent.input).some((item) => item.call_id === id && isCall(item));
  const names = Array.isArray(tools) ? namesIn(tools as Json[]) : [String(due.name ?? type)];
  const offered = listOf(sent.tools).flatMap((tool) => (tool.type === 'function' ? [String(tool.name)] : []));
  return names.length > 0 && names.every((name) => offered.some((one) => isNamedAfter(one, name)));
}

/** `mcp__calc__add` is `add` of a namespace. */
export function isNamedAfter(flat: unknown, name: unknown): boolean {
  return flat === name || (typeof flat === 'string' && new RegExp(`[^a-zA-Z0-9]${String(name)}$`).test(flat));
}

function isCall({ type }: Json): boolean {
  return type === 'function_call' || type === 'function_call_output';
}

/** Names of tools, those of namespaces by themselves. */
function namesIn(tools: readonly Json[]): string[] {
  return tools.flatMap(({ name, type, tools: inner }) =>
    Array.isArray(inner) ? namesIn(inner as Json[]) : [String(name ?? type)],
  );
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

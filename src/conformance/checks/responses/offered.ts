type Json = Record<string, unknown>;

/** A tool as a provider was offered it. */
export interface OfferedTool {
  name: string;
  /** Where a tool that takes plain text is a function: the property that takes it. */
  text: string | undefined;
}

/** Why a scripted model cannot call a tool that takes plain text: the gateway offers it with a schema of its own. */
export const OTHER_SCHEMA =
  'the gateway offers the tool under a schema of its own without a text in it, which the scripted model cannot fill in';

/**
 * The tool of that name in a request of whatever protocol. A translator may have put a namespace in front of its name, or behind it.
 */
export function findTool(request: Json, name: string): OfferedTool | undefined {
  const tools = Array.isArray(request.tools) ? (request.tools as Json[]) : [];
  const offered = tools.map((tool) => {
    const inner = (tool.function ?? tool.custom ?? tool) as Json;
    const schema = (inner.parameters ?? inner.input_schema ?? {}) as { properties?: Json };
    const strings = Object.entries(schema.properties ?? {}).filter(([, one]) => (one as Json)?.type === 'string');
    return { name: String(inner.name ?? ''), text: strings[0]?.[0] };
  });
  return (
    offered.find((one) => one.name === name) ??
    offered.find((one) => one.name.endsWith(name)) ??
    offered.find((one) => one.name.includes(name))
  );
}

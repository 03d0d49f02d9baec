import type { Protocol } from '../../../util/types.ts';

type Json = Record<string, unknown>;

const READERS: Record<Protocol, (json: Json) => string[]> = {
  responses: responsesProblems,
  chat: chatProblems,
  messages: messagesProblems,
};

/**
 * What a provider of that protocol refuses in the calls and results of a request: results without their call, calls without their
 * result, and results in a place where they may not stand. Empty when it takes them.
 */
export function callProblems(protocol: Protocol, json: Json): string[] {
  return READERS[protocol](json);
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]).filter((one) => typeof one === 'object' && one !== null) : [];
}

/** OpenAI: "No tool call found for function call output", "No tool output found for function call". */
function responsesProblems(json: Json): string[] {
  const items = list(json.input);
  const problems: string[] = [];
  const open = new Set<string>();
  for (const { type, call_id } of items) {
    const id = String(call_id);
    if (CALLS.has(String(type))) open.add(id);
    else if (OUTPUTS.has(String(type)) && !open.delete(id)) problems.push(`the output for ${id} has no call before it`);
  }
  return [...problems, ...[...open].map((id) => `the call ${id} has no output`)];
}

const CALLS = new Set(['function_call', 'custom_tool_call', 'local_shell_call']);
const OUTPUTS = new Set(['function_call_output', 'custom_tool_call_output', 'local_shell_call_output']);

/** OpenAI: "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'". */
function chatProblems(json: Json): string[] {
  const problems: string[] = [];
  let open = new Set<string>();
  const close = () => {
    for (const id of open) problems.push(`the call ${id} is not followed by its result`);
    open = new Set();
  };
  for (const message of list(json.messages)) {
    if (message.role === 'tool') {
      const id = String(message.tool_call_id);
      if (!open.delete(id)) problems.push(`the result for ${id} does not follow its call`);
      continue;
    }
    close();
    open = new Set(list(message.tool_calls).map(({ id }) => String(id)));
  }
  close();
  return problems;
}

/**
 * Anthropic: "`tool_use` ids were found without `tool_result` blocks immediately after"; turns of one role that follow each other are
 * one turn there, and within a message results come first.
 */
function messagesProblems(json: Json): string[] {
  const problems: string[] = [];
  const turns: { role: unknown; blocks: Json[] }[] = [];
  for (const { role, content } of list(json.messages)) {
    const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : list(content);
    const lastResult = blocks.findLastIndex(({ type }) => type === 'tool_result');
    if (blocks.slice(0, lastResult + 1).some(({ type }) => type !== 'tool_result'))
      problems.push('something stands before a tool_result of the same message');
    const last = turns.at(-1);
    if (last && last.role === role) last.blocks.push(...blocks);
    else turns.push({ role, blocks: [...blocks] });
  }
  let open = new Set<string>();
  for (const { blocks } of [...turns, { blocks: [] }]) {
    for (const { type, tool_use_id } of blocks)
      if (type === 'tool_result' && !open.delete(String(tool_use_id)))
        problems.push(`the result for ${tool_use_id} does not follow its call`);
    for (const id of open) problems.push(`the call ${id} is not followed by its result`);
    open = new Set(blocks.flatMap(({ type, id }) => (type === 'tool_use' ? [String(id)] : [])));
  }
  return problems;
}

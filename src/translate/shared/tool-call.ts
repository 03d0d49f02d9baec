import { asArray, asNumber, asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import type { PlannedTool } from '../types.ts';
import { createInputReader } from './input-reader.ts';
import type { NewItem } from './responses-items.ts';
import type { ResponsesWriter } from './responses-writer.ts';

/** Turns the arguments of a call, as they stream, into the item of its tool. */
export interface ToolCall {
  /** A piece of the JSON text. */
  push(delta: string): void;
  /** The arguments are whole. @returns what is wrong with them */
  end(): string | undefined;
}

export interface CallOf {
  callId: string;
  name: string;
  /** As the client knows it; undefined: a tool that it did not offer. */
  tool: PlannedTool | undefined;
}

/** A call of any kind of tool. Only the calls that `end` get a `done` event, so that no client runs half a call. */
export function openToolCall(writer: ResponsesWriter, call: CallOf): ToolCall {
  const kind = call.tool?.kind ?? 'function';
  if (kind === 'custom') return openCustom(writer, call);
  if (Object.hasOwn(WHOLE_ITEMS, kind)) return openWhole(writer, call, WHOLE_ITEMS[kind]!);
  return openFunction(writer, call);
}

function newCall(type: 'function_call' | 'custom_tool_call', { callId, name, tool }: CallOf): NewItem {
  const { namespace } = tool ?? {};
  return { type, callId, name: tool?.name ?? name, ...(namespace !== undefined && { namespace }) };
}

function openFunction(writer: ResponsesWriter, call: CallOf): ToolCall {
  const item = writer.open(newCall('function_call', call));
  return {
    push: (delta) => item.arguments(delta),
    end() {
      item.close();
      return undefined;
    },
  };
}

function openCustom(writer: ResponsesWriter, call: CallOf): ToolCall {
  const item = writer.open(newCall('custom_tool_call', call));
  const reader = createInputReader();
  return {
    push: (delta) => item.arguments(reader.push(delta)),
    end() {
      const { rest, problem } = reader.end();
      item.arguments(rest);
      item.close();
      return problem;
    },
  };
}

/** Items that have their arguments as an object, so that they begin when it is whole; undefined when it does not fit. */
const WHOLE_ITEMS: Readonly<Record<string, (input: JsonObject, callId: string) => JsonObject | undefined>> = {
  local_shell: (input, callId) => {
    const command = asArray(input.command);
    if (command.length === 0 || command.some((word) => typeof word !== 'string')) return undefined;
    const directory = asString(input.working_directory);
    const timeout = asNumber(input.timeout_ms);
    const action = {
      type: 'exec',
      command,
      env: {},
      ...(directory !== undefined && { working_directory: directory }),
      ...(timeout !== undefined && { timeout_ms: timeout }),
    };
    return { type: 'local_shell_call', call_id: callId, status: 'completed', action };
  },
  tool_search: (input, callId) => ({
    type: 'tool_search_call',
    call_id: callId,
    execution: 'client',
    status: 'completed',
    arguments: input,
  }),
};

function openWhole(
  writer: ResponsesWriter,
  call: CallOf,
  build: (input: JsonObject, callId: string) => JsonObject | undefined,
): ToolCall {
  let text = '';
  return {
    push(delta) {
      text += delta;
    },
    end() {
      const input = asObject(parseData(text));
      const item = input && build(input, call.callId);
      if (item) {
        writer.open({ type: 'other', item }).close();
        return undefined;
      }
      // The client finds out what is wrong with it, and tells the model.
      const fallback = openFunction(writer, call);
      fallback.push(text);
      fallback.end();
      return 'the arguments are not those of the tool: told as a function call';
    },
  };
}

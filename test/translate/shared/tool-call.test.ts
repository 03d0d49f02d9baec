import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { findDialect } from '../../../src/translate/dialects.ts';
import { createResponsesWriter } from '../../../src/translate/shared/responses-writer.ts';
import { openToolCall } from '../../../src/translate/shared/tool-call.ts';
import type { PlannedTool } from '../../../src/translate/types.ts';
import { makeBackContext } from '../../helpers/translate.ts';

/** The item that a call becomes, and what was wrong with it. */
function call(tool: PlannedTool | undefined, text: string): [item: JsonObject, problem: string | undefined] {
  const writer = createResponsesWriter(makeBackContext(findDialect('chat', 'chat')!));
  const open = openToolCall(writer, { callId: 'call_1', name: 'told', tool });
  for (const character of text) open.push(character);
  const problem = open.end();
  writer.finish({ how: 'completed' });
  const [item, ...others] = writer.response().output as JsonObject[];
  expect(others).toEqual([]);
  return [item!, problem];
}

const SHELL: PlannedTool = { kind: 'local_shell', name: 'local_shell' };
const SEARCH: PlannedTool = { kind: 'tool_search', name: 'tool_search' };
const NOT_OF_TOOL = 'the arguments are not those of the tool: told as a function call';

describe('a call of', () => {
  const CASES: [name: string, tool: PlannedTool | undefined, text: string, item: JsonObject, problem?: string][] = [
    ['a tool that nobody offered', undefined, '{}', { type: 'function_call', name: 'told', arguments: '{}' }],
    [
      'a function of a namespace',
      { kind: 'function', name: 'add', namespace: 'calc' },
      '{}',
      { type: 'function_call', name: 'add', namespace: 'calc' },
    ],
    [
      'a custom tool',
      { kind: 'custom', name: 'patch' },
      '{"input":"x"}',
      { type: 'custom_tool_call', name: 'patch', input: 'x' },
    ],
    [
      'the shell',
      SHELL,
      '{"command":["ls"],"working_directory":"/","timeout_ms":5}',
      {
        type: 'local_shell_call',
        action: { type: 'exec', command: ['ls'], env: {}, working_directory: '/', timeout_ms: 5 },
      },
    ],
    [
      'the shell with nothing but a command',
      SHELL,
      '{"command":["ls"]}',
      { type: 'local_shell_call', action: { type: 'exec', command: ['ls'], env: {} } },
    ],
    [
      'the shell with a word that is none',
      SHELL,
      '{"command":["ls",7]}',
      { type: 'function_call', name: 'local_shell', arguments: '{"command":["ls",7]}' },
      NOT_OF_TOOL,
    ],
    ['the shell without a command', SHELL, '{"command":[]}', { type: 'function_call' }, NOT_OF_TOOL],
    ['a search', SEARCH, '{"query":"x"}', { type: 'tool_search_call', arguments: { query: 'x' }, execution: 'client' }],
    ['a search by no object', SEARCH, 'x', { type: 'function_call', arguments: 'x' }, NOT_OF_TOOL],
  ];
  it.each(CASES)('%s', (_name, tool, text, item, problem) => {
    const [made, told] = call(tool, text);
    expect(made).toMatchObject({ ...item, call_id: 'call_1', status: 'completed' });
    expect(told).toBe(problem);
  });
});

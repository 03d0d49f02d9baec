import { describe, expect, it } from 'vitest';
import { readToldModel } from '../../../../src/conformance/checks/translate/read-request.ts';

describe('readToldModel', () => {
  it.each([
    ['responses', 'auto', 'auto'],
    ['responses', { type: 'function', name: 'a' }, 'a'],
    ['responses', { type: 'allowed_tools', mode: 'required', tools: [] }, 'required'],
    ['chat', 'required', 'required'],
    ['chat', { type: 'function', function: { name: 'a' } }, 'a'],
    ['chat', { type: 'custom', custom: { name: 'a' } }, 'a'],
    ['chat', { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } }, 'auto'],
    ['messages', { type: 'any' }, 'required'],
    ['messages', { type: 'none' }, 'none'],
    ['messages', { type: 'tool', name: 'a' }, 'a'],
    ['chat', undefined, undefined],
    ['chat', null, undefined],
  ] as const)('reads the choice of tools of %s: %j', (protocol, tool_choice, choice) => {
    expect(readToldModel(protocol, { tool_choice }).choice).toBe(choice);
  });

  it.each([
    ['responses', { parallel_tool_calls: false }, false],
    ['chat', { parallel_tool_calls: true }, true],
    ['messages', { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }, false],
    ['messages', { tool_choice: { type: 'auto' } }, undefined],
  ] as const)('reads of %s whether calls may be parallel: %j', (protocol, json, parallel) => {
    expect(readToldModel(protocol, json).parallel).toBe(parallel);
  });

  it.each([
    ['responses', { reasoning: { effort: 'low' } }, 'low'],
    ['chat', { reasoning_effort: 'low' }, 'low'],
    ['messages', { output_config: { effort: 'low' } }, 'low'],
    ['messages', { thinking: { type: 'enabled', budget_tokens: 1024 } }, { type: 'enabled', budget_tokens: 1024 }],
    ['messages', {}, undefined],
  ] as const)('reads of %s how much to think: %j', (protocol, json, effort) => {
    expect(readToldModel(protocol, json).effort).toEqual(effort);
  });

  it.each([
    ['responses', { type: 'function', name: 'a', description: 'b', parameters: {} }],
    ['chat', { type: 'function', function: { name: 'a', description: 'b', parameters: {} } }],
    ['messages', { name: 'a', description: 'b', input_schema: {} }],
  ] as const)('reads the tools of %s', (protocol, tool) => {
    expect(readToldModel(protocol, { tools: [tool] }).tools).toEqual([{ name: 'a', description: 'b', parameters: {} }]);
  });

  it.each(['responses', 'chat', 'messages'] as const)('makes nothing of nonsense in %s', (protocol) => {
    const nonsense = { input: 7, messages: [null, 'a'], tools: 'b', tool_choice: 3, text: null, reasoning: null };
    expect(readToldModel(protocol, nonsense)).toMatchObject({ system: '', turns: [], tools: [], choice: undefined });
  });
});

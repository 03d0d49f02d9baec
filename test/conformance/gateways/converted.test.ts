import { describe, expect, it } from 'vitest';
import { isConverted, isNamedAfter } from '../../../src/conformance/checks/responses/converted.ts';

const CUSTOM = { type: 'custom', name: 'apply_patch' };
const SPACE = { type: 'namespace', name: 'mcp__calc', tools: [{ type: 'function', name: 'add' }, CUSTOM] };
const CALL = { type: 'custom_tool_call', call_id: 'call_1', name: 'apply_patch', input: 'x' };
const named = (...names: string[]) => ({ tools: names.map((name) => ({ type: 'function', name })) });

describe('what became a function', () => {
  it.each([
    ['a custom tool', CUSTOM, named('apply_patch'), true],
    ['a custom tool that is not there', CUSTOM, named('other'), false],
    ['a tool without a name', { type: 'web_search' }, named('web_search'), true],
    ['a namespace', SPACE, named('mcp__calc__add', 'mcp__calc__apply_patch'), true],
    ['a namespace of which a tool is missing', SPACE, named('mcp__calc__add'), false],
    ['a namespace without tools', { type: 'namespace', name: 'n', tools: [] }, named('n'), false],
    ['a call', CALL, { input: [{ type: 'function_call', call_id: 'call_1' }] }, true],
    ['a call that is not there', CALL, { input: [{ type: 'function_call', call_id: 'call_2' }] }, false],
    ['anything of a request without lists', CUSTOM, {}, false],
  ])('%s: %#', (_, due, sent, is) => {
    expect(isConverted(due, sent)).toBe(is);
  });

  it.each([
    ['mcp__calc__add', 'add', true],
    ['add', 'add', true],
    ['padd', 'add', false],
    [undefined, 'add', false],
  ])('%s is named after %s: %s', (flat, name, is) => {
    expect(isNamedAfter(flat, name)).toBe(is);
  });
});

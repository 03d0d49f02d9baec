import { describe, expect, it } from 'vitest';
import { createToolNames } from '../../../src/translate/shared/tool-names.ts';
import type { PlannedTool } from '../../../src/translate/types.ts';

const RULE = { pattern: /^[a-zA-Z0-9_-]+$/, length: 64 };
const tool = (name: string, namespace?: string, kind: PlannedTool['kind'] = 'function'): PlannedTool => ({
  kind,
  name,
  ...(namespace !== undefined && { namespace }),
});

describe('the names of tools', () => {
  it('are one for each kind, found by the kind that is called', () => {
    const names = createToolNames(RULE);
    const plain = names.offer(tool('run'));
    const custom = names.offer(tool('run', undefined, 'custom'));
    expect(plain).toBe('run');
    expect(custom).toMatch(/^run_[0-9a-f]{8}$/);
    expect(names.offer(tool('run', undefined, 'custom'))).toBe(custom);
    expect(names.call(tool('run', undefined, 'custom'))).toBe(custom);
    expect(names.call(tool('run'))).toBe(plain);
    expect(names.call(tool('run', undefined, 'tool_search'))).toBe(plain);
  });

  it('tell a name from a namespace and a name', () => {
    const names = createToolNames(RULE);
    const spaced = names.offer(tool('run', 'ns'));
    const odd = names.offer(tool('["ns","run"]'));
    expect(spaced).toBe('ns__run');
    expect(odd).not.toBe(spaced);
    expect(names.call(tool('["ns","run"]'))).toBe(odd);
  });

  it('are not given twice, even where the one that is made is taken', () => {
    const made = createToolNames(RULE).offer(tool('a b'));
    expect(made).toMatch(/^a_b_[0-9a-f]{8}$/);
    const names = createToolNames(RULE);
    names.offer(tool(made));
    const other = names.offer(tool('a b'));
    expect(other).toMatch(/^a_b_[0-9a-f]{8}$/);
    expect(other).not.toBe(made);
  });

  it('are never empty, whatever the provider takes', () => {
    const names = createToolNames({ pattern: /^\w*$/, length: 64 });
    expect(names.offer(tool(''))).toMatch(/^_[0-9a-f]{8}$/);
  });
});

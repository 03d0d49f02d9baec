import { describe, expect, it } from 'vitest';
import { type Dialect, findDialect } from '../../../src/translate/dialects.ts';
import { ResponsesCalls } from '../../../src/translate/shared/responses-calls.ts';
import { makeContext } from '../../helpers/translate.ts';

const RESPONSES = findDialect('responses', 'responses')!;
const NINE: Dialect = { ...RESPONSES, callIds: { pattern: /^[A-Za-z0-9]{9}$/, length: 9 } };

describe('ids of calls', () => {
  it('stay as they are where the provider takes them', () => {
    const calls = new ResponsesCalls(makeContext(RESPONSES));
    expect(calls.add('toolu_1', 'function', 'a')).toBe('toolu_1');
    expect(calls.find('toolu_1')).toEqual({ callId: 'toolu_1', kind: 'function' });
    const longest = 'x'.repeat(64);
    expect(calls.add(longest, 'function', 'a')).toBe(longest);
    expect(calls.callIds.size).toBe(0);
  });

  it.each([
    [RESPONSES, 'x'.repeat(65), /^call_[0-9a-f]{32}$/],
    [NINE, 'toolu_1', /^[0-9a-f]{9}$/],
    [{ ...RESPONSES, callIds: { pattern: /^\w+$/, length: 9 } }, 'toolu_12345', /^[0-9a-f]{9}$/],
  ])('are made of the others, the same in every turn, and mapped back', (dialect, id, pattern) => {
    const calls = new ResponsesCalls(makeContext(dialect));
    const callId = calls.add(id, 'custom', 'a');
    expect(callId).toMatch(pattern);
    expect(new ResponsesCalls(makeContext(dialect)).add(id, 'custom', 'a')).toBe(callId);
    expect(calls.find(id)).toEqual({ callId, kind: 'custom' });
    expect([...calls.callIds]).toEqual([[callId, id]]);
  });

  it('are given to calls without one, which answer by their name in their order', () => {
    const calls = new ResponsesCalls(makeContext(RESPONSES));
    const ids = ['a', 'b', 'a'].map((name, n) => calls.add(n === 1 ? '' : undefined, 'function', name));
    expect(ids).toEqual(['call_1', 'call_2', 'call_3']);
    expect(['a', 'a', 'a', 'b'].map((name) => calls.takeUnnamed(name))).toEqual([
      'call_1',
      'call_3',
      undefined,
      'call_2',
    ]);
    expect(calls.find('call_1')).toBeUndefined();
  });
});

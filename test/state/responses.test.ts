import { describe, expect, it } from 'vitest';
import { createResponseMemory } from '../../src/state/responses.ts';

describe('the memory of responses', () => {
  it('gives back what was set, as a copy', () => {
    const memory = createResponseMemory();
    const items = [{ type: 'message', content: 'a' }];
    memory.set('resp_1', items);
    items[0]!.content = 'changed';
    expect(memory.get('resp_1')).toEqual([{ type: 'message', content: 'a' }]);
    expect(memory.get('resp_2')).toBeUndefined();
  });

  it('forgets what has not been asked for during its time to live', () => {
    let now = 0;
    const memory = createResponseMemory({ chars: 1000, ttlMs: 100 }, () => now);
    memory.set('old', [1]);
    memory.set('asked', [2]);
    now = 90;
    expect(memory.get('asked')).toEqual([2]);
    now = 150;
    expect(memory.get('old')).toBeUndefined();
    expect(memory.get('asked')).toEqual([2]);
    now = 300;
    expect(memory.get('asked')).toBeUndefined();
  });

  it('keeps within its size: what was not asked for longest goes first', () => {
    const memory = createResponseMemory({ chars: 30, ttlMs: 100 }, () => 0);
    memory.set('a', ['0123456']);
    memory.set('b', ['0123456']);
    expect(memory.get('a')).toBeDefined();
    memory.set('c', ['0123456']);
    expect(memory.get('b')).toBeUndefined();
    expect(memory.get('a')).toBeDefined();
    expect(memory.get('c')).toBeDefined();
  });

  it('keeps nothing that is larger than all it may have', () => {
    const memory = createResponseMemory({ chars: 10, ttlMs: 100 }, () => 0);
    memory.set('a', ['0123456789']);
    expect(memory.get('a')).toBeUndefined();
    memory.set('b', [1]);
    expect(memory.get('b')).toEqual([1]);
  });

  it('counts a response that is set again once', () => {
    const memory = createResponseMemory({ chars: 20, ttlMs: 100 }, () => 0);
    for (let i = 0; i < 10; i++) memory.set('a', ['0123456']);
    memory.set('b', [1]);
    expect(memory.get('a')).toEqual(['0123456']);
  });
});

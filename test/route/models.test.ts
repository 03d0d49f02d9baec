import { describe, expect, it } from 'vitest';
import { createModelMap } from '../../src/route/models.ts';

describe('a model map', () => {
  const map = createModelMap(['gpt=small', 'gpt-5=large', 'gpt-5.4=exact', 'claude-*-haiku=tiny', 'o=letter']);
  it.each([
    ['gpt-5.4', 'exact'],
    ['gpt-5.4-mini', 'exact'],
    ['gpt-5.3-codex', 'large'],
    ['gpt-4.1', 'small'],
    ['claude-4-haiku', 'tiny'],
    ['my-claude-4-haiku', undefined],
    ['llama', undefined],
    ['o3', 'letter'],
    ['', undefined],
  ])('gives %s the name %s', (model, expected) => {
    expect(map(model)).toBe(expected);
  });

  it('takes a star for all', () => {
    expect(createModelMap(['*=qwen3'])('anything at all')).toBe('qwen3');
  });

  it('takes the first = as the border, and other characters as they are', () => {
    expect(createModelMap(['a.b=c=d'])('a.b')).toBe('c=d');
    expect(createModelMap(['a.*=x'])('ab')).toBeUndefined();
  });

  it.each([['gpt'], ['=x'], ['gpt='], ['']])('refuses %j', (rule) => {
    expect(() => createModelMap([rule])).toThrow(/is not a rule/);
  });

  it('refuses the same name twice', () => {
    expect(() => createModelMap(['a=b', 'a=c'])).toThrow(/names "a" twice/);
  });
});

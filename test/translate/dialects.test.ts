import { describe, expect, it } from 'vitest';
import { DIALECTS, findDialect, guessDialect } from '../../src/translate/dialects.ts';
import type { Protocol } from '../../src/util/types.ts';

describe('DIALECTS', () => {
  it('names each dialect of a protocol once, with its source', () => {
    const names = DIALECTS.map(({ name, protocol }) => `${protocol} ${name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, source } of DIALECTS) expect(source, name).not.toBe('');
  });

  it('names extras as JSON pointers', () => {
    for (const { extras } of DIALECTS) for (const extra of extras) expect(extra).toMatch(/^(?:\/[^/]+)+$/);
  });
});

describe('findDialect', () => {
  it('knows a name by its protocol', () => {
    expect(findDialect('deepseek', 'chat')).toMatchObject({ name: 'deepseek', protocol: 'chat' });
    expect(findDialect('deepseek', 'messages')).toMatchObject({ name: 'deepseek', protocol: 'messages' });
    expect(findDialect('deepseek', 'responses')).toBeUndefined();
    expect(findDialect('nobody', 'chat')).toBeUndefined();
  });
});

describe('guessDialect', () => {
  it.each<[url: string, protocol: Protocol, name: string]>([
    ['https://api.openai.com/v1', 'chat', 'openai'],
    ['https://api.openai.com/v1', 'responses', 'responses'],
    ['https://api.deepseek.com', 'chat', 'deepseek'],
    ['https://deepseek.com.example.org', 'chat', 'chat'],
    ['https://notdeepseek.com', 'chat', 'chat'],
    ['https://api.mistral.ai/v1', 'chat', 'mistral'],
    ['https://openrouter.ai/api/v1', 'chat', 'openrouter'],
    ['https://api.groq.com/openai/v1', 'chat', 'groq'],
    ['http://127.0.0.1:11434/v1', 'chat', 'ollama'],
    ['https://api.minimax.io/v1', 'chat', 'minimax'],
    ['https://api.minimaxi.com/v1', 'chat', 'minimax'],
    ['https://minimax.io.example.org/v1', 'chat', 'chat'],
    ['http://127.0.0.1:8080', 'chat', 'chat'],
    ['https://api.anthropic.com', 'messages', 'anthropic'],
    ['https://example.com', 'messages', 'anthropic'],
    ['no url', 'chat', 'chat'],
  ])('%s as %s is %s', (url, protocol, name) => expect(guessDialect(url, protocol).name).toBe(name));
});

import { describe, expect, it } from 'vitest';
import { countLosses, HINTS, weighLoss } from '../../src/protocols/loss-weights.ts';

function loss(path: string, reason = 'there is no place for it') {
  return { hop: 'responses->chat', path, kind: 'field', reason };
}

describe('weighLoss', () => {
  it.each([
    '/store',
    '/client_metadata',
    '/metadata/user_id',
    '/input/12/id',
    '/input/0/internal_chat_message_metadata_passthrough',
    '/include',
    '/include/0',
    '/prompt_cache_key',
    '/cache_control',
    '/tools/0/cache_control',
    '/messages/3/content/0/cache_control',
    '/input/0/content/1/prompt_cache_breakpoint',
    '/service_tier',
    '/reasoning/summary',
    '/text/verbosity',
    '/usage/server_tool_use',
    '/usage/completion_tokens_details/audio_tokens',
  ])('%s is a hint', (path) => expect(weighLoss(loss(path))).toBe('hint'));

  it.each([
    '',
    '/',
    '/truncation',
    '/input/0',
    '/input/0/phase',
    '/input/0/content/0',
    '/input/0/content/0/id',
    '/tools/0',
    '/tools/0/id',
    '/text/format',
    '/text/verbosity/more',
    '/reasoning/effort',
    '/temperature',
    '/usage',
    '/storeroom',
    '/a/store',
    '/nobody/has/thought/of/this',
  ])('%s is semantic', (path) => expect(weighLoss(loss(path))).toBe('semantic'));

  it.each([
    ['/input/0', 'the provider takes back the thoughts of turns with tool calls alone', 'hint'],
    ['/input/0', 'the provider takes no thoughts back', 'semantic'],
    ['/reasoning/effort', 'a later item of the input sets it anew', 'hint'],
    ['/reasoning/effort', 'the provider knows no such effort', 'semantic'],
    ['/max_tokens', '`max_completion_tokens` says another bound, and holds', 'hint'],
    ['/max_tokens', 'Responses takes no bound below 16', 'semantic'],
  ])('%s: %s', (path, reason, weight) => expect(weighLoss(loss(path, reason))).toBe(weight));

  it('says why, and has one rule for a place', () => {
    for (const { why, paths = [], reason } of HINTS) {
      expect(why).not.toBe('');
      expect(paths.length > 0 || reason !== undefined).toBe(true);
    }
    const paths = HINTS.flatMap((rule) => rule.paths ?? []);
    expect(new Set(paths).size).toBe(paths.length);
  });
});

describe('countLosses', () => {
  it('counts both weights', () => {
    expect(countLosses([loss('/store'), loss('/input/0'), loss('/user')])).toEqual({ hint: 2, semantic: 1 });
    expect(countLosses([])).toEqual({ hint: 0, semantic: 0 });
  });
});

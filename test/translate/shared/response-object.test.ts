import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { findDialect } from '../../../src/translate/dialects.ts';
import { baseResponse } from '../../../src/translate/shared/response-object.ts';
import { makeBackContext } from '../../helpers/translate.ts';

/** What the schema requires where the request said nothing. */
const NOTHING = {
  id: 'resp_1',
  object: 'response',
  created_at: 1_767_323_045,
  model: 'test-model',
  instructions: null,
  metadata: {},
  parallel_tool_calls: true,
  temperature: null,
  tool_choice: 'auto',
  tools: [],
  top_p: null,
};

describe('a response repeats', () => {
  const CASES: [name: string, request: JsonObject, repeated: JsonObject][] = [
    ['nothing of an empty request', {}, {}],
    [
      'what has the type that it must have',
      { metadata: { a: 'b' }, temperature: 0.5, truncation: 'auto', store: false, tools: [{ type: 'x' }] },
      { metadata: { a: 'b' }, temperature: 0.5, truncation: 'auto', store: false, tools: [{ type: 'x' }] },
    ],
    ['a tool choice by name', { tool_choice: { type: 'function' } }, { tool_choice: { type: 'function' } }],
    ['a tool choice in a word', { tool_choice: 'none' }, { tool_choice: 'none' }],
    [
      'nothing of any other type',
      {
        instructions: 7,
        store: 'no',
        tool_choice: 7,
        temperature: '1',
        tools: {},
        metadata: null,
        reasoning: [],
        text: 'plain',
      },
      {},
    ],
  ];
  it.each(CASES)('%s', (_name, request, repeated) => {
    expect(baseResponse(makeBackContext(findDialect('chat', 'chat')!, request))).toEqual({ ...NOTHING, ...repeated });
  });
});

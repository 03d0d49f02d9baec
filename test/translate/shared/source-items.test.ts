import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { writeFailure } from '../../../src/translate/shared/source-failure.ts';
import {
  endingOf,
  finalAnnotations,
  finalTexts,
  readFailure,
  type SourceEnding,
  type SourceFailure,
} from '../../../src/translate/shared/source-items.ts';

const UNSAID = { code: 'server_error', message: 'The provider failed and did not say why.' };

describe('readFailure', () => {
  const CASES: [value: unknown, failure: SourceFailure][] = [
    ['It broke.', { code: 'server_error', message: 'It broke.' }],
    [
      { code: 'c', type: 't', message: 'm', param: 'p' },
      { code: 'c', message: 'm', param: 'p' },
    ],
    [
      { type: 't', message: 'm', param: 7 },
      { code: 't', message: 'm' },
    ],
    [{}, UNSAID],
    [7, UNSAID],
  ];
  it.each(CASES)('%j', (value, failure) => expect(readFailure(value)).toEqual(failure));
});

describe('endingOf', () => {
  type Ending = SourceEnding extends infer E ? (E extends unknown ? Omit<E, 'response'> : never) : never;
  const CASES: [response: JsonObject, ending: Ending][] = [
    [{ output: [] }, { how: 'completed' } as Ending],
    [{}, { how: 'failed', failure: UNSAID } as Ending],
    [{ status: 'completed' }, { how: 'completed' } as Ending],
    [{ status: 'completed', error: 'It broke.' }, { how: 'failed', failure: readFailure('It broke.') } as Ending],
    [{ status: 'incomplete' }, { how: 'incomplete', reason: 'unknown' } as Ending],
    [{ status: 'incomplete', incomplete_details: { reason: 'r' } }, { how: 'incomplete', reason: 'r' } as Ending],
    [
      { status: 'queued', error: null },
      {
        how: 'failed',
        failure: { code: 'server_error', message: "The provider's response is queued, not finished." },
      } as Ending,
    ],
  ];
  it.each(CASES)('%j', (response, ending) => expect(endingOf(response)).toEqual({ ...ending, response }));
});

describe('finalAnnotations', () => {
  it('are those of the parts of a message', () => {
    const content = [{ annotations: [{ a: 1 }, 'none'] }, 'none', { annotations: [{ b: 2 }] }];
    expect(finalAnnotations({ type: 'message', content })).toEqual([
      { part: 0, annotation: { a: 1 } },
      { part: 2, annotation: { b: 2 } },
    ]);
    expect(finalAnnotations({ type: 'reasoning', content })).toEqual([]);
  });
});

describe('finalTexts', () => {
  it('are those of the parts that have one', () => {
    const part = (text: unknown) => ({ text });
    expect(finalTexts({ type: 'reasoning', summary: [7, part('a')], content: [7, part('b')] })).toMatchObject([
      { channel: 'summary', part: 1, text: 'a' },
      { channel: 'reasoning', part: 1, text: 'b' },
    ]);
    expect(finalTexts({ type: 'message', content: [7, part('a'), { type: 'refusal', refusal: 'b' }] })).toMatchObject([
      { channel: 'text', part: 1, text: 'a' },
      { channel: 'refusal', part: 2, text: 'b' },
    ]);
    expect(finalTexts({ type: 'toString' })).toEqual([]);
    expect(finalTexts({})).toEqual([]);
  });
});

describe('a failure within an answer', () => {
  it.each([
    ['invalid_prompt', 400, 'invalid_request_error'],
    ['made_up', 500, 'server_error'],
  ])('of code %s has status %d', (code, status, type) => {
    const told = writeFailure('chat', { code, message: 'm', param: 'p' });
    expect(told.status).toBe(status);
    expect(JSON.parse(told.text)).toEqual({ error: { message: 'm', type, param: 'p', code } });
  });
});

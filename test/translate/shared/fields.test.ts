import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { tellCallFields } from '../../../src/translate/shared/call-fields.ts';
import { type FieldTable, reportUnread } from '../../../src/translate/shared/fields.ts';
import { createLosses } from '../../../src/translate/shared/losses.ts';
import { tellOtherFields } from '../../../src/translate/shared/response-fields.ts';

describe('reportUnread', () => {
  const TABLE: FieldTable = { read: ['read'], texts: ['text'], lost: { lost: 'a reason' }, neutral: { flag: [false] } };
  const CASES: [object: JsonObject, told: string[]][] = [
    [{ read: 1, text: 'a', flag: false, nothing: null, missing: undefined }, []],
    [{ text: 7 }, ['/a/text: Responses has no such field']],
    [{ flag: true }, ['/a/flag: Responses has no such field']],
    [{ lost: 1, toString: 1 }, ['/a/lost: a reason', '/a/toString: Responses has no such field']],
  ];
  it.each(CASES)('%j', (object, told) => {
    const losses = createLosses('h');
    reportUnread(object, '/a', 'field', TABLE, losses);
    expect(losses.list.map(({ path, reason }) => `${path}: ${reason}`)).toEqual(told);
  });
});

describe('tellCallFields', () => {
  const CASES: [item: JsonObject, told: string[]][] = [
    [{ caller: { type: 'direct' }, async: false, namespace: null }, []],
    [{ caller: 'direct' }, []],
    [
      { caller: { type: 'program' } },
      ['/output/0/caller: X does not tell calls of the provider’s programs from those of the model'],
    ],
    [{ async: true }, ['/output/0/async: a call waits for its output']],
    [{ namespace: 'n' }, ['/output/0/namespace: X has no namespaces of tools']],
  ];
  it.each(CASES)('%j', (item, told) => {
    const losses = createLosses('h');
    tellCallFields({ type: 'function_call', item, path: '/output/0' }, 'X', losses);
    expect(losses.list.map(({ path, reason }) => `${path}: ${reason}`)).toEqual(told);
  });
});

it('tells what only Responses says with an answer', () => {
  const losses = createLosses('h');
  tellOtherFields({ id: 'r', tools: [], mood: 'good', weather: null, smell: undefined }, losses);
  expect(losses.list).toMatchObject([{ path: '/mood', reason: 'only Responses tells it with an answer' }]);
});

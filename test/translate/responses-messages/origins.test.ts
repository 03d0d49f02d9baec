import { expect, it } from 'vitest';
import { findDialect } from '../../../src/translate/dialects.ts';
import { findHop } from '../../../src/translate/hops.ts';
import { makeContext } from '../../helpers/translate.ts';

it('tells what is lost of a setting where an item of the input made it', () => {
  const schema = { type: 'object', properties: {} };
  const format = { type: 'json_schema', name: 'answer', description: 'An answer.', schema };
  const input = [
    { type: 'configuration_update', text: { format } },
    { type: 'message', role: 'user', content: 'hi' },
  ];
  const hop = findHop('responses', 'messages')!;
  const result = hop.request({ model: 'm', input }, makeContext(findDialect('anthropic', 'messages')!));
  if ('problem' in result) throw new Error(result.problem.message);
  expect(result.losses.map(({ path }) => path)).toEqual([
    '/input/0/text/format/name',
    '/input/0/text/format/description',
  ]);
});

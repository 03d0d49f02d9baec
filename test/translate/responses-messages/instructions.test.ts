import { describe, expect, it } from 'vitest';
import type { InstructionRule } from '../../../src/translate/dialects.ts';
import { MESSAGES_DIALECTS } from '../../../src/translate/responses-messages/dialects.ts';
import { translateRequest } from '../../../src/translate/responses-messages/request.ts';
import { makeContext } from '../../helpers/translate.ts';

const REQUEST = {
  model: 'm',
  instructions: 'Base.',
  input: [
    { role: 'developer', content: 'First.' },
    { role: 'user', content: 'Hi' },
    { role: 'system', content: 'Later.' },
    { role: 'user', content: 'Go.' },
  ],
};

function translate(instructions: InstructionRule) {
  const result = translateRequest(REQUEST, makeContext({ ...MESSAGES_DIALECTS[0], instructions }));
  if ('problem' in result) throw new Error(result.problem.message);
  const { system, messages } = result.body;
  return { system, messages, losses: result.losses.map(({ path }) => path) };
}

/** Why an instruction is not told as one. */
function reasons(instructions: InstructionRule): string[] {
  const result = translateRequest(REQUEST, makeContext({ ...MESSAGES_DIALECTS[0], instructions }));
  return 'problem' in result ? [] : [...new Set(result.losses.map(({ reason }) => reason))];
}

function texts(...list: string[]) {
  return list.map((text) => ({ type: 'text', text }));
}

describe('instructions', () => {
  it.each<[InstructionRule, unknown]>([
    [
      'keep',
      {
        system: texts('Base.', 'First.'),
        messages: [
          { role: 'user', content: texts('Hi') },
          { role: 'system', content: texts('Later.') },
          { role: 'user', content: texts('Go.') },
        ],
        losses: [],
      },
    ],
    [
      'leading',
      {
        system: texts('Base.', 'First.'),
        messages: [{ role: 'user', content: texts('Hi', 'Later.', 'Go.') }],
        losses: ['/input/2'],
      },
    ],
    [
      'user',
      {
        system: undefined,
        messages: [{ role: 'user', content: texts('Base.', 'First.', 'Hi', 'Later.', 'Go.') }],
        losses: ['/instructions', '/input/0', '/input/2'],
      },
    ],
  ])('by the rule `%s`', (rule, expected) => expect(translate(rule)).toEqual(expected));

  it('told by the user say why', () => {
    expect(reasons('leading')).toEqual([
      'the provider takes instructions at the beginning alone: it is told as a message of the user',
    ]);
    expect(reasons('user')).toEqual(['the provider takes no instructions: it is told as a message of the user']);
  });

  it('are the same by `system` as by `keep`: Messages has no developer', () => {
    expect(translate('system')).toEqual(translate('keep'));
  });
});

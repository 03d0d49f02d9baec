import { describe, expect, it } from 'vitest';
import { expectTurns, unfoldContent } from '../../../src/conformance/checks/shared/turns.ts';
import type { Trial } from '../../../src/conformance/harness/trial.ts';

type Json = Record<string, unknown>;

/** What is noted about the messages that a provider got. */
function faultsOf(turns: readonly Json[], got: unknown): unknown[] {
  const faults: unknown[] = [];
  const expectIt = (holds: boolean, message: string, { pointer }: { pointer?: string } = {}) => {
    if (!holds) faults.push([message, pointer]);
    return holds;
  };
  expectTurns({ expect: expectIt } as unknown as Trial, turns, got);
  return faults;
}

const text = (said: string): Json => ({ type: 'text', text: said });

describe('unfoldContent', () => {
  it('makes one text of a string, also within results', () => {
    const result = { type: 'tool_result', content: 'b' };
    expect(unfoldContent({ role: 'user', content: 'a' })).toEqual({ role: 'user', content: [text('a')] });
    expect(unfoldContent({ content: [result] })).toEqual({ content: [{ ...result, content: [text('b')] }] });
  });

  it.each([{ content: null }, { role: 'user' }, null])('leaves %j as it is', (value) =>
    expect(unfoldContent(value as Json)).toEqual(value),
  );
});

describe('expectTurns', () => {
  const turns = [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: [text('One.'), { type: 'image', detail: 'high' }] },
  ];

  it.each([
    ['the same', turns],
    ['a text in another form', [{ role: 'system', content: [text('Be short.')] }, turns[1]]],
    ['more around it', [{ role: 'user', content: 'x' }, ...turns, { role: 'user', content: 'y' }]],
    ['fields that say nothing', [{ ...turns[0], name: null }, turns[1]]],
  ])('takes %s', (_what, got) => expect(faultsOf(turns, got)).toEqual([]));

  it('names what is lost, and where', () => {
    const got = [turns[0], { role: 'user', content: [text('One.'), { type: 'image' }] }];
    expect(faultsOf(turns, got)).toEqual([
      ['/content/1/detail of message 2 (user) is lost', '/messages/1/content/1/detail'],
    ]);
  });

  it('names what is another one', () =>
    expect(faultsOf(turns.slice(0, 1), [{ role: 'user', content: 'Be short.' }])).toEqual([
      ['/role of message 1 (system) is another one', '/messages/0/role'],
    ]));

  it.each([[[]], [undefined], ['text']])('misses every message in %j', (got) =>
    expect(faultsOf(turns, got)).toHaveLength(2),
  );
});

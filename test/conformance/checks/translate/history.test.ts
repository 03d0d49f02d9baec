import { describe, expect, it } from 'vitest';
import { callProblems } from '../../../../src/conformance/checks/translate/call-order.ts';
import { conversation, type Past } from '../../../../src/conformance/checks/translate/history.ts';
import { readToldModel } from '../../../../src/conformance/checks/translate/read-request.ts';
import { bodyOf, type Prompt } from '../../../../src/conformance/harness/prompt.ts';
import type { Trial } from '../../../../src/conformance/harness/trial.ts';
import type { Protocol } from '../../../../src/util/types.ts';

const PAST: readonly Past[] = [
  { user: 'first' },
  { assistant: 'a text' },
  { call: 'a', arguments: { city: 'Oslo' } },
  { call: 'b', name: 'get_time', arguments: {} },
  { result: 'b', output: 'two' },
  { result: 'a', output: [{ text: 'one' }] },
  { user: 'last' },
];

/** As much of a trial as a conversation needs. */
function trialOf(protocol: Protocol): Trial {
  const prompt = (more: Partial<Prompt> = {}) => bodyOf(protocol, { text: 'a', ...more }, 'm');
  return { protocol, marker: 'tdk000000000000', prompt } as unknown as Trial;
}

describe('conversation', () => {
  it.each(['responses', 'chat', 'messages'] as const)('says the same in %s', (protocol) => {
    const body = conversation(trialOf(protocol), PAST, { temperature: 0.5 });
    expect(body).toMatchObject({ model: 'm', temperature: 0.5 });
    expect(callProblems(protocol, body)).toEqual([]);
    expect(readToldModel(protocol, body).turns).toEqual([
      { kind: 'text', role: 'user', text: 'first [tdk000000000000]' },
      { kind: 'text', role: 'assistant', text: 'a text' },
      { kind: 'call', id: 'a', name: 'get_weather', arguments: { city: 'Oslo' } },
      { kind: 'call', id: 'b', name: 'get_time', arguments: {} },
      { kind: 'result', id: 'b', text: 'two' },
      { kind: 'result', id: 'a', text: 'one' },
      { kind: 'text', role: 'user', text: 'last' },
    ]);
  });

  it.each(['responses', 'messages'] as const)('shows images in results in %s', (protocol) => {
    const items: Past[] = [
      { user: 'a' },
      { call: 'a', arguments: {} },
      { result: 'a', output: [{ text: 'b' }, { image: 'aWNv' }] },
    ];
    const { turns } = readToldModel(protocol, conversation(trialOf(protocol), items));
    expect(turns).toContainEqual({ kind: 'image', data: 'aWNv' });
  });
});
